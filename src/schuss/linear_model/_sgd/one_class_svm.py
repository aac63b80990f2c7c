# SPDX-License-Identifier: BSD-3-Clause
"""SGDOneClassSVM."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import OutlierMixin

from schuss._inputs import check_X
from schuss._sklearn import Interval, StrOptions, check_sample_weight
from schuss.callbacks import with_callbacks
from schuss.linear_model._base import raw_prediction
from schuss.linear_model._sgd.base import BaseSGD, without
from schuss.linear_model._sgd.parameters import CONSTRAINTS
from schuss.linear_model._sgd.setup import Data, Sample
from schuss.linear_model._sgd.solver import Problem
from schuss.linear_model._sgd.state import Parameters, State
from schuss.losses import Target

Array = NDArray[Any]

_NOT_HERE = ("alpha", "early_stopping", "epsilon", "l1_ratio", "n_iter_no_change", "penalty", "validation_fraction")


class SGDOneClassSVM(OutlierMixin, BaseSGD):
    """Linear one-class support vector machine trained by stochastic gradient descent.

    Drop-in for `sklearn.linear_model.SGDOneClassSVM`. It looks for the half-space that
    holds most of the samples at the largest distance from the origin [1]_: the
    coefficients w and the offset rho minimise::

        nu / 2 * |w|^2 + mean(max(0, rho - <w, x>)) - nu * rho

    A map of features before it, such as `sklearn.kernel_approximation.Nystroem`, makes it
    approximate the kernel machine, in time linear in the number of samples.

    Parameters
    ----------
    nu : float, default=0.5
        In (0, 1]: the share of the training samples that may lie outside, and a lower
        limit of the share of support vectors.
    fit_intercept : bool, default=True
        Whether the offset is learnt; otherwise it stays where it starts.
    max_iter : int, default=1000
        Largest number of epochs of `fit`.
    tol : float or None, default=1e-3
        An epoch improves if the objective gets better by at least this much; None trains
        for ``max_iter`` epochs.
    shuffle : bool, default=True
        Whether to visit the rows in another random order in every epoch.
    verbose : int, default=0
        If positive, print a line per epoch.
    random_state : int, RandomState instance or None, default=None
        Source of the shuffling.
    learning_rate : {'optimal', 'constant', 'invscaling', 'adaptive'}, default='optimal'
        Schedule of the step size, as in `SGDClassifier` with ``alpha=nu``.
    eta0 : float, default=0.01
        See ``learning_rate``.
    power_t : float, default=0.5
        See ``learning_rate``.
    warm_start : bool, default=False
        Whether `fit` starts from the parameters of the fit before.
    average : bool or int, default=False
        Whether the result is the average of the parameters over all samples seen; a
        number above 1 is the sample at which averaging begins.
    batch_size : int, default=1
        Number of samples per step. Above 1, a step follows their mean gradient.
    max_time : float or None, default=None
        Seconds after which no further epoch starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend on it.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Weights of the features.
    offset_ : ndarray of shape (1,)
        What a sample has to score to lie inside.
    n_iter_ : int
        Number of epochs run.
    t_ : float
        ``n_iter_ * n_samples + 1``.
    history_ : History
        A record per epoch. ``data_loss`` is the mean of ``max(0, rho - <w, x>)`` just
        before each update, plus ``nu * (1 - rho)``: where no feature helps, it is nu.
    stop_reason_ : str
        Why training ended, a value of `schuss.training.StopReason`.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X has any.

    See Also
    --------
    SGDClassifier : For two and more classes.

    References
    ----------
    .. [1] B. Schölkopf et al., Estimating the Support of a High-Dimensional Distribution,
       Neural Computation 13, 2001.

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import SGDOneClassSVM
    >>> X = np.random.default_rng(0).normal(loc=5.0, size=(500, 2))
    >>> SGDOneClassSVM(nu=0.1, random_state=0).fit(X).predict([[5.0, 5.0], [-5.0, 0.0]])
    array([ 1, -1], dtype=int32)
    """

    _classes = False
    # The hinge of 1 - (<w, x> + b), all targets being 1, is that of rho - <w, x> with b = 1 - rho.
    loss = "hinge"
    penalty = "l2"
    loss_functions: ClassVar[dict[str, tuple[Any, ...]]] = {"hinge": ("hinge",)}

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = without(
        BaseSGD._parameter_constraints, *_NOT_HERE, *CONSTRAINTS
    ) | {
        "nu": [Interval(Real, 0, 1, closed="right")],
        "learning_rate": [StrOptions({"constant", "optimal", "invscaling", "adaptive"})],
    }

    def __init__(
        self,
        nu: float = 0.5,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float | None = 1e-3,
        shuffle: bool = True,
        verbose: int = 0,
        random_state: Any = None,
        learning_rate: str = "optimal",
        eta0: float = 0.01,
        power_t: float = 0.5,
        warm_start: bool = False,
        average: bool | int = False,
        *,
        batch_size: int = 1,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.nu = nu
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.shuffle = shuffle
        self.verbose = verbose
        self.random_state = random_state
        self.learning_rate = learning_rate
        self.eta0 = eta0
        self.power_t = power_t
        self.warm_start = warm_start
        self.average = average
        self.batch_size = batch_size
        self.max_time = max_time
        self.n_threads = n_threads

    @property
    def alpha(self) -> float:
        """The strength of the penalty is nu."""
        return self.nu

    @property
    def _intercept_slope(self) -> float:
        return self.nu

    @with_callbacks
    def fit(
        self, X: Any, y: Any = None, coef_init: Any = None, offset_init: Any = None, sample_weight: Any = None
    ) -> SGDOneClassSVM:
        """Train from the start, or with ``warm_start`` from where the last fit ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data; float32 and float64 are used as they are.
        y : object, default=None
            Ignored.
        coef_init : array-like of shape (n_features,), default=None
            Coefficients to start from.
        offset_init : array-like of shape (1,) or float, default=None
            Offset to start from, zero unless given.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        self : SGDOneClassSVM

        Raises
        ------
        ValueError
            If the data or the combination of parameters is not usable, or if a
            parameter became infinite during training.
        KeyboardInterrupt
            After Ctrl-C; the estimator then holds the last complete epoch.
        """
        self._check_parameters()
        checked_X = check_X(self, X, reset=True)
        data = self._data(checked_X, sample_weight)
        intercept_init = None if offset_init is None else 1.0 - np.asarray(offset_init)
        state = self._first_state(data, coef_init, intercept_init)
        self._fit(data, state, given=(X, y))
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> SGDOneClassSVM:
        """Train one epoch on this data, continuing from where the last call ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The next part of the training data.
        y : object, default=None
            Ignored.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        self : SGDOneClassSVM
        """
        first = getattr(self, "coef_", None) is None
        if first:
            self._check_parameters(partial=True)
        X = check_X(self, X, reset=first)
        X = X if first else X.astype(self.coef_.dtype, copy=False)
        data = self._data(X, sample_weight)
        coef = getattr(self, "coef_", None)
        self._partial_fit(data, self._first_state(data) if first else self._next_state())
        if isinstance(coef, np.ndarray):  # scikit-learn promises that it stays the same array
            coef[:] = self.coef_
            self.coef_ = coef
        return self

    def decision_function(self, X: Any) -> Array:
        """Return by how much each sample's score exceeds the offset.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
            Positive inside, negative outside.
        """
        return raw_prediction(self, X, lambda: -self.offset_).ravel()

    def score_samples(self, X: Any) -> Array:
        """Return the scores of the samples, before the offset is subtracted.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return raw_prediction(self, X, lambda: np.zeros(1)).ravel()

    def predict(self, X: Any) -> NDArray[np.int32]:
        """Return 1 for samples that lie inside and -1 for outliers.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,), int32
        """
        return np.where(self.decision_function(X) >= 0, np.int32(1), np.int32(-1))

    def _data(self, X: Any, sample_weight: Any) -> Data:
        weight = check_sample_weight(sample_weight, X, dtype=X.dtype)
        sample = Sample(X, np.ones(X.shape[0], dtype=X.dtype), weight)
        return Data(sample, positive_weight=np.ones(1), negative_weight=np.ones(1))

    def _make_baseline(self, problem: Problem, held_out: Sample | None) -> dict[str, float]:
        return {"training_loss": self.nu}  # at w = 0 and rho = 0

    def _target(self, loss_name: str) -> Target:
        return Target.SIGN

    def _coef_shape(self, coef: Array) -> Array:
        return coef.reshape(-1)

    def _first_state(self, data: Data, coef_init: Any = None, intercept_init: Any = None) -> State:
        if intercept_init is None and not self._goes_on():
            intercept_init = 1.0  # an offset of zero
        return super()._first_state(data, coef_init, intercept_init)

    def _parameters(self) -> Parameters:
        # 1 - (1 - b) need not be b: training goes on from b, unless somebody has moved the offset.
        moved = not np.array_equal(self.offset_, 1.0 - self._intercept)
        intercept = np.asarray(1.0 - self.offset_, dtype=self.coef_.dtype) if moved else self._intercept
        return Parameters(np.atleast_2d(self._dense_coef()), intercept)

    def _set_parameters(self, result: Parameters) -> None:
        self.coef_ = self._coef_shape(result.coef)
        self._intercept = result.intercept
        self.offset_ = 1.0 - result.intercept
