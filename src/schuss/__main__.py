# SPDX-License-Identifier: BSD-3-Clause
"""``python -m schuss`` is ``schuss``."""

from schuss.cli import main

main()
