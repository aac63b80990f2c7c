# SPDX-License-Identifier: BSD-3-Clause
"""HuberRegressor."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from schuss import _kernels as kernels
from schuss._inputs import check_parameters, check_row_weights, check_training_data, n_threads_for
from schuss._sklearn import N_THREADS, Interval
from schuss.callbacks import with_callbacks
from schuss.linear_model._means import near_column_means
from schuss.linear_model._robust.fit import BaseRobust, dense_if_small, make_curves
from schuss.linear_model._robust.huber_objective import HuberObjective, middle
from schuss.linear_model._robust.minimizers import minimizer
from schuss.linear_model._smooth.curvature import Matrix
from schuss.linear_model._smooth.newton import Minimizer
from schuss.linear_model._smooth.pilot import factorises, is_cheap
from schuss.losses import Loss, Target
from schuss.training import StopReason
from schuss.validation import Evaluator

Array = NDArray[Any]

_SCALE_STEPS = 5


class HuberSolver:
    """Steps of a `Minimizer` over coefficients, intercept and scale.

    Parameters
    ----------
    objective : HuberObjective
    start : tuple of coef, intercept and scale, or None
    tol : float
        Largest entry of the mean objective's gradient.
    """

    def __init__(self, objective: HuberObjective, start: tuple[Matrix, float, float] | None, tol: float) -> None:
        self._objective, self._warm, self._tol = objective, start is not None, tol
        self._start = start or (np.zeros(objective.table.d), objective.level, objective.spread)
        self._solver: Minimizer | None = None
        self.n_iter = 0

    @property
    def scale(self) -> float:
        return self._start[2] if self._solver is None else self._objective.split(self._solver.point.theta)[2]

    def sweep(self) -> Mapping[str, float]:
        """Take a step; none if the starting point is the minimum."""
        first = self._solver is None
        if self._solver is None:
            self._solver = self._begin()
        solver = self._solver
        idle = first and self.done
        size = 0.0 if idle else solver.step()
        self.n_iter += not idle
        point = solver.point
        return {
            "data_loss": point.data_loss,
            "penalty": point.penalty,
            "objective": point.value,
            "gradient_norm": point.gradient_norm,
            "step_size": size,
            "scale": self.scale,
        }

    def _begin(self) -> Minimizer:
        objective = self._objective
        coef, intercept, scale = self._start
        theta = objective.joined(coef, intercept, max(scale, objective.smallest))
        cheap = not objective.table.is_sparse and is_cheap(objective.table.n, theta.size)
        diagonal = None if cheap or factorises(objective.table) else objective.diagonal(scale)
        strata = np.zeros(objective.table.n, dtype=np.int8)
        if objective.weight is not None:
            strata[objective.weight <= 0] = -1
        solver = minimizer(objective, theta, diagonal, strata, HuberObjective.hessian, warm=self._warm)
        solver.start()
        return solver

    @property
    def done(self) -> bool:
        solver = self._solver
        return solver is not None and (solver.stuck or solver.converged(self._tol) or self._exact)

    @property
    def vanishing(self) -> bool:
        """Whether the scale is as good as zero."""
        return self._solver is not None and self._objective.negligible(self.scale, self._solver.point.value)

    @property
    def _exact(self) -> bool:
        """Whether nothing is left of the objective, which cannot be negative."""
        return self._solver is not None and self._objective.negligible(self._solver.point.value, 0.0)

    @property
    def certified(self) -> bool:
        solver = self._solver
        if solver is None:
            return False
        small = solver.point.gradient_norm <= self._tol
        return small or self._exact or (solver.precise and not self.vanishing)

    def attributes(self) -> dict[str, Any]:
        """The fitted attributes as of now."""
        coef, intercept, scale = self._start
        if self._solver is not None:
            coefs, intercepts, scale = self._objective.split(self._solver.point.theta)
            coef, intercept = coefs[0], float(intercepts[0])
        return {
            "coef_": coef.copy(),
            "intercept_": float(intercept) if self._objective.fit_intercept else 0.0,
            "scale_": float(scale),
        }


def concomitant_loss(y: Array, z: Array, weight: Array | None, scale: float, epsilon: float, n_threads: int) -> float:
    """Mean of the objective's terms: the scale, and the loss of the residuals in its units."""
    mean = Loss("huber", Target.REAL, epsilon * scale).mean(y, z, weight, n_threads)
    return scale + 2.0 * mean / scale


class ConstantGuess:
    """The median with the scale that suits it: what a fit has to beat.

    Parameters
    ----------
    y, weight : ndarray of shape (n_samples,), weight or None
    epsilon : float
    n_threads : int
    """

    def __init__(self, y: Array, weight: Array | None, epsilon: float, n_threads: int) -> None:
        self._epsilon, self._n_threads = epsilon, n_threads
        self._level, residual, scale = middle(y, weight, fit_intercept=True)
        for _ in range(_SCALE_STEPS):  # towards where the objective's derivative by the scale is zero
            within = residual <= epsilon * scale
            left = len(residual) - epsilon**2 * np.count_nonzero(~within)
            if left <= 0 or not np.any(residual[within]):
                break
            scale = float(np.sqrt(np.sum(residual[within] ** 2) / left))
        self._scale = scale

    def loss(self, y: Array, weight: Array | None) -> float:
        """Its mean loss on some rows."""
        z = np.full_like(y, self._level)
        return concomitant_loss(y, z, weight, self._scale, self._epsilon, self._n_threads)


class HuberEvaluator(Evaluator):
    """Measures the objective without its penalty, at the scale of the moment."""

    def __init__(
        self, X: Any, y: Array, weight: Array | None, solver: HuberSolver, epsilon: float, n_threads: int
    ) -> None:
        self._solver, self._epsilon = solver, epsilon
        super().__init__(
            X, y, weight, loss=Loss("huber", Target.REAL, epsilon), n_outputs=1, classes=False, n_threads=n_threads
        )

    def _mean_loss(self) -> float:
        z = np.ascontiguousarray(self._raw[:, 0])
        return concomitant_loss(self._y, z, self._weight, self._solver.scale, self._epsilon, self._n_threads)


class HuberRegressor(BaseRobust):
    """Linear regression that outliers hardly move, with the scale of the residuals estimated along.

    Drop-in for `sklearn.linear_model.HuberRegressor`. Minimises ::

        sum_i w_i * (scale + rho((y_i - z_i) / scale) * scale) + alpha * ||coef||_2^2

    over coefficients, intercept and scale, where rho is the square up to ``epsilon`` and linear beyond; by Newton's
    method on all of them together, with one read of X per iteration on large data: the curvature of few rows,
    corrected by L-BFGS.

    Parameters
    ----------
    epsilon : float, default=1.35
        Residuals of more than this many scales count as outliers; at least 1.
    max_iter : int, default=100
        Largest number of iterations.
    alpha : float, default=0.0001
        Strength of the L2 penalty; the intercept is free.
    warm_start : bool, default=False
        Whether `fit` starts from the parameters of the fit before.
    fit_intercept : bool, default=True
    tol : float, default=1e-5
        Training stops when the largest entry of the gradient, of the objective divided by the sum of the weights, is at
        most this and the objective is within about 1e-7 of its minimum, relative to it.
    max_time : float or None, default=None
        Seconds after which no further iteration starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend on it.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,), float64
    intercept_ : float
    scale_ : float
        The residuals' scale.
    outliers_ : ndarray of shape (n_samples,), bool
        Which rows have residuals beyond ``epsilon * scale_``.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    n_iter_ : int
    history_ : History
        Per iteration: data_loss, penalty, objective (divided by the sum of the weights), gradient_norm,
        step_size, scale, seconds; with validation data also the losses and scores of training and validation.
    stop_reason_ : str
        'converged', 'no_improvement', 'max_iter', 'max_time', 'callback' or 'interrupted'.
    best_iteration_ : int
        Iteration of the best validation score, from 0; only with validation data.

    Notes
    -----
    Huber and Ronchetti, "Robust Statistics" (Proposal 2); Owen (2007), "A robust hybrid of lasso and ridge regression".

    With hardly more rows than columns the objective may be least at a scale of zero, where the model
    is one of absolute deviations. Training then ends at a scale that adds less than 1e-7 to the
    objective, after many iterations; `QuantileRegressor` solves that problem itself.

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import HuberRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(200, 2))
    >>> y = X @ [1.0, -2.0] + 0.01 * rng.normal(size=200)
    >>> y[:10] += 100
    >>> model = HuberRegressor().fit(X, y)
    >>> model.coef_.round(1).tolist(), int(model.outliers_[:10].sum())
    ([1.0, -2.0], 10)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "epsilon": [Interval(Real, 1.0, None, closed="left")],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "fit_intercept": ["boolean"],
        "tol": [Interval(Real, 0.0, None, closed="left")],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "n_threads": N_THREADS,
    }

    def __init__(
        self,
        *,
        epsilon: float = 1.35,
        max_iter: int = 100,
        alpha: float = 0.0001,
        warm_start: bool = False,
        fit_intercept: bool = True,
        tol: float = 1e-05,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.epsilon = epsilon
        self.max_iter = max_iter
        self.alpha = alpha
        self.warm_start = warm_start
        self.fit_intercept = fit_intercept
        self.tol = tol
        self.max_time = max_time
        self.n_threads = n_threads

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> HuberRegressor:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            C-contiguous float32 or float64 arrays and CSR matrices are used as they are.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Not negative.
        X_val, y_val : array-like or None, default=None
            Validation data, recorded in ``history_``.
        sample_weight_val : array-like or None, default=None

        Returns
        -------
        self : HuberRegressor

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C, with the parameters of the last complete iteration in place.
        """
        check_parameters(self)
        X, y = check_training_data(self, X, y, y_numeric=True)
        target = np.ascontiguousarray(y, dtype=X.dtype)
        weight = check_row_weights(self, sample_weight, X, X.dtype)
        held_out = self._check_validation(X.dtype, X_val, y_val, sample_weight_val)
        solver, n_threads = self._solver(X, target, weight), n_threads_for(self, X)

        def evaluator(X: Any, y: Array, weight: Array | None) -> HuberEvaluator:
            return HuberEvaluator(X, y, weight, solver, self.epsilon, n_threads)

        guess = ConstantGuess(target, weight, self.epsilon, n_threads)
        baseline = {"training_loss": guess.loss(target, weight)}
        if held_out is not None:
            baseline["validation_loss"] = guess.loss(*held_out[1:])
        outcome = self._train(
            solver,
            X,
            y,
            sample_weight,
            max_iter=self.max_iter,
            hooks=[],
            curves=make_curves(evaluator(X, target, weight), evaluator(*held_out)) if held_out else None,
            baseline=baseline,
        )
        self.outliers_ = self._beyond(X, target, n_threads)
        short = outcome.reason in (StopReason.MAX_ITER, StopReason.NO_IMPROVEMENT)
        if short and not solver.certified:
            vanishing = " The residuals' scale tends to zero: see QuantileRegressor." if solver.vanishing else ""
            warnings.warn(
                f"lbfgs failed to converge after {outcome.n_iter} iteration(s). Increase the number of iterations to "
                f"improve the convergence (max_iter) or scale the data.{vanishing}",
                ConvergenceWarning,
                stacklevel=3,
            )
        return self

    def _solver(self, X: Any, y: Array, weight: Array | None) -> HuberSolver:
        total = len(y) if weight is None else weight.sum(dtype=np.float64)
        intercept = bool(self.fit_intercept)
        objective = HuberObjective(
            dense_if_small(X),
            y,
            weight,
            epsilon=float(self.epsilon),
            l2=2.0 * self.alpha / float(total),
            fit_intercept=intercept,
            shift=near_column_means(X) if intercept else None,
            n_threads=n_threads_for(self, X),
        )
        start = None
        if self.warm_start and hasattr(self, "coef_"):
            start = np.asarray(self.coef_, dtype=np.float64), float(self.intercept_), float(self.scale_)
        return HuberSolver(objective, start, float(self.tol))

    def _beyond(self, X: Any, y: Array, n_threads: int) -> NDArray[np.bool_]:
        """Which residuals are beyond epsilon scales."""
        raw = np.empty((X.shape[0], 1))
        table = kernels.Table(X.astype(np.float64, copy=False))
        kernels.linear_predict(table, self.coef_[None], np.array([self.intercept_]), raw, n_threads=n_threads)
        return np.asarray(np.abs(y - raw[:, 0]) > self.scale_ * self.epsilon)
