# SPDX-License-Identifier: BSD-3-Clause
"""PoissonRegressor, GammaRegressor and TweedieRegressor: an L2 penalty, scikit-learn's parameters."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Self

from schuss._sklearn import Interval, StrOptions
from schuss.callbacks import with_callbacks
from schuss.linear_model._glm.base import BaseGlm
from schuss.linear_model._glm.data import Data
from schuss.linear_model._glm.families import Family, tweedie
from schuss.linear_model._glm.fit import GlmFit


class _L2Glm(BaseGlm):
    """A family, and an L2 penalty of strength ``alpha``."""

    def __init__(
        self,
        *,
        alpha: float = 1.0,
        fit_intercept: bool = True,
        solver: str = "lbfgs",
        max_iter: int = 100,
        tol: float = 1e-4,
        warm_start: bool = False,
        verbose: int = 0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        random_state: Any = None,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.verbose = verbose
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state
        self.max_time = max_time
        self.n_threads = n_threads

    def _make_fit(self, data: Data, family: Family) -> GlmFit:
        return GlmFit(self, data, family, float(self.alpha))

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
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            C-contiguous float32 or float64 arrays and CSR matrices are used as they are.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,) or None, default=None
        X_val, y_val : array-like or None, default=None
            Validation data: recorded in ``history_``, watched with ``early_stopping``.
        sample_weight_val : array-like or None, default=None

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used, or y is out of range.
        KeyboardInterrupt
            On Ctrl-C, with the parameters of the last complete iteration in place.
        """
        self._fit(X, y, sample_weight, None, (X_val, y_val, sample_weight_val, None))
        return self


class PoissonRegressor(_L2Glm):
    """Poisson regression with a logarithmic link.

    Drop-in for `sklearn.linear_model.PoissonRegressor`. Minimises ::

        sum_i w_i * d(y_i, mu_i) / (2 * sum_i w_i) + alpha / 2 * ||coef||^2

    where mu = exp(X coef + intercept) and d is the Poisson deviance,
    by Newton's method with one read of X per iteration: gradients are exact, the Hessian
    comes from few rows or from the first reads and is kept up to date by L-BFGS. Wide
    and sparse data are solved by L-BFGS with a diagonal.

    Parameters
    ----------
    alpha : float, default=1
        Strength of the L2 penalty; 0 for none.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is never penalised.
    solver : {'lbfgs', 'newton-cholesky'}, default='lbfgs'
        Accepted for compatibility: both names lead to the one solver described above.
    max_iter : int, default=100
        Largest number of iterations.
    tol : float, default=1e-4
        Largest entry of the gradient of the objective at which training may stop. The
        objective must be within about 1e-7 of its minimum as well, relative to it.
    warm_start : bool, default=False
        Whether `fit` starts from the parameters of the fit before.
    verbose : int, default=0
        If positive, print a line per iteration.
    early_stopping : bool, default=False
        Whether to stop when the deviance of validation data has not fallen for
        ``n_iter_no_change`` iterations, and to return to the best parameters.
    validation_fraction : float, default=0.1
        Share of the rows that ``early_stopping`` sets aside if `fit` is given no
        validation data.
    n_iter_no_change : int, default=5
        See ``early_stopping``.
    random_state : int, RandomState instance or None, default=None
        Source of the validation split of ``early_stopping``.
    max_time : float or None, default=None
        Seconds after which no further iteration starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend
        on it.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        In the dtype of X.
    intercept_ : float
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    n_iter_ : int
        Number of iterations.
    history_ : History
        Per iteration: data_loss (half the mean deviance), penalty, objective,
        gradient_norm, step_size, seconds; with validation data also the losses and
        scores (D^2) of training and validation.
    stop_reason_ : str
        'converged', 'no_improvement', 'max_iter', 'max_time', 'callback' or
        'interrupted'.
    best_iteration_ : int
        Iteration of the best validation score, from 0; only with validation data.

    Examples
    --------
    >>> from schuss.linear_model import PoissonRegressor
    >>> X, y = [[1, 2], [2, 3], [3, 4], [4, 3]], [12, 17, 22, 21]
    >>> model = PoissonRegressor().fit(X, y)
    >>> model.predict([[1, 1], [3, 4]]).round(1)
    array([10.7, 21.9])
    """

    def _family(self) -> Family:
        return tweedie(1.0, "log")


class GammaRegressor(_L2Glm):
    """Gamma regression with a logarithmic link.

    Drop-in for `sklearn.linear_model.GammaRegressor`. Minimises ::

        sum_i w_i * d(y_i, mu_i) / (2 * sum_i w_i) + alpha / 2 * ||coef||^2

    where mu = exp(X coef + intercept) and d is the gamma deviance,
    by Newton's method with one read of X per iteration: gradients are exact, the Hessian
    comes from few rows or from the first reads and is kept up to date by L-BFGS. Wide
    and sparse data are solved by L-BFGS with a diagonal.

    Parameters
    ----------
    alpha : float, default=1
        Strength of the L2 penalty; 0 for none.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is never penalised.
    solver : {'lbfgs', 'newton-cholesky'}, default='lbfgs'
        Accepted for compatibility: both names lead to the one solver described above.
    max_iter : int, default=100
        Largest number of iterations.
    tol : float, default=1e-4
        Largest entry of the gradient of the objective at which training may stop. The
        objective must be within about 1e-7 of its minimum as well, relative to it.
    warm_start : bool, default=False
        Whether `fit` starts from the parameters of the fit before.
    verbose : int, default=0
        If positive, print a line per iteration.
    early_stopping : bool, default=False
        Whether to stop when the deviance of validation data has not fallen for
        ``n_iter_no_change`` iterations, and to return to the best parameters.
    validation_fraction : float, default=0.1
        Share of the rows that ``early_stopping`` sets aside if `fit` is given no
        validation data.
    n_iter_no_change : int, default=5
        See ``early_stopping``.
    random_state : int, RandomState instance or None, default=None
        Source of the validation split of ``early_stopping``.
    max_time : float or None, default=None
        Seconds after which no further iteration starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend
        on it.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        In the dtype of X.
    intercept_ : float
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    n_iter_ : int
        Number of iterations.
    history_ : History
        Per iteration: data_loss (half the mean deviance), penalty, objective,
        gradient_norm, step_size, seconds; with validation data also the losses and
        scores (D^2) of training and validation.
    stop_reason_ : str
        'converged', 'no_improvement', 'max_iter', 'max_time', 'callback' or
        'interrupted'.
    best_iteration_ : int
        Iteration of the best validation score, from 0; only with validation data.

    Examples
    --------
    >>> from schuss.linear_model import GammaRegressor
    >>> X, y = [[1, 2], [2, 3], [3, 4], [4, 3]], [19, 26, 33, 30]
    >>> model = GammaRegressor().fit(X, y)
    >>> model.predict([[1, 1], [3, 4]]).round(1)
    array([20.8, 29.5])
    """

    def _family(self) -> Family:
        return tweedie(2.0, "log")


class TweedieRegressor(_L2Glm):
    """Regression for a family whose variance is a power of the mean.

    Drop-in for `sklearn.linear_model.TweedieRegressor`. Minimises ::

        sum_i w_i * d(y_i, mu_i) / (2 * sum_i w_i) + alpha / 2 * ||coef||^2

    where mu is the inverse link of X coef + intercept and d the deviance of Tweedie's family,
    by Newton's method with one read of X per iteration: gradients are exact, the Hessian
    comes from few rows or from the first reads and is kept up to date by L-BFGS. Wide
    and sparse data are solved by L-BFGS with a diagonal.

    Parameters
    ----------
    power : float, default=0
        The variance is proportional to the mean to this power: 0 normal, 1 Poisson,
        between 1 and 2 compound Poisson and gamma, 2 gamma, 3 inverse Gaussian.
    alpha : float, default=1
        Strength of the L2 penalty; 0 for none.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is never penalised.
    link : {'auto', 'identity', 'log'}, default='auto'
        'auto' is 'identity' for power <= 0, 'log' otherwise. With 'identity' and a power
        other than 0 predictions have to be positive on the training data.
    solver : {'lbfgs', 'newton-cholesky'}, default='lbfgs'
        Accepted for compatibility: both names lead to the one solver described above.
    max_iter : int, default=100
        Largest number of iterations.
    tol : float, default=1e-4
        Largest entry of the gradient of the objective at which training may stop. The
        objective must be within about 1e-7 of its minimum as well, relative to it.
    warm_start : bool, default=False
        Whether `fit` starts from the parameters of the fit before.
    verbose : int, default=0
        If positive, print a line per iteration.
    early_stopping : bool, default=False
        Whether to stop when the deviance of validation data has not fallen for
        ``n_iter_no_change`` iterations, and to return to the best parameters.
    validation_fraction : float, default=0.1
        Share of the rows that ``early_stopping`` sets aside if `fit` is given no
        validation data.
    n_iter_no_change : int, default=5
        See ``early_stopping``.
    random_state : int, RandomState instance or None, default=None
        Source of the validation split of ``early_stopping``.
    max_time : float or None, default=None
        Seconds after which no further iteration starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend
        on it.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        In the dtype of X.
    intercept_ : float
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    n_iter_ : int
        Number of iterations.
    history_ : History
        Per iteration: data_loss (half the mean deviance), penalty, objective,
        gradient_norm, step_size, seconds; with validation data also the losses and
        scores (D^2) of training and validation.
    stop_reason_ : str
        'converged', 'no_improvement', 'max_iter', 'max_time', 'callback' or
        'interrupted'.
    best_iteration_ : int
        Iteration of the best validation score, from 0; only with validation data.

    Notes
    -----
    Where the deviance is not convex in the parameters (a power outside of 1 to 2 with
    the logarithmic link, a power other than 0 and 1 with the identity), the Hessian is
    replaced by its expectation: Fisher scoring.

    With the identity link and a power from 1 to less than 2, rows without an event draw their
    predictions to zero, beyond which there are none. Where that is their best value a barrier
    leads there, and the gradient is the Lagrangian's, which heeds the bound.

    Examples
    --------
    >>> from schuss.linear_model import TweedieRegressor
    >>> X, y = [[1, 2], [2, 3], [3, 4], [4, 3]], [2, 3.5, 5, 5.5]
    >>> model = TweedieRegressor().fit(X, y)
    >>> model.predict([[1, 1], [3, 4]]).round(1)
    array([2.5, 4.6])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseGlm._parameter_constraints,
        "power": [Interval(Real, None, None, closed="neither")],
        "link": [StrOptions({"auto", "identity", "log"})],
    }

    def __init__(
        self,
        *,
        power: float = 0.0,
        alpha: float = 1.0,
        fit_intercept: bool = True,
        link: str = "auto",
        solver: str = "lbfgs",
        max_iter: int = 100,
        tol: float = 1e-4,
        warm_start: bool = False,
        verbose: int = 0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        random_state: Any = None,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        super().__init__(
            alpha=alpha,
            fit_intercept=fit_intercept,
            solver=solver,
            max_iter=max_iter,
            tol=tol,
            warm_start=warm_start,
            verbose=verbose,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            n_iter_no_change=n_iter_no_change,
            random_state=random_state,
            max_time=max_time,
            n_threads=n_threads,
        )
        self.power = power
        self.link = link

    def _family(self) -> Family:
        return tweedie(self.power, self.link)
