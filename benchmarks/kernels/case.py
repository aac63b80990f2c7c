# SPDX-License-Identifier: BSD-3-Clause
"""What is measured of a kernel: a call to time, what it moves and computes, and what NumPy says it should yield.

A case builds its arrays once for a dtype and a size; ``run`` is one call of the kernel. ``check`` compares a call on
the first rows with NumPy, at the instruction set in use.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """One kernel on one input.

    Attributes
    ----------
    run : callable
        ``run(n_threads)``: one call.
    check : callable
        Raises AssertionError when the kernel and NumPy disagree.
    elements : int
        What "per element" counts: values of X, or of the vector.
    n_bytes : int
        Bytes read and written by one call, each counted once.
    flops : int
        Additions and multiplications; 0 where counting them says nothing.
    parallel : bool
        Whether more threads than one are of any use.
    """

    run: Callable[[int], object]
    check: Callable[[], None]
    elements: int
    n_bytes: int
    flops: int = 0
    parallel: bool = True


Build = Callable[[str, int], Case]  # from a dtype and a number of bytes
