# SPDX-License-Identifier: BSD-3-Clause
"""Checked data of a generalised linear model, and how a model does on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.linear_model._glm.families import Family
from schuss.validation import Evaluator, Measure

Array = NDArray[Any]

_NULL_STEPS = 50
_ROUNDING = 1e-13  # of a mean deviance, relative to the terms whose difference it is
_TINY = 1e-12  # keeps the link of a mean at the edge of its range finite


@dataclass(frozen=True, slots=True)
class Data:
    """Rows with targets; every array in the dtype of X.

    Attributes
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
    weight, offset : ndarray of shape (n_samples,) or None
    """

    X: Any
    y: Array
    weight: Array | None
    offset: Array | None = None

    def take(self, rows: NDArray[np.int64]) -> Data:
        some = (None if a is None else a[rows] for a in (self.weight, self.offset))
        return Data(self.X[rows], self.y[rows], *some)

    def mean(self, values: Array) -> float:
        """Weighted mean of a number per row."""
        return float(np.average(values.astype(np.float64, copy=False), weights=self.weight))

    def deviance(self, family: Family, raw: Array) -> float:
        """Half the mean unit deviance of raw predictions, offset included."""
        return float(family.loss.mean(self.y, raw, self.weight)) - self.mean(family.least(self.y))


def check_offset(offset: Any, X: Any) -> Array | None:
    """One finite number per row of X, in its dtype, or None.

    Raises
    ------
    ValueError
        If there are more or fewer, or NaN among them.
    """
    if offset is None:
        return None
    offset = np.ascontiguousarray(offset, dtype=X.dtype)
    if offset.shape != (X.shape[0],):
        raise ValueError(f"offset.shape == {offset.shape}, expected {(X.shape[0],)}!")
    if not np.isfinite(offset).all():
        raise ValueError("Input offset contains NaN or infinity.")
    return offset


def null_intercept(family: Family, data: Data) -> float:
    """The intercept of a model without features: exact without an offset, else by Fisher scoring."""
    mean = data.mean(data.y)
    if family.link == "logit":
        mean = min(max(mean, _TINY), 1.0 - _TINY)
    elif family.link == "log":
        mean = max(mean, _TINY)
    intercept = float(family.predictor(mean))
    if data.offset is None:
        return intercept
    offset = data.offset.astype(np.float64)
    y, weight = data.y.astype(np.float64), None if data.weight is None else data.weight.astype(np.float64)
    if family.loss.name == "poisson":
        return intercept - float(np.log(np.average(np.exp(offset), weights=weight)))
    intercept -= float(np.average(offset, weights=weight))
    if family.loss.name == "tweedie_identity":  # predictions have to be positive
        intercept = max(intercept, mean - float(offset.min()))
    gradient, hessian = np.empty_like(y), np.empty_like(y)
    for _ in range(_NULL_STEPS):
        kernels.loss_gradient(
            y, intercept + offset, loss=family.loss.code, loss_param=family.loss.param, weight=weight,
            gradient=gradient, hessian=hessian, expected=True,
        )  # fmt: skip
        step = float(gradient.sum() / hessian.sum())
        if family.loss.name == "tweedie_identity":
            step = min(step, 0.5 * float((intercept + offset).min()))
        else:
            step = min(max(step, -1.0), 1.0)
        intercept -= step
        if abs(step) <= 1e-9 * (1.0 + abs(intercept)):
            break
    return intercept


def score(family: Family, data: Data, raw: Array) -> float:
    """D^2: the share of the deviance of the mean of y that the predictions explain; NaN if it has none."""
    if not family.covers(data.y):
        raise ValueError(f"Some value(s) of y are out of the valid range of the loss {family.loss_name!r}.")
    mean = data.mean(data.y)
    with np.errstate(divide="ignore"):
        constant = np.full(len(data.y), family.predictor(mean), dtype=raw.dtype)
    null = data.deviance(family, constant)
    known = null > _ROUNDING * abs(data.mean(family.least(data.y)))
    return 1.0 - data.deviance(family, raw) / null if known else np.nan


class DevianceEvaluator(Evaluator):
    """Half the mean deviance and D^2 on a fixed data set, compared with a given constant model.

    Parameters
    ----------
    data : Data
    family : Family
    null : float
        Intercept of the constant model.
    n_threads : int
    """

    def __init__(self, data: Data, family: Family, null: float, n_threads: int) -> None:
        super().__init__(data.X, data.y, data.weight, loss=family.loss, n_outputs=1, classes=False, n_threads=n_threads)
        self._data, self._family = data, family
        raw = np.full(len(data.y), null, dtype=data.y.dtype)
        self.null = data.deviance(family, raw if data.offset is None else raw + data.offset)

    def __call__(self, coef: Array, intercept: Array) -> Measure:
        kernels.linear_predict(self._table, coef, intercept, self._raw, n_threads=self._n_threads)
        raw = self._raw[:, 0]
        if self._data.offset is not None:
            raw += self._data.offset
        deviance = self._data.deviance(self._family, raw)
        d2 = 1.0 - deviance / self.null if self.null else 0.0
        return Measure(deviance, d2, np.array([d2]))
