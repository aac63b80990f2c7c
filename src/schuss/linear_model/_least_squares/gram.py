# SPDX-License-Identifier: BSD-3-Clause
"""Least squares from the Gram matrix of one read, made exact by another.

The normal equations square the condition number. The second read gives the exact
gradient at their solution, and with it a correction that takes the square away again
(iterative refinement); it also shows if there was too much to take away.
"""

from __future__ import annotations

import numpy as np

from schuss.history import History
from schuss.linear_model._least_squares.problem import Problem, Reading
from schuss.linear_model._means import near_column_means
from schuss.linear_model._smooth.curvature import CholeskyInverse, Matrix
from schuss.training import StopReason

_MOST_READS = 6
_POOR = 0.2  # a correction of this part of the one before shows a useless Gram matrix


class GramSolver:
    """Sweeps for `schuss.training.run`; an iteration is one read of X.

    Parameters
    ----------
    problem : Problem
        With at least as many samples as features.
    smallest_pivot : float
        See `CholeskyInverse`.
    smallest_singular : float or None, default=None
        If given, singular values are computed, and the method fails if the smallest is
        not larger than this part of the largest.
    known : Reading or None, default=None
        What the first read would tell, if that is known already: at coefficients of zero and
        intercepts of ``problem.y_mean``, with the Gram matrix.
    shift : ndarray of shape (n_features,) or None, default=None
        About which ``known`` has its Gram matrix.

    Attributes
    ----------
    coef, intercept : ndarray of shape (n_targets, n_features) and (n_targets,)
        The solution as far as it is known.
    measured : tuple of ndarray
        Coefficients and intercepts that the last record is about.
    failed : bool
        Whether the matrix is too ill-conditioned for this method.
    singular : ndarray of shape (n_features,) or None
        Singular values of the centred X.
    most : int
        Upper limit of sweeps.
    """

    most = _MOST_READS

    def __init__(
        self,
        problem: Problem,
        *,
        smallest_pivot: float,
        smallest_singular: float | None = None,
        known: Reading | None = None,
        shift: Matrix | None = None,
    ) -> None:
        _, d, k = problem.shape
        self.problem = problem
        self.coef, self.intercept = np.zeros((k, d)), problem.y_mean.copy()
        self.measured = self.coef, self.intercept
        self.failed = self._done = False
        self.singular: Matrix | None = None
        self._smallest_pivot, self._smallest_singular = smallest_pivot, smallest_singular
        self._known = known
        if known is None and problem.fit_intercept:
            shift = near_column_means(problem.X)
        self._shift = shift
        self._sizes: list[float] = []

    def sweep(self, iteration: int) -> dict[str, float]:
        """Read X, then correct the parameters by what it said."""
        first = iteration == 0
        self.measured = self.coef, self.intercept
        known = self._known if first else None
        reading = known or self.problem.read(self.coef, self.intercept, gram=first, shift=self._shift)
        if reading.gram is not None:
            self._factorise(reading.gram)
        if not self.failed:
            self._correct(reading.gradient)
            self.failed |= not self._done and iteration == _MOST_READS - 1
        return self.problem.record(reading, self.measured[0])

    def rule(self, history: History) -> StopReason | None:
        return StopReason.CONVERGED if self._done or self.failed else None

    @property
    def centre(self) -> Matrix | float:
        """The point about which intercepts are exact."""
        return 0.0 if self._shift is None else self._shift

    def _factorise(self, gram: Matrix) -> None:
        """Eliminate the intercept; factorise what remains, once for each distinct alpha."""
        centred, self._cross = gram[:-1, :-1], np.zeros(len(gram) - 1)
        if self.problem.fit_intercept:
            centred, self._cross = _eliminated(gram)
        alphas, self._factor_of = np.unique(self.problem.alpha, return_inverse=True)
        self._factors = []
        for alpha in alphas:
            matrix = np.ascontiguousarray(centred)
            if alpha:
                matrix = matrix + np.diag(np.full(len(matrix), alpha))
            self._factors.append(CholeskyInverse(matrix, self._smallest_pivot))
        self.failed = any(factor.regularised for factor in self._factors)
        if self._smallest_singular is not None and not self.failed:
            self.singular = self._factors[0].singular_values()
            self.failed = not self.singular[-1] > self._smallest_singular * self.singular[0]

    def _correct(self, gradient: Matrix) -> None:
        """Take the Newton step, unless it is too long to be the correction of another."""
        slope = gradient[:, :-1] + self.problem.alpha[:, None] * self.coef
        level = gradient[:, -1]
        if self._shift is not None:
            slope -= level[:, None] * (self._shift + self._cross)
        step = np.empty_like(slope)
        for i, factor in enumerate(self._factors):
            rows = self._factor_of == i
            step[rows] = factor(np.ascontiguousarray(slope[rows]))
        self._judge(float(np.sqrt(max(float(np.vdot(slope, step)), 0.0))))
        if self.failed:
            return
        self.coef = self.coef - step
        if self._shift is not None:
            drop = level / self.problem.total - step @ self._cross
            self.intercept = self.intercept - drop + step @ self._shift

    def _judge(self, size: float) -> None:
        """See from the lengths of successive steps whether a further one is needed."""
        self._sizes.append(size)
        first = self._sizes[0]
        if first == 0.0:
            self._done = True
        elif len(self._sizes) > 1:
            ratio = size / self._sizes[-2]
            self._done = ratio * size <= np.finfo(self.problem.X.dtype).eps * first
            self.failed = not self._done and not ratio <= _POOR


def _eliminated(gram: Matrix) -> tuple[Matrix, Matrix]:
    """The Gram matrix about the means, and the means about the shift."""
    cross = gram[:-1, -1] / gram[-1, -1]
    return gram[:-1, :-1] - np.outer(gram[:-1, -1], cross), cross


def without_intercept(reading: Reading, shift: Matrix | None) -> tuple[Matrix, Matrix]:
    """Normal equations of the coefficients alone.

    Parameters
    ----------
    reading : Reading
        At coefficients of zero and any intercepts, with a Gram matrix.
    shift : ndarray of shape (n_features,) or None
        About which that matrix is; None if there is no intercept.

    Returns
    -------
    gram : ndarray of shape (n_features, n_features)
    right : ndarray of shape (n_targets, n_features)
        Inner products of the columns with the targets.
    """
    assert reading.gram is not None
    slope = -reading.gradient[:, :-1]
    if shift is None:
        return np.ascontiguousarray(reading.gram[:-1, :-1]), slope
    gram, cross = _eliminated(reading.gram)
    return gram, slope + reading.gradient[:, -1:] * (shift + cross)
