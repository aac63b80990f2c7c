# SPDX-License-Identifier: BSD-3-Clause
"""Which penalty is best: scores of a grid of them, on rows left out one by one or in folds."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.exceptions import UndefinedMetricWarning

from schuss.linear_model._base import LinearClassifierMixin
from schuss.linear_model._least_squares.fit import Rows
from schuss.linear_model._least_squares.problem import Problem
from schuss.linear_model._ridge.folds import Fold
from schuss.linear_model._ridge.loo import TallLeaveOneOut, WideLeaveOneOut

Array = NDArray[Any]
Matrix = NDArray[np.float64]
LeaveOneOut = TallLeaveOneOut | WideLeaveOneOut
Scorer = Callable[..., float]


@dataclass(frozen=True, slots=True)
class Choice:
    """The best of the penalties.

    Attributes
    ----------
    number : ndarray of shape (n_targets,)
        Its place in the grid, for each target.
    score : float or ndarray of shape (n_targets,)
        An array if targets have penalties of their own.
    results : ndarray of shape (n_samples, n_targets, n_alphas) or None
        What ``cv_results_`` holds.
    """

    number: NDArray[np.intp]
    score: Any
    results: Matrix | None = None


def best_of(scores: Matrix, n_targets: int, results: Matrix | None = None) -> Choice:
    """Choose by scores of shape (n_alphas,), or (n_targets, n_alphas) for each target by itself."""
    number = np.argmax(np.where(np.isnan(scores), -np.inf, scores), axis=-1)
    score = np.take_along_axis(scores, np.expand_dims(number, -1), axis=-1)[..., 0]
    chosen = np.broadcast_to(number, (n_targets,)).copy()
    return Choice(chosen, float(score) if score.ndim == 0 else score, results)


def choose_by_error(loo: LeaveOneOut, problem: Problem, *, per_target: bool, store: bool) -> Choice:
    """The penalty with the smallest mean of squared residuals of rows left out, weighted."""
    n, _, k = problem.shape
    total: Any = 0.0
    stored = []
    for rows, residual in loo.residuals():
        weight = np.ones(len(residual)) if problem.weight is None else problem.weight[rows]
        squares = np.square(residual) * weight[:, None, None]
        total = total + squares.sum(axis=0)
        if store:
            stored.append(squares)
    mean = -total / n
    scores = mean if per_target and k > 1 else mean.mean(axis=0)
    return best_of(scores, k, np.concatenate(stored) if store else None)


def choose_by_scorer(
    loo: LeaveOneOut,
    problem: Problem,
    y: Array,
    scorer: Scorer,
    params: Mapping[str, Any],
    *,
    model: Any,
    per_target: bool,
    store: bool,
) -> Choice:
    """The penalty whose predictions of rows left out score best.

    Parameters
    ----------
    y : ndarray
        Target as scorers want it.
    model : estimator
        Whose predictions these are; a classifier has ``classes_``.
    """
    k, predictions = problem.y.shape[1], problem.y[:, :, None] - np.concatenate([e for _, e in loo.residuals()])
    stand_in = _Decisions(model) if hasattr(model, "classes_") else _Outcomes()

    def score(values: Matrix, target: Array) -> list[float]:
        return [float(scorer(stand_in, values[..., a], target, **params)) for a in range(values.shape[-1])]

    if per_target and k > 1:
        scores = np.array([score(predictions[:, j], y[:, j]) for j in range(k)])
    else:
        scores = np.array(score(predictions[:, 0] if y.ndim == 1 and k == 1 else predictions, y))
    return best_of(scores, k, predictions if store else None)


def choose_over_folds(folds: Iterable[Fold], problem: Problem, score: Callable[[Fold], Matrix]) -> Choice:
    """The penalty whose scores (n_alphas,) on the folds have the best mean."""
    scores = np.stack([score(fold) for fold in folds])
    return best_of(scores.mean(axis=0), problem.y.shape[1])


def default_scores(fold: Fold, problem: Problem, rows: Rows, weight: Array | None, *, classes: bool) -> Matrix:
    """What the estimators' own ``score`` says of each penalty on the test rows: accuracy or R^2."""
    predicted, y = fold.predict(problem), problem.y[fold.test].astype(np.float64)
    some = None if weight is None else np.asarray(weight)[fold.test]
    if not classes:
        return _r2(predicted, y, some)
    if predicted.shape[2] > 1 and rows.codes is not None:
        hits = predicted.argmax(axis=2) == rows.codes[fold.test][:, None]
    else:
        hits = ((predicted > 0) == (y > 0)[:, None, :]).all(axis=2)
    return np.asarray(np.average(hits, axis=0, weights=some))


def _r2(predicted: Matrix, y: Matrix, weight: Array | None) -> Matrix:
    if len(y) < 2:
        warnings.warn("R^2 score is not well-defined with less than two samples.", UndefinedMetricWarning, stacklevel=2)
        return np.full(predicted.shape[1], np.nan)
    residual = np.average(np.square(predicted - y[:, None, :]), axis=0, weights=weight)
    spread = np.average(np.square(y - np.average(y, axis=0, weights=weight)), axis=0, weights=weight)
    known = np.where(residual > 0, 0.0, 1.0)  # of a target that does not vary
    each = np.where(spread > 0, 1.0 - residual / np.where(spread > 0, spread, 1.0), known)
    return np.asarray(each.mean(axis=1))


class _Outcomes(RegressorMixin, BaseEstimator):
    """A regressor whose input is its prediction already."""

    def predict(self, X: Array) -> Array:
        return X


class _Decisions(LinearClassifierMixin, BaseEstimator):
    """A classifier whose input is its decision function already."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.classes_ = model.classes_

    def decision_function(self, X: Array) -> Array:
        return X.reshape(-1) if X.ndim == 2 and X.shape[1] == 1 else X

    def predict(self, X: Array) -> Array:
        if self.model._multilabel:
            return (X > 0).astype(np.int64)
        return super().predict(X)
