# SPDX-License-Identifier: BSD-3-Clause
"""One fit of a generalised linear model: the objective, where to start, who minimises."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss._inputs import check_finite, n_threads_for
from schuss.history import History
from schuss.linear_model._glm.barrier import BarrierPath, Minimizing
from schuss.linear_model._glm.data import Data, DevianceEvaluator, null_intercept
from schuss.linear_model._glm.families import Family
from schuss.linear_model._means import near_column_means
from schuss.linear_model._proximal import L1Penalty, ProximalMinimizer, proximal_minimizer, proximal_newton
from schuss.linear_model._smooth.curvature import CholeskyInverse, DiagonalInverse
from schuss.linear_model._smooth.fit import Parameters, SmoothFit, Solver
from schuss.linear_model._smooth.newton import Minimizer
from schuss.linear_model._smooth.objective import Objective
from schuss.linear_model._smooth.plan import minimizer, newton
from schuss.validation import Curves

Array = NDArray[Any]

_DENSE = 1 << 20  # entries of a sparse matrix that are solved faster as an array
_MOST_COLUMNS = 1024  # of a least-squares start, and of Newton's method along a barrier
_ROUNDING = 1e-6  # of the null deviance
_FAR = 3.0  # predictions of zero are a bad start if that of the mean is further away


class GlmFit(SmoothFit):
    """Half the mean deviance plus a penalty, minimised.

    Parameters
    ----------
    model : estimator
        Read are its ``fit_intercept``, ``warm_start``, and what `SmoothFit` reads.
    data : Data
    family : Family
    l2 : float or ndarray of shape (n_features,)
        Of the penalty ``1/2 * sum(l2 * coef**2)``.
    l1 : float or ndarray of shape (n_features,), default=0.0
        Of the penalty ``sum(l1 * abs(coef))``.

    Attributes
    ----------
    data : Data
    """

    def __init__(self, model: Any, data: Data, family: Family, l2: Any, l1: Any = 0.0) -> None:
        self.data, self._family, self._l1 = data, family, l1
        self._objective = self._make_objective(model, l2)
        self._null = null_intercept(family, data)
        self._warm = _warm_start(model)
        evaluator = DevianceEvaluator(data, family, self._null, self._objective.n_threads)
        self._training = evaluator
        d = data.X.shape[1]
        super().__init__(
            model,
            data.X,
            begin=self._start,
            initial=self._warm or (np.zeros((1, d)), np.zeros(1)),
            history=History(baseline={"training_loss": evaluator.null}),
        )

    def _make_objective(self, model: Any, l2: Any) -> Objective:
        data, family = self.data, self._family
        small = sp.issparse(data.X) and np.prod(data.X.shape) <= _DENSE
        return Objective(
            data.X.toarray() if small else data.X,
            data.y,
            data.weight,
            loss=family.loss.name,
            loss_param=family.loss.param,
            offset=data.offset,
            n_outputs=1,
            l2=l2,
            fit_intercept=bool(model.fit_intercept),
            shift=near_column_means(data.X) if model.fit_intercept else None,
            n_threads=n_threads_for(model, data.X),
            constant=-data.mean(family.least(data.y)),
            expected=not family.convex,
        )

    def watch(self, held_out: Data) -> None:
        """Record the curves of validation data."""
        evaluator = DevianceEvaluator(held_out, self._family, self._null, self._objective.n_threads)
        self.history.baseline["validation_loss"] = evaluator.null
        self.curves = Curves(evaluator, self._training, lambda: self.now)
        self.history.baseline |= self.curves.baseline

    def _start(self) -> Solver:
        objective = self._objective
        n, d = self.data.X.shape
        if np.any(self._l1):
            return self._bounded(self._start_proximal())
        if self._warm is not None:
            solver = minimizer(objective, objective.shifted(*self._warm), warm=True)
        elif n < d and not (objective.fit_intercept or np.any(objective.l2)):
            # Combinations of gradients lead from zero to the minimum of least norm.
            plain = DiagonalInverse(np.ones(objective.shape))
            solver = Minimizer(objective, self._cold_start(), inverse=plain, rough=True)
        else:
            solver = minimizer(objective, self._cold_start())
        solver.start()
        return self._bounded(self._sane(solver))

    def _start_proximal(self) -> ProximalMinimizer:
        objective, warm = self._objective, self._warm is not None
        theta = self._cold_start() if self._warm is None else objective.shifted(*self._warm)
        solver = proximal_minimizer(objective, self._penalty, theta, tol=self._model.tol, warm=warm)
        solver.start()
        return solver

    @property
    def _penalty(self) -> L1Penalty:
        return L1Penalty.of_coefficients(self._objective.shape, self._l1)

    def _bounded(self, solver: Minimizing) -> Solver:
        """The same solver, but along a barrier where it comes near predictions of zero."""
        if not self._family.ends_at_zero or self.data.y.all():
            return solver
        return BarrierPath(solver, self._newton, power=self._family.parameter, tol=self._model.tol)

    @property
    def remark(self) -> str:
        """What to say about a fit that fell short, beside its gradient."""
        if isinstance(self._solver, BarrierPath) and self._solver.at_edge:
            return " Predictions of some rows are drawn to zero, the edge of what link='identity' allows."
        return ""

    def _newton(self, objective: Objective, theta: Array) -> Minimizing:
        """A minimizer, started near its minimum."""
        if objective.table.d > _MOST_COLUMNS:
            if np.any(self._l1):
                solver: Minimizing = proximal_minimizer(objective, self._penalty, theta, tol=self._model.tol, warm=True)
            else:
                solver = minimizer(objective, theta, warm=True)
            solver.start()
            return solver
        return proximal_newton(objective, self._penalty, theta) if np.any(self._l1) else newton(objective, theta)

    def _sane(self, solver: Minimizer) -> Minimizer:
        """Start elsewhere if a pilot fit went astray, as it may where few rows separate."""
        if self._warm is None and not solver.point.value <= (1.0 + _ROUNDING) * self._training.null:
            solver = self._start_again(solver)
        if not np.isfinite(solver.point.value) and self._family.loss.name == "tweedie_identity":
            check_finite(self._model, self.data.X)
            if not self.data.y.any():
                raise ValueError("With link='identity' y must not be all zeros: predictions have to be positive.")
            raise ValueError(
                "With link='identity' predictions have to be positive, and no coefficients were found with which "
                "they are. fit_intercept=True gives a place to start from; otherwise use link='log'."
            )
        return solver

    def _start_again(self, solver: Minimizer) -> Minimizer:
        again = Minimizer(self._objective, self._cold_start(), inverse=solver.inverse, rough=True)
        again.start()
        return again if again.point.value < solver.point.value else solver

    def _cold_start(self) -> Array:
        """The best constant; without an intercept zero, or what least squares finds on transformed targets."""
        objective, d = self._objective, self.data.X.shape[1]
        if objective.fit_intercept:
            return objective.shifted(np.zeros((1, d)), np.array([self._null]))
        positive = self._family.loss.name == "tweedie_identity"
        if not positive and (abs(self._null) <= _FAR or objective.table.is_sparse or d > _MOST_COLUMNS):
            return np.zeros(objective.shape)
        return self._least_squares_start()

    def _least_squares_start(self) -> Array:
        """Iteratively reweighted least squares' first step, from means between y and its own mean."""
        data, family, objective = self.data, self._family, self._objective
        between = 0.5 * (data.y.astype(np.float64) + data.mean(data.y))
        target = family.predictor(between)
        if data.offset is not None:
            target = target - data.offset
        x = objective.x.toarray() if objective.table.is_sparse else objective.x
        zero, gradient, gram = np.zeros((1, x.shape[1])), np.empty(objective.shape), np.empty((x.shape[1] + 1,) * 2)
        kernels.glm_pass(
            kernels.Table(x), target.astype(data.y.dtype), zero, np.zeros(1), loss=kernels.LOSSES["squared"],
            weight=data.weight, gradient=gradient, gram=gram, gram_weights="sample",
            n_threads=objective.n_threads, scratch=kernels.Scratch(),
        )  # fmt: skip
        gram = gram / objective.total
        gram.reshape(-1)[: -1 : len(gram) + 1] += objective.l2
        gram[-1], gram[:, -1], gram[-1, -1], gradient[:, -1] = 0.0, 0.0, 1.0, 0.0
        return -CholeskyInverse(gram)(gradient / objective.total)


def _warm_start(model: Any) -> Parameters | None:
    """The parameters of the fit before, if they are wanted."""
    coef = getattr(model, "coef_", None) if model.warm_start else None
    if coef is None:
        return None
    intercept = model.intercept_ if model.fit_intercept else 0.0
    return np.asarray(coef, dtype=np.float64).reshape(1, -1), np.array([intercept], dtype=np.float64)
