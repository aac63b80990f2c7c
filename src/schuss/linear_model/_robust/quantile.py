# SPDX-License-Identifier: BSD-3-Clause
"""QuantileRegressor."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from schuss._inputs import check_parameters, check_row_weights, check_training_data, n_threads_for
from schuss._sklearn import N_THREADS, Interval, StrOptions
from schuss.callbacks import with_callbacks
from schuss.linear_model._robust.fit import BaseRobust, dense_if_small, make_curves
from schuss.linear_model._robust.quantile_solver import QuantileSolver
from schuss.losses import Loss, Target
from schuss.training import StopReason
from schuss.validation import Evaluator

Array = NDArray[Any]

_SPARSE_SOLVERS = ("highs", "highs-ds", "highs-ipm")
_SOLVERS = {*_SPARSE_SOLVERS, "interior-point", "revised simplex"}


class PinballEvaluator(Evaluator):
    """Measures the mean pinball loss: half the absolute error, and what tilts it."""

    def __init__(self, X: Any, y: Array, weight: Array | None, quantile: float, n_threads: int) -> None:
        loss = Loss("epsilon_insensitive", Target.REAL, 0.0)
        super().__init__(X, y, weight, loss=loss, n_outputs=1, classes=False, n_threads=n_threads)
        self._quantile = quantile

    def _mean_loss(self) -> float:
        excess = float(np.average(self._y - self._raw[:, 0], weights=self._weight))
        return 0.5 * super()._mean_loss() + (self._quantile - 0.5) * excess


class QuantileRegressor(BaseRobust):
    """Linear regression of a quantile.

    Drop-in for `sklearn.linear_model.QuantileRegressor`. Minimises, with weights w ::

        sum_i w_i * pinball(y_i - z_i) / sum_i w_i + alpha * ||coef||_1

    for the raw predictions z by a primal-dual interior-point method on the rows near the plane, and moves to the vertex
    that is the exact minimum where dual variables prove it.

    Parameters
    ----------
    quantile : float, default=0.5
        Strictly between 0 and 1.
    alpha : float, default=1.0
        Strength of the L1 penalty.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is never penalised.
    solver : {'highs', 'highs-ds', 'highs-ipm', 'interior-point', 'revised simplex'}, default='highs'
        Accepted for compatibility: every name that scikit-learn still accepts leads to the one solver described above.
    solver_options : dict or None, default=None
        Of these options only 'maxiter', the largest number of iterations, has an effect.
    max_iter : int, default=200
        Largest number of iterations.
    max_time : float or None, default=None
        Seconds after which no further iteration starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend on it.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,), float64
    intercept_ : float
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    n_iter_ : int
        Number of iterations.
    history_ : History
        Per iteration: data_loss, penalty, objective, duality_gap, step_size, seconds; with validation data also the
        losses and scores of training and validation.
    stop_reason_ : str
        'converged', 'no_improvement', 'max_iter', 'max_time', 'callback' or 'interrupted'.
    best_iteration_ : int
        Iteration of the best validation score, from 0; only with validation data.

    Notes
    -----
    Portnoy and Koenker (1997), "The Gaussian hare and the Laplacian tortoise": an interior point for the linear
    programme's boxed dual, and a fit of few rows that tells which rows are far from the plane.

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import QuantileRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(1000, 2))
    >>> y = X @ [1.0, -2.0] + rng.normal(size=1000)
    >>> model = QuantileRegressor(quantile=0.8, alpha=0).fit(X, y)
    >>> round(float(np.mean(y <= model.predict(X))), 2)
    0.8
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "quantile": [Interval(Real, 0, 1, closed="neither")],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "solver": [StrOptions(_SOLVERS)],
        "solver_options": [dict, None],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "n_threads": N_THREADS,
    }

    def __init__(
        self,
        *,
        quantile: float = 0.5,
        alpha: float = 1.0,
        fit_intercept: bool = True,
        solver: str = "highs",
        solver_options: dict[str, Any] | None = None,
        max_iter: int = 200,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.quantile = quantile
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.solver_options = solver_options
        self.max_iter = max_iter
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
    ) -> QuantileRegressor:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Solved in double precision.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,) or None, default=None
        X_val, y_val : array-like or None, default=None
            Validation data, recorded in ``history_``.
        sample_weight_val : array-like or None, default=None

        Returns
        -------
        self : QuantileRegressor

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C, with the parameters of the last complete iteration in place.
        """
        check_parameters(self)
        X, y = check_training_data(self, X, y, y_numeric=True, dtype=np.float64)
        self._check_solver(sp.issparse(X))
        weight = check_row_weights(self, sample_weight, X, np.float64)
        X = X.astype(np.float64, copy=False)
        held_out = self._check_validation(np.float64, X_val, y_val, sample_weight_val)
        self._solve(X, np.ascontiguousarray(y, dtype=np.float64), weight, held_out, (X, y, sample_weight))
        return self

    def _solve(
        self,
        X: Any,
        y: Array,
        weight: Array | None,
        held_out: tuple[Any, Array, Array | None] | None,
        given: tuple[Any, Any, Any],
    ) -> None:
        if weight is not None and not np.all(weight):
            used = np.flatnonzero(weight)
            X, y, weight = X[used], y[used], weight[used]
        n_threads = n_threads_for(self, X)
        solver = QuantileSolver(
            dense_if_small(X),
            y,
            np.ones(len(y)) if weight is None else weight,
            quantile=float(self.quantile),
            alpha=float(self.alpha),
            fit_intercept=bool(self.fit_intercept),
            n_threads=n_threads,
        )

        def evaluator(X: Any, y: Array, weight: Array | None) -> PinballEvaluator:
            return PinballEvaluator(X, y, weight, self.quantile, n_threads)

        own = evaluator(X, y, weight)
        constant = float(np.quantile(y, self.quantile))
        zeros, level = np.zeros((1, X.shape[1])), np.array([constant])
        baseline, curves = {"training_loss": own(zeros, level).loss}, None
        if held_out is not None:
            other = evaluator(*held_out)
            baseline["validation_loss"] = other(zeros, level).loss
            curves = make_curves(own, other)
        limit = (self.solver_options or {}).get("maxiter")
        max_iter = self.max_iter if limit is None else int(limit)
        outcome = self._train(solver, *given, max_iter=max_iter, hooks=[], curves=curves, baseline=baseline)
        short = outcome.reason in (StopReason.MAX_ITER, StopReason.NO_IMPROVEMENT)
        if short and not solver.certified:
            warnings.warn(
                f"Linear programming for QuantileRegressor did not succeed.\nIt ended after {outcome.n_iter} "
                f"iterations ({outcome.reason}).",
                ConvergenceWarning,
                stacklevel=4,
            )

    def _check_solver(self, sparse: bool) -> None:
        """Refuse what scikit-learn refuses."""
        if self.solver == "interior-point":
            raise ValueError(f"Solver {self.solver} is not anymore available in SciPy >= 1.11.0.")
        if sparse and self.solver not in _SPARSE_SOLVERS:
            raise ValueError(f"Solver {self.solver} does not support sparse X. Use solver 'highs' for example.")
