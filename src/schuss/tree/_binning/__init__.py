# SPDX-License-Identifier: BSD-3-Clause
"""From tables of values to tables of bins, which is all that histogram trees look at."""

from schuss.tree._binning.binner import Binner

__all__ = ["Binner"]
