# SPDX-License-Identifier: BSD-3-Clause
"""Which rows are held out for early stopping: those that scikit-learn would hold out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import ShuffleSplit, train_test_split

from schuss._sklearn import approximate_mode, check_split_sizes

Bool = NDArray[np.bool_]


def rows_held_out(y: NDArray[Any], size: float, seed: int, *, stratify: bool) -> Bool:
    """Return a mask of the rows that ``train_test_split`` would hold out with this seed.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        Target, or class numbers.
    size : float or int
        How many: a share or a count.
    seed : int
    stratify : bool
        Whether ``y`` holds class numbers, which are to keep their shares.

    Raises
    ------
    ValueError
        If there are too few rows, of a class or at all.
    """
    if stratify:
        return _stratified(y, size, seed)
    held_out = np.zeros(len(y), dtype=bool)
    held_out[next(ShuffleSplit(1, test_size=size, random_state=seed).split(y))[1]] = True
    return held_out


def _stratified(codes: NDArray[Any], size: float, seed: int) -> Bool:
    """What scikit-learn draws, without its lists of numbers as objects: of a large table they take 80 bytes a row."""
    counts = np.bincount(codes.astype(np.intp))
    n_train, n_held_out = check_split_sizes(len(codes), size)
    if counts.min() < 2 or min(n_train, n_held_out) < len(counts):
        train_test_split(codes, test_size=size, stratify=codes)
        raise AssertionError("scikit-learn splits what it always refused to split")
    rng = np.random.RandomState(seed)
    n_train_of = approximate_mode(counts, n_train, rng)
    n_held_out_of = approximate_mode(counts - n_train_of, n_held_out, rng)
    by_class = np.split(np.argsort(codes, kind="stable"), np.cumsum(counts)[:-1])
    held_out = np.zeros(len(codes), dtype=bool)
    for rows, first, count in zip(by_class, n_train_of, n_held_out_of, strict=True):
        held_out[rows[rng.permutation(len(rows))[first : first + count]]] = True
    return held_out
