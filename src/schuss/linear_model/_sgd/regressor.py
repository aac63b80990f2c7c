# SPDX-License-Identifier: BSD-3-Clause
"""SGDRegressor."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from schuss._inputs import check_X_y
from schuss._sklearn import StrOptions, check_sample_weight
from schuss.callbacks import with_callbacks
from schuss.linear_model._base import LinearRegressorMixin
from schuss.linear_model._sgd.base import BaseSGD
from schuss.linear_model._sgd.setup import Data, Sample
from schuss.losses import Target

Array = NDArray[Any]

DEFAULT_EPSILON = 0.1

# Name -> name of the kernels' loss and, if it has a parameter, that parameter's default.
REGRESSION_LOSSES: dict[str, tuple[Any, ...]] = {
    "squared_error": ("squared",),
    "huber": ("huber", DEFAULT_EPSILON),
    "epsilon_insensitive": ("epsilon_insensitive", DEFAULT_EPSILON),
    "squared_epsilon_insensitive": ("squared_epsilon_insensitive", DEFAULT_EPSILON),
}


class SGDRegressor(LinearRegressorMixin, BaseSGD):
    """Linear regressor trained by stochastic gradient descent.

    Drop-in for `sklearn.linear_model.SGDRegressor`. Each epoch is one sweep of a C kernel
    over the data.

    Parameters
    ----------
    loss : {'squared_error', 'huber', 'epsilon_insensitive', \
'squared_epsilon_insensitive'}, default='squared_error'
        Loss function of the residual r: ``r**2 / 2``; 'huber', which is linear beyond
        ``epsilon`` and so less moved by outliers; the part of \\|r\\| beyond ``epsilon``;
        and its square.
    penalty : {'l2', 'l1', 'elasticnet', None}, default='l2'
        Penalty on the coefficients; 'l1' and 'elasticnet' make some of them zero.
    alpha : float, default=0.0001
        Strength of the penalty. The 'optimal' learning rate also depends on it.
    l1_ratio : float or None, default=0.15
        Share of the L1 part in the 'elasticnet' penalty, from 0 to 1.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is never penalised.
    max_iter : int, default=1000
        Largest number of epochs of `fit`.
    tol : float or None, default=1e-3
        An epoch improves if the objective (with ``early_stopping``: the validation
        score) gets better by at least this much; None trains for ``max_iter`` epochs.
    shuffle : bool, default=True
        Whether to visit the rows in another random order in every epoch.
    verbose : int, default=0
        If positive, print a line per epoch.
    epsilon : float, default=0.1
        Threshold of 'huber', width of the tube of the epsilon-insensitive losses.
    random_state : int, RandomState instance or None, default=None
        Source of the shuffling and of the validation split.
    learning_rate : {'invscaling', 'constant', 'optimal', 'adaptive', 'pa1', 'pa2', 'cosine', \
'one_cycle', 'plateau'}, default='invscaling'
        Schedule of the step size, as in `SGDClassifier`; 'pa1' and 'pa2' with the loss
        'epsilon_insensitive' only.
    eta0 : float, default=0.01
        See ``learning_rate``.
    power_t : float, default=0.25
        See ``learning_rate``.
    early_stopping : bool, default=False
        Whether to watch R^2 on validation data instead of the training objective, and to
        return to the parameters of the best epoch at the end.
    validation_fraction : float, default=0.1
        Share of the rows that ``early_stopping`` sets aside, if `fit` is given no
        validation data.
    n_iter_no_change : int, default=5
        Number of epochs in a row without improvement that ends the training.
    warm_start : bool, default=False
        Whether `fit` starts from the parameters of the fit before.
    average : bool or int, default=False
        Whether the result is the average of the parameters over all samples seen; a
        number above 1 is the sample at which averaging begins.
    batch_size : int, default=1
        Number of samples per step. Above 1, a step follows their mean gradient.
    optimizer : {'sgd', 'momentum', 'nesterov', 'adagrad', 'rmsprop', 'adam', 'adamw', \
'ftrl'}, default='sgd'
        What a step makes of the gradient, as in `SGDClassifier`. So are all of these:
    momentum : float, default=0.9
    beta_1, beta_2 : float, default=0.9 and 0.999
    rho : float, default=0.9
    eps : float, default=1e-8
    ftrl_beta : float, default=1.0
    clip_norm, clip_value : float or None, default=None
    warmup : float, default=0
    plateau_factor, plateau_patience : float and int, default=0.5 and 2
    on_divergence : {'raise', 'back_off'}, default='raise'
    max_time : float or None, default=None
        Seconds after which no further epoch starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend on it.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,)
        Weights of the features.
    intercept_ : ndarray of shape (1,)
        The constant.
    n_iter_ : int
        Number of epochs run.
    t_ : float
        ``n_iter_ * n_samples + 1``.
    history_ : History
        A record per epoch; see `SGDClassifier`.
    stop_reason_ : str
        Why training ended, a value of `schuss.training.StopReason`.
    best_iteration_ : int
        Epoch, counted from 0, of the best validation score. Only with validation data.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X has any.

    See Also
    --------
    SGDClassifier : The same for classification, with references.

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import SGDRegressor
    >>> X = np.random.default_rng(0).normal(size=(1000, 2))
    >>> model = SGDRegressor(random_state=0).fit(X, X @ [1.0, -2.0] + 3.0)
    >>> model.coef_.round(1).tolist()
    [1.0, -2.0]
    """

    _classes = False
    loss_functions = REGRESSION_LOSSES

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSGD._parameter_constraints,
        "loss": [StrOptions(set(loss_functions))],
    }

    def __init__(
        self,
        loss: str = "squared_error",
        *,
        penalty: str | None = "l2",
        alpha: float = 0.0001,
        l1_ratio: float | None = 0.15,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float | None = 1e-3,
        shuffle: bool = True,
        verbose: int = 0,
        epsilon: float = DEFAULT_EPSILON,
        random_state: Any = None,
        learning_rate: str = "invscaling",
        eta0: float = 0.01,
        power_t: float = 0.25,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        warm_start: bool = False,
        average: bool | int = False,
        batch_size: int = 1,
        optimizer: str = "sgd",
        momentum: float = 0.9,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        rho: float = 0.9,
        eps: float = 1e-8,
        ftrl_beta: float = 1.0,
        clip_norm: float | None = None,
        clip_value: float | None = None,
        warmup: float = 0.0,
        plateau_factor: float = 0.5,
        plateau_patience: int = 2,
        on_divergence: str = "raise",
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.loss = loss
        self.penalty = penalty
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.shuffle = shuffle
        self.verbose = verbose
        self.epsilon = epsilon
        self.random_state = random_state
        self.learning_rate = learning_rate
        self.eta0 = eta0
        self.power_t = power_t
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.warm_start = warm_start
        self.average = average
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.momentum = momentum
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.rho = rho
        self.eps = eps
        self.ftrl_beta = ftrl_beta
        self.clip_norm = clip_norm
        self.clip_value = clip_value
        self.warmup = warmup
        self.plateau_factor = plateau_factor
        self.plateau_patience = plateau_patience
        self.on_divergence = on_divergence
        self.max_time = max_time
        self.n_threads = n_threads

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        coef_init: Any = None,
        intercept_init: Any = None,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> SGDRegressor:
        """Train from the start, or with ``warm_start`` from where the last fit ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data; float32 and float64 are used as they are.
        y : array-like of shape (n_samples,)
            Target.
        coef_init : array-like of shape (n_features,), default=None
            Coefficients to start from.
        intercept_init : array-like of shape (1,), default=None
            Intercept to start from.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        X_val, y_val : array-like, default=None
            Validation data, for the curves in ``history_`` and for ``early_stopping``.
        sample_weight_val : array-like, default=None
            Weights of the validation samples.

        Returns
        -------
        self : SGDRegressor

        Raises
        ------
        ValueError
            If the data or the combination of parameters is not usable, or if a
            parameter became infinite during training.
        KeyboardInterrupt
            After Ctrl-C; the estimator then holds the last complete epoch.
        """
        self._check_parameters()
        checked_X, checked_y = self._check_data(X, y, y_numeric=True)
        data = self._data(checked_X, checked_y, sample_weight)
        state = self._first_state(data, coef_init, intercept_init)
        validation = (X_val, y_val, sample_weight_val)
        self._fit(data, state, given=(X, y), validation=validation)
        return self

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> SGDRegressor:
        """Train one epoch on this data, continuing from where the last call ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The next part of the training data.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.

        Returns
        -------
        self : SGDRegressor
        """
        first = getattr(self, "coef_", None) is None
        if first:
            self._check_parameters(partial=True)
        X, y = check_X_y(self, X, y, reset=first, y_numeric=True)
        X = X if first else X.astype(self.coef_.dtype, copy=False)
        data = self._data(X, y, sample_weight)
        state = self._first_state(data) if first else self._next_state()
        self._partial_fit(data, state)
        return self

    def _data(self, X: Any, y: Array, sample_weight: Any) -> Data:
        weight = check_sample_weight(sample_weight, X, dtype=X.dtype)
        sample = Sample(X, np.ascontiguousarray(y, dtype=X.dtype), weight)
        return Data(sample, positive_weight=np.ones(1), negative_weight=np.ones(1))

    def _check_validation(self, X: Any, y: Any, dtype: Any) -> tuple[Any, Array]:
        X, y = check_X_y(self, X, y, reset=False, y_numeric=True)
        return X.astype(dtype, copy=False), np.ascontiguousarray(y, dtype=dtype)

    def _target(self, loss_name: str) -> Target:
        return Target.REAL

    def _coef_shape(self, coef: Array) -> Array:
        return coef.reshape(-1)
