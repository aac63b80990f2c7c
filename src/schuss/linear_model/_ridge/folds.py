# SPDX-License-Identifier: BSD-3-Clause
"""Cross-validation of ridge regression: what all folds and penalties can share.

Inner products are sums over rows. Those of the training rows of a fold are those of all
rows less those of its test rows, so that one read of X serves all folds. Wide data share
one matrix of the rows' inner products, of which every fold takes its part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.linear_model._least_squares.gram import without_intercept
from schuss.linear_model._least_squares.problem import Problem, Reading
from schuss.linear_model._ridge.loo import inner_products
from schuss.linear_model._ridge.spectrum import solve_shifted

Array = NDArray[Any]
Matrix = NDArray[np.float64]
Split = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True, slots=True)
class Fold:
    """The models of one training set, one for each penalty.

    Attributes
    ----------
    train, test : ndarray
        Row numbers.
    coef, intercept : ndarray of shape (n_alphas, n_targets, n_features) and (n_alphas, n_targets)
    """

    train: NDArray[np.intp]
    test: NDArray[np.intp]
    coef: Matrix
    intercept: Matrix

    def published(self, model: Any, number: int, parent: Any, y_ndim: int) -> Any:
        """Make ``model`` the one of a penalty, as if it had been fitted to the training rows.

        Parameters
        ----------
        model : estimator
            Not fitted.
        number : int
            Of the penalty.
        parent : estimator
            Knows how many features there are, and their names.
        y_ndim : int
            Number of dimensions of the target.
        """
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(parent, name):
                setattr(model, name, getattr(parent, name))
        for name, value in model._shaped(self.coef[number], self.intercept[number], y_ndim).items():
            setattr(model, name, value)
        return model

    def predict(self, problem: Problem) -> Matrix:
        """Predictions of the test rows, (rows, n_alphas, n_targets)."""
        X, shape = problem.X[self.test], self.intercept.shape
        out = np.empty((X.shape[0], self.intercept.size), dtype=X.dtype)
        kernels.linear_predict(
            kernels.Table(X),
            self.coef.reshape(len(out[0]), -1).astype(X.dtype),
            self.intercept.reshape(-1).astype(X.dtype),
            out,
            n_threads=problem.n_threads,
        )
        return out.reshape(-1, *shape).astype(np.float64)


def tall_folds(
    problem: Problem, alphas: Matrix, splits: Sequence[Split], whole: Reading, shift: Matrix | None
) -> Iterator[Fold]:
    """Yield the folds of data with more rows than columns.

    Parameters
    ----------
    problem : Problem
        Of all rows.
    alphas : ndarray of shape (n_alphas,)
    splits : sequence of pairs of ndarray
        Training and test rows.
    whole : Reading
        Of all rows, at coefficients of zero and intercepts of ``problem.y_mean``, with the
        Gram matrix.
    shift : ndarray of shape (n_features,) or None
        About which that matrix is.
    """
    for train, test in splits:
        if _are_the_rest(train, test, len(problem.y)):
            reading = _less(whole, problem.part(test).start(problem.y_mean, shift))
        else:
            reading = problem.part(train).start(problem.y_mean, shift)
        gram, right = without_intercept(reading, shift)
        coef = solve_shifted(gram, right, alphas)
        intercept = np.zeros(coef.shape[:2])
        if shift is not None:
            assert reading.gram is not None
            total = reading.gram[-1, -1]
            mean = shift + reading.gram[:-1, -1] / total
            intercept = problem.y_mean - reading.gradient[:, -1] / total - coef @ mean
        yield Fold(train, test, coef, intercept)


def wide_folds(problem: Problem, alphas: Matrix, splits: Sequence[Split]) -> Iterator[Fold]:
    """Yield the folds of data with as many columns as rows, or more; see `tall_folds`."""
    plain = Problem(
        problem.X,
        problem.y,
        None,
        alpha=problem.alpha,
        fit_intercept=problem.fit_intercept,
        n_threads=problem.n_threads,
    ).centred()
    products = inner_products(plain).astype(np.float64)
    weight = np.ones(len(problem.y)) if problem.weight is None else problem.weight.astype(np.float64)
    for train, test in splits:
        share = weight[train] / weight[train].sum() if problem.fit_intercept else np.zeros(len(train))
        y_mean = share @ problem.y[train]
        kernel = products[np.ix_(train, train)]
        level = kernel @ share
        kernel = kernel - level - level[:, None] + share @ level
        root = np.sqrt(weight[train])
        right = (root[:, None] * (problem.y[train] - y_mean)).T
        dual = solve_shifted(kernel * root * root[:, None], right, alphas) * root
        X = problem.X[train]
        x_mean = X.T @ share
        coef = (X.T @ dual.reshape(-1, len(train)).T).T - np.outer(dual.sum(axis=-1).ravel(), x_mean)
        coef = coef.reshape(*dual.shape[:2], -1)
        yield Fold(train, test, coef, y_mean - coef @ x_mean)


def _are_the_rest(train: NDArray[np.intp], test: NDArray[np.intp], n: int) -> bool:
    """Whether training rows are exactly those that are not test rows."""
    if len(train) + len(test) != n:
        return False
    seen = np.zeros(n, dtype=bool)
    seen[train] = True
    seen[test] = True
    return bool(seen.all())


def _less(whole: Reading, part: Reading) -> Reading:
    assert whole.gram is not None
    assert part.gram is not None
    return Reading(whole.loss - part.loss, whole.gradient - part.gradient, whole.gram - part.gram)
