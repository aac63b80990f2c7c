# SPDX-License-Identifier: BSD-3-Clause
"""Axes to draw on, where the user gave none."""

from __future__ import annotations

from typing import Any


def new_axes(*, n_rows: int = 1, **options: Any) -> Any:
    """Return new Axes, or an array of them one below the other.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    """
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        message = "plotting needs matplotlib: pip install 'schuss[plot]'"
        raise ImportError(message) from error
    return plt.subplots(n_rows, **options)[1]
