# SPDX-License-Identifier: BSD-3-Clause
"""LinearSVR."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from schuss._inputs import check_parameters, check_training_data, check_X_y, n_threads_for
from schuss._sklearn import N_THREADS, Interval, StrOptions, check_sample_weight
from schuss.callbacks import with_callbacks
from schuss.linear_model._base import LinearRegressorMixin
from schuss.svm._base import BaseLinearSVM
from schuss.svm._fit import SVMFit, solver_for
from schuss.svm._parameters import check_intercept_scaling, resolve_dual
from schuss.svm._problem import Problem

Array = NDArray[Any]


class LinearSVR(LinearRegressorMixin, BaseLinearSVM):
    """Linear support vector regression.

    Drop-in for `sklearn.svm.LinearSVR`. Minimises ::

        1/2 * (||coef||^2 + (intercept / intercept_scaling)^2)
        + C * sum_i w_i * max(0, |y_i - z_i| - epsilon)

    for the raw predictions z, or the same with the squares of the losses, which is liblinear's
    objective: the intercept is penalised too. The method is chosen by the data, as in `LinearSVC`.

    Parameters
    ----------
    epsilon : float, default=0.0
        Residuals up to this one cost nothing.
    tol : float, default=1e-4
        Training stops once the objective is within about ``tol / 1000`` of its minimum, relative
        to it; see `LinearSVC`.
    C : float, default=1.0
        Inverse strength of the penalty.
    loss : {'epsilon_insensitive', 'squared_epsilon_insensitive'}, default='epsilon_insensitive'
    fit_intercept : bool, default=True
    intercept_scaling : float, default=1.0
        The larger, the less the intercept is penalised.
    dual : bool or 'auto', default='auto'
        See `LinearSVC`.
    verbose : int, default=0
        If positive, print a line per iteration.
    random_state : int, RandomState instance or None, default=None
        Source of the order in which dual coordinate descent visits the rows, and of the
        validation split.
    max_iter : int, default=1000
        Largest number of iterations: steps in the primal, epochs in the dual.
    early_stopping : bool, default=False
        Whether to stop when the loss on validation data has not fallen for
        ``n_iter_no_change`` iterations, and to return to the best parameters.
    validation_fraction : float, default=0.1
        Share of the rows that ``early_stopping`` sets aside, if `fit` is given no validation data.
    n_iter_no_change : int, default=5
        See ``early_stopping``.
    max_time : float or None, default=None
        Seconds after which no further iteration starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend on it.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        In the dtype of X.
    intercept_ : ndarray of shape (1,), or 0.0 without intercept
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    n_iter_ : int
    history_ : History
        See `LinearSVC`.
    stop_reason_ : str
        See `LinearSVC`.
    best_iteration_ : int
        Iteration of the best validation score, from 0; only with validation data.

    Notes
    -----
    Dual coordinate descent for regression is that of Ho and Lin (2012), "Large-scale linear
    support vector regression".

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.svm import LinearSVR
    >>> X = np.random.default_rng(0).normal(size=(1000, 2))
    >>> model = LinearSVR(C=10).fit(X, X @ [1.0, -2.0] + 3.0)
    >>> model.coef_.round(2).tolist()
    [1.0, -2.0]
    """

    _classes = False

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "epsilon": [Real],
        "tol": [Interval(Real, 0.0, None, closed="neither")],
        "C": [Interval(Real, 0.0, None, closed="neither")],
        "loss": [StrOptions({"epsilon_insensitive", "squared_epsilon_insensitive"})],
        "fit_intercept": ["boolean"],
        "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
        "dual": ["boolean", StrOptions({"auto"})],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "n_threads": N_THREADS,
    }

    def __init__(
        self,
        *,
        epsilon: float = 0.0,
        tol: float = 1e-4,
        C: float = 1.0,
        loss: str = "epsilon_insensitive",
        fit_intercept: bool = True,
        intercept_scaling: float = 1.0,
        dual: bool | str = "auto",
        verbose: int = 0,
        random_state: Any = None,
        max_iter: int = 1000,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.epsilon = epsilon
        self.tol = tol
        self.C = C
        self.loss = loss
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.dual = dual
        self.verbose = verbose
        self.random_state = random_state
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
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
    ) -> LinearSVR:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            C-contiguous float32 or float64 arrays and CSR matrices are used as they are.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Not negative.
        X_val, y_val : array-like or None, default=None
            Validation data: recorded in ``history_``, watched with ``early_stopping``.
        sample_weight_val : array-like or None, default=None

        Returns
        -------
        self : LinearSVR

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C, with the parameters of the last complete iteration in place.
        """
        check_parameters(self)
        check_intercept_scaling(self)
        X, y = check_training_data(self, X, y, y_numeric=True)
        dual = resolve_dual(self.dual, self.loss, "l2", X.shape)
        weight = self._weights(sample_weight, X)
        target = np.ascontiguousarray(y, dtype=X.dtype)
        train, held_out = self._held_out(X, target, weight, (X_val, y_val, sample_weight_val))
        problem = self._problem(*train)
        fit = SVMFit(self, problem, solver_for(problem, self.tol, self._seed(), dual=dual))
        if held_out is not None:
            fit.watch(*held_out)
        self._train(fit, X, y, sample_weight)
        return self

    def _problem(self, X: Any, target: Array, weight: Array | None) -> Problem:
        return Problem(
            X=self._dense_if_small(X),
            y=target,
            weight=weight,
            loss=self.loss,
            epsilon=float(self.epsilon),
            C=float(self.C),
            intercept_square=float(self.intercept_scaling) ** 2 if self.fit_intercept else 0.0,
            positive=np.ones(1),
            negative=np.ones(1),
            n_threads=n_threads_for(self, X),
        )

    def _check_validation(self, dtype: Any, X_val: Any, y_val: Any, weight: Any) -> tuple[Any, Array, Array | None]:
        X_val, y_val = check_X_y(self, X_val, y_val, reset=False, y_numeric=True, dtype=dtype)
        target = np.ascontiguousarray(y_val, dtype=dtype)
        return X_val, target, check_sample_weight(weight, X_val, dtype=np.float64)

    def _shaped(self, coef: Array, intercept: Array) -> dict[str, Any]:
        return {"coef_": coef[0], "intercept_": intercept if self.fit_intercept else 0.0}
