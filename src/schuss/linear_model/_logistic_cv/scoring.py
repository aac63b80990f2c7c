# SPDX-License-Identifier: BSD-3-Clause
"""Scores of the models along a path, on the rows that they were not trained on."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import make_scorer

from schuss._sklearn import check_method_params
from schuss.linear_model._logistic.regression import LogisticRegression

Array = NDArray[Any]


class FoldScorer:
    """Scores parameters on the test rows of one fold.

    Parameters
    ----------
    scorer : callable
        As `sklearn.metrics.get_scorer` gives it.
    classes : ndarray
        Of the whole table: test rows may lack some.
    X, y : ndarray or CSR of shape (n_samples, n_features) and ndarray of shape (n_samples,)
        The whole table, with its labels.
    rows : ndarray of int
        Test rows of the fold.
    params : mapping
        For the scorer's ``score``, those of one entry per row for the whole table.
    solver : str
    n_threads : int
    """

    def __init__(
        self,
        scorer: Any,
        classes: Array,
        X: Any,
        y: Array,
        rows: NDArray[np.intp],
        params: Mapping[str, Any],
        *,
        solver: str,
        n_threads: int,
    ) -> None:
        self._X, self._y = X[rows], y[rows]
        self._params = check_method_params(X, params, rows)
        self._scorer = _told_of(classes, scorer)
        self._probe: Any = LogisticRegression(solver=solver, n_threads=n_threads)
        self._probe.classes_ = classes

    def __call__(self, C: float, coef: Array, intercept: Array) -> float:
        """The score of a model on the test rows."""
        self._probe.C, self._probe.coef_, self._probe.intercept_ = C, coef, intercept
        return float(self._scorer(self._probe, self._X, self._y, **self._params))


def _told_of(classes: Array, scorer: Any) -> Any:
    """The scorer with all classes named to its metric, if that wants to know: the test rows may lack some."""
    metric = getattr(scorer, "_score_func", None)
    accepted = inspect.signature(metric).parameters if metric is not None else {}
    if "labels" not in accepted:
        return scorer
    named: dict[str, Any] = {"labels": classes}
    if len(classes) <= 2 and "pos_label" in accepted:
        named["pos_label"] = classes[-1]
    return make_scorer(
        metric,
        greater_is_better=scorer._sign == 1,
        response_method=scorer._response_method,
        **{**named, **scorer._kwargs},
    )
