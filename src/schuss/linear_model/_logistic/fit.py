# SPDX-License-Identifier: BSD-3-Clause
"""One fit of LogisticRegression: the objective, where to start, who minimises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss.history import History
from schuss.linear_model._logistic.problem import Data, LogisticProblem
from schuss.linear_model._proximal import ProximalMinimizer, duality_gap
from schuss.linear_model._smooth.fit import Parameters, SmoothFit, Solver
from schuss.linear_model._smooth.objective import Objective
from schuss.losses import class_shares
from schuss.validation import Curves, Evaluator

Array = NDArray[Any]


class LogisticFit(SmoothFit):
    """The mean logistic or softmax loss plus a penalty, minimised.

    Parameters
    ----------
    model : LogisticRegression
        Its parameters are read; of its attributes ``classes_`` and, with a warm start,
        the parameters of the fit before.
    data : Data
        To train on.
    C : float
        Inverse strength of the penalty on the scale of summed losses.
    l1_ratio : float, default=0.0
        Share of it that is an L1 penalty.
    """

    def __init__(self, model: Any, data: Data, C: float, l1_ratio: float = 0.0) -> None:
        self._data = data
        self._problem = LogisticProblem(model, data, sparsifying=bool(l1_ratio))
        self._objective = self._problem.objective(C, l1_ratio)
        self._l1 = self._problem.l1_penalty(C, l1_ratio)
        self._warm = _warm_start(model, self._objective)
        guess = -float(self._problem.shares @ self._problem.log_shares)
        k, p = self._objective.shape
        super().__init__(
            model,
            data.X,
            begin=self._start,
            initial=self._warm or (np.zeros((k, p - 1)), np.zeros(k)),
            history=History(baseline={"training_loss": guess}),
        )

    def watch(self, held_out: Data) -> None:
        """Record the curves of validation data."""
        log_shares = self._problem.log_shares
        shares = class_shares(held_out.y, held_out.weight, len(log_shares))
        self.history.baseline["validation_loss"] = -float(shares @ log_shares)
        self.curves = Curves(self._evaluator(held_out), self._evaluator(self._data), lambda: self.now)
        self.history.baseline |= self.curves.baseline

    def _evaluator(self, data: Data) -> Evaluator:
        return Evaluator(
            data.X,
            data.y,
            data.weight,
            loss=self._problem.loss,
            n_outputs=self._problem.n_outputs,
            classes=True,
            n_threads=self._objective.n_threads,
        )

    def _start(self) -> Solver:
        theta = self._objective.shifted(*(self._warm or self._problem.constant_guess()))
        warm = self._warm is not None
        solver = self._problem.solver(self._objective, self._l1, theta, tol=self._model.tol, warm=warm)
        solver.start()
        return solver

    def _sweep(self, iteration: int) -> Mapping[str, float]:
        """Take a step; with an L1 penalty the last one is followed by a proof of how good the result is."""
        record, solver = super()._sweep(iteration), self._solver
        if not isinstance(solver, ProximalMinimizer) or self._l1 is None:
            return record
        ends = solver.stuck or solver.converged(self._model.tol) or iteration + 1 == self._model.max_iter
        if not ends:
            return record
        gap = duality_gap(self._objective, self._l1, solver.point.value, solver.ahead)
        return dict(record) | {"duality_gap": gap}

    def rounded(self, coef: Array, intercept: Array) -> Parameters:
        """The parameters as they are published."""
        # liblinear knows double precision only, so that is what scikit-learn returns
        dtype = np.float64 if self._model.solver == "liblinear" else self._data.X.dtype
        return coef.astype(dtype), intercept.astype(dtype)


def _warm_start(model: Any, objective: Objective) -> Parameters | None:
    """The parameters of the fit before, if they are wanted.

    Raises
    ------
    ValueError
        If they are of another shape than this problem's.
    """
    coef = getattr(model, "coef_", None) if model.warm_start else None
    if coef is None:
        return None
    coef = coef.toarray() if sp.issparse(coef) else np.asarray(coef)
    k, p = objective.shape
    if coef.shape != (k, p - 1):
        raise ValueError(f"Initialization coef is of shape {coef.shape}, expected shape {(k, p - 1)}")
    intercept = model.intercept_ if model.fit_intercept else np.zeros(k)
    return coef.astype(np.float64), np.asarray(intercept, dtype=np.float64)
