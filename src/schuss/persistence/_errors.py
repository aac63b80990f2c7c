# SPDX-License-Identifier: BSD-3-Clause
"""The one exception of model files."""


class ModelFileError(ValueError):
    """A model file cannot be written or read; the message is one sentence saying why."""
