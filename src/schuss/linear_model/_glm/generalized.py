# SPDX-License-Identifier: BSD-3-Clause
"""GeneralizedLinearRegressor: any family, elastic net, offsets, standard errors."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from schuss._sklearn import Interval, StrOptions
from schuss.callbacks import with_callbacks
from schuss.linear_model._base import raw_prediction
from schuss.linear_model._glm.base import BaseGlm
from schuss.linear_model._glm.data import Data, check_offset
from schuss.linear_model._glm.families import Family, family_of
from schuss.linear_model._glm.fit import GlmFit
from schuss.linear_model._glm.standard_errors import StandardErrors

Array = NDArray[Any]


class GeneralizedLinearRegressor(StandardErrors, BaseGlm):
    """Generalised linear model of any of the common families, with an elastic-net penalty.

    Minimises ::

        sum_i w_i * d(y_i, mu_i) / (2 * sum_i w_i)
            + alpha * l1_ratio * sum_j P1_j * |coef_j|
            + alpha * (1 - l1_ratio) / 2 * sum_j P2_j * coef_j ** 2

    where d is the family's unit deviance and mu_i the inverse link of ``x_i coef +
    intercept + offset_i``, by Newton's method with one read of X per iteration, with a
    proximal step where there is an L1 penalty. Parameters are named as in glum.

    Parameters
    ----------
    alpha : float, default=0
        Strength of the penalty; none by default.
    l1_ratio : float, default=0
        Share of the L1 penalty.
    P1, P2 : 'identity' or array-like of shape (n_features,), default='identity'
        Factors of each feature's L1 and L2 penalty, not negative; 0 for a feature that
        is not penalised.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is never penalised.
    family : str, default='normal'
        'normal', 'poisson', 'gamma', 'inverse.gaussian', 'tweedie(power)' with variance
        mu ** power, 'binomial' for shares of successes (the numbers of trials being the
        sample weights), or 'negative.binomial(theta)' with variance mu + theta * mu ** 2.
    link : {'auto', 'identity', 'log', 'logit'}, default='auto'
        'auto' is 'identity' for the normal family, 'logit' for the binomial, else 'log'.
        The normal, Poisson, gamma, inverse Gaussian and Tweedie families take 'identity'
        and 'log'; with 'identity' means have to be positive, except normal ones. Where the best
        ones touch zero a barrier leads there, and the gradient is the Lagrangian's; between Poisson
        and gamma, or in single precision, training may end nearby, with a warning.
    max_iter : int, default=100
        Largest number of iterations.
    tol : float, default=1e-4
        Largest entry of the gradient of the objective at which training may stop. The
        objective must be within about 1e-7 of its minimum as well, relative to it.
    warm_start : bool, default=False
        Whether `fit` starts from the parameters of the fit before.
    inference : bool, default=False
        Whether `fit` computes ``covariance_``, so that `std_errors` and `coef_table`
        need no data. Not with an L1 penalty.
    robust : bool, default=False
        Whether standard errors are those of the sandwich estimator HC1, which holds if
        only the mean is modelled rightly.
    expected_information : bool, default=False
        Whether they stand on the expected instead of the observed information.
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
    covariance_ : ndarray of shape (n_parameters, n_parameters)
        Of the coefficients and, last, the intercept; only with ``inference``.
    dispersion_ : float
        Pearson's estimate, or 1 where the family says so; only with ``inference``.
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
    >>> from schuss.linear_model import GeneralizedLinearRegressor
    >>> X, claims, years = [[0.0], [1.0], [2.0], [3.0]], [1, 2, 6, 9], [1.0, 1.0, 2.0, 2.0]
    >>> model = GeneralizedLinearRegressor(family="poisson").fit(X, claims, exposure=years)
    >>> model.predict([[2.0]], exposure=[1.0]).round(2)
    array([2.91])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{name: rule for name, rule in BaseGlm._parameter_constraints.items() if name != "solver"},
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "P1": [StrOptions({"identity"}), "array-like"],
        "P2": [StrOptions({"identity"}), "array-like"],
        "family": [str],
        "link": [StrOptions({"auto", "identity", "log", "logit"})],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "inference": ["boolean"],
        "robust": ["boolean"],
        "expected_information": ["boolean"],
    }

    def __init__(
        self,
        *,
        alpha: float = 0.0,
        l1_ratio: float = 0.0,
        P1: Any = "identity",
        P2: Any = "identity",
        fit_intercept: bool = True,
        family: str = "normal",
        link: str = "auto",
        max_iter: int = 100,
        tol: float = 1e-4,
        warm_start: bool = False,
        inference: bool = False,
        robust: bool = False,
        expected_information: bool = False,
        verbose: int = 0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        random_state: Any = None,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.P1 = P1
        self.P2 = P2
        self.fit_intercept = fit_intercept
        self.family = family
        self.link = link
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.inference = inference
        self.robust = robust
        self.expected_information = expected_information
        self.verbose = verbose
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state
        self.max_time = max_time
        self.n_threads = n_threads

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        offset: Any = None,
        *,
        exposure: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        offset_val: Any = None,
    ) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            C-contiguous float32 or float64 arrays and CSR matrices are used as they are.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,) or None, default=None
        offset : array-like of shape (n_samples,) or None, default=None
            Added to the linear predictor with a coefficient of 1.
        exposure : array-like of shape (n_samples,) or None, default=None
            Positive; with the logarithmic link, its logarithm joins the offset: means
            are proportional to it.
        X_val, y_val : array-like or None, default=None
            Validation data: recorded in ``history_``, watched with ``early_stopping``.
        sample_weight_val, offset_val : array-like or None, default=None

        Returns
        -------
        self : GeneralizedLinearRegressor

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used, or y is out of range.
        KeyboardInterrupt
            On Ctrl-C, with the parameters of the last complete iteration in place.
        """
        for name in ("covariance_", "dispersion_", "_degrees_of_freedom"):
            self.__dict__.pop(name, None)
        if self.inference:
            self._refuse_l1()
        offset = self._with_exposure(offset, exposure)
        fit = self._fit(X, y, sample_weight, offset, (X_val, y_val, sample_weight_val, offset_val))
        if self.inference:
            found = self._covariance(fit.data)
            self.covariance_, self.dispersion_ = found.matrix, found.dispersion
            self._degrees_of_freedom = found.degrees_of_freedom
        return self

    def _family(self) -> Family:
        return family_of(self.family, self.link)

    def _make_fit(self, data: Data, family: Family) -> GlmFit:
        d = data.X.shape[1]
        l1 = self.alpha * self.l1_ratio * _factors(self.P1, "P1", d)
        return GlmFit(self, data, family, self._l2(d), l1)

    def _l2(self, d: int) -> Any:
        """Penalty of the squared coefficients, one for all or one for each."""
        return self.alpha * (1.0 - self.l1_ratio) * _factors(self.P2, "P2", d)

    def _with_exposure(self, offset: Any, exposure: Any) -> Any:
        """The offset that means the same as offset and exposure."""
        if exposure is None:
            return offset
        if self._family().link != "log":
            raise ValueError(f"exposure goes with the logarithmic link only, not with family={self.family!r}.")
        exposure = np.asarray(exposure, dtype=np.float64)
        if not (exposure > 0).all():
            raise ValueError("exposure has to be positive.")
        return np.log(exposure) if offset is None else np.asarray(offset) + np.log(exposure)

    def _raw(self, X: Any, offset: Any, exposure: Any) -> Array:
        raw = raw_prediction(self, X).ravel()
        offset = check_offset(self._with_exposure(offset, exposure), raw)
        return raw if offset is None else raw + offset

    def predict(self, X: Any, offset: Any = None, *, exposure: Any = None) -> Array:
        """Return the predicted mean of each sample.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        offset, exposure : array-like of shape (n_samples,) or None, default=None
            See `fit`.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self, "coef_")
        return np.asarray(self._family().mean(self._raw(X, offset, exposure)))

    def score(self, X: Any, y: Any, sample_weight: Any = None, offset: Any = None, *, exposure: Any = None) -> float:
        """Return D^2, the share of the deviance explained.

        ``1 - D(y, predictions) / D(y, mean of y)``, where D is the deviance of this
        model's family: R^2 for the normal one.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,) or None, default=None
        offset, exposure : array-like of shape (n_samples,) or None, default=None
            See `fit`.

        Returns
        -------
        float
            At most 1; negative if the mean of y is the better prediction, NaN if it is a perfect one.
        """
        check_is_fitted(self, "coef_")
        return self._score(X, y, sample_weight, self._with_exposure(offset, exposure))


def _factors(value: Any, name: str, d: int) -> Any:
    """One factor for all features, or one for each."""
    if isinstance(value, str):
        return 1.0
    factors = np.asarray(value, dtype=np.float64)
    if factors.shape != (d,) or not (np.isfinite(factors) & (factors >= 0)).all():
        raise ValueError(f"{name} has to be 'identity' or {d} numbers that are not negative, one for each feature.")
    return factors
