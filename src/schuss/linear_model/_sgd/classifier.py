# SPDX-License-Identifier: BSD-3-Clause
"""SGDClassifier."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss._inputs import n_threads_for
from schuss._sklearn import StrOptions, available_if
from schuss.linear_model._sgd.classifier_base import BaseSGDClassifier
from schuss.linear_model._sgd.regressor import DEFAULT_EPSILON, REGRESSION_LOSSES
from schuss.losses import Loss, Target

Array = NDArray[Any]

_LOSSES: dict[str, tuple[Any, ...]] = {
    "hinge": ("hinge",),
    "squared_hinge": ("squared_hinge",),
    "perceptron": ("perceptron",),
    "log_loss": ("logistic",),
    "modified_huber": ("modified_huber",),
    **REGRESSION_LOSSES,
}


class SGDClassifier(BaseSGDClassifier):
    """Linear classifier trained by stochastic gradient descent.

    Drop-in for `sklearn.linear_model.SGDClassifier`. Each epoch is one sweep of a C
    kernel over the data; problems of more than two classes train all their one-vs-all
    outputs in the same sweep.

    Parameters
    ----------
    loss : {'hinge', 'log_loss', 'modified_huber', 'squared_hinge', 'perceptron', \
'squared_error', 'huber', 'epsilon_insensitive', 'squared_epsilon_insensitive'}, \
default='hinge'
        Loss function: 'hinge' makes a linear support vector machine, 'log_loss' a
        logistic regression. The last four are those of `SGDRegressor`, applied to
        targets of -1 and +1.
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
    n_jobs : int or None, default=None
        Number of threads, if ``n_threads`` is None.
    random_state : int, RandomState instance or None, default=None
        Source of the shuffling and of the validation split.
    learning_rate : {'optimal', 'constant', 'invscaling', 'adaptive', 'pa1', 'pa2', 'cosine', \
'one_cycle', 'plateau'}, default='optimal'
        Schedule of the step size at sample number t:

        - 'optimal': ``1 / (alpha * (t0 + t - 1))``, with Bottou's choice of t0;
        - 'constant': ``eta0``;
        - 'invscaling': ``eta0 / t ** power_t``;
        - 'adaptive': ``eta0``, divided by 5 whenever ``n_iter_no_change`` epochs in a
          row have not improved, until it is below 1e-6;
        - 'cosine': from ``eta0`` to 0 along half a cosine over ``max_iter`` epochs;
        - 'one_cycle': from ``eta0 / 25`` up to ``eta0`` within the first 0.3 of
          ``max_iter`` epochs, then down to almost nothing;
        - 'plateau': ``eta0``, multiplied with ``plateau_factor`` whenever
          ``plateau_patience`` epochs in a row have not improved;
        - 'pa1', 'pa2': the two passive-aggressive step sizes [2]_, with ``eta0`` as
          their aggressiveness; 'hinge' only.

        With an ``optimizer`` other than 'sgd', 'optimal' means a constant ``eta0``; 'ftrl'
        has rates that fall by themselves, from ``eta0`` on, whatever the schedule.
        'cosine' and 'one_cycle' want to run to their end: set ``tol=None``.
    eta0 : float, default=0.01
        See ``learning_rate``.
    power_t : float, default=0.5
        See ``learning_rate``.
    early_stopping : bool, default=False
        Whether to watch the score on validation data instead of the training objective,
        and to return to the parameters of the best epoch at the end. With several
        classes each binary problem stops on its own.
    validation_fraction : float, default=0.1
        Share of the rows that ``early_stopping`` sets aside, stratified by class, if
        `fit` is given no validation data.
    n_iter_no_change : int, default=5
        Number of epochs in a row without improvement that ends the training.
    class_weight : dict, 'balanced' or None, default=None
        Weights of the classes; 'balanced' makes all classes weigh the same.
    warm_start : bool, default=False
        Whether `fit` starts from the parameters of the fit before.
    average : bool or int, default=False
        Whether the result is the average of the parameters over all samples seen; a
        number above 1 is the sample at which averaging begins.
    batch_size : int, default=1
        Number of samples per step. Above 1, a step follows their mean gradient.
    multi_class : {'ovr', 'multinomial'}, default='ovr'
        With more than two classes: a binary problem for each class against the rest, as
        in scikit-learn, or one problem with the softmax (cross-entropy) loss, whose
        probabilities are those of a multinomial logistic regression. 'multinomial' takes
        the loss 'log_loss' alone; two classes make no difference.
    optimizer : {'sgd', 'momentum', 'nesterov', 'adagrad', 'rmsprop', 'adam', 'adamw', \
'ftrl'}, default='sgd'
        What a step makes of the gradient g, w being a weight:

        - 'sgd': ``w -= eta * g``, as in scikit-learn;
        - 'momentum', 'nesterov': ``v = momentum * v - eta * g``, then ``w += v``, or
          ``w += momentum * v - eta * g``;
        - 'adagrad': ``n += g**2``, then ``w -= eta / (sqrt(n) + eps) * g`` [A1]_: columns
          that are rare or small take longer steps;
        - 'rmsprop': the same with ``n = rho * n + (1 - rho) * g**2``;
        - 'adam', 'adamw': the same with running means of g and ``g**2``, corrected for
          their start at zero [A2]_; with 'adamw' L2 shrinks the weights by
          ``eta * alpha`` instead of joining the gradient [A3]_, which is another penalty
          than that of the objective;
        - 'ftrl': follow the regularised leader [A4]_, which keeps weights at exactly zero
          where L1 wants them so.

        L1 is proximal: after each step a weight moves towards zero by its own step size
        times the strength of L1 ('sgd' without clipping: the cumulative penalty of [3]_).
        On sparse X a step touches the columns of its rows alone: velocities and running
        means of other columns wait, and so do their penalties, which are paid when the
        column comes up next, and at the end of the epoch.
    momentum : float, default=0.9
        Share of its velocity that a weight keeps; for 'momentum' and 'nesterov'.
    beta_1, beta_2 : float, default=0.9 and 0.999
        Shares of the running means of g and ``g**2`` that are kept; for 'adam', 'adamw'.
    rho : float, default=0.9
        Share of the running mean of ``g**2`` that is kept; for 'rmsprop'.
    eps : float, default=1e-8
        Added to the root of the mean or sum of squares.
    ftrl_beta : float, default=1.0
        Added to the root of the sum of squares in 'ftrl'.
    clip_norm, clip_value : float or None, default=None
        Largest Euclidean norm of a step's mean gradient (of each one-vs-all problem, or
        of all classes together), and largest size of an entry of it, which is limited
        first. Penalties are not part of it.
    warmup : float, default=0
        Number of epochs in which the learning rate grows from nothing to what the
        schedule says.
    plateau_factor, plateau_patience : float and int, default=0.5 and 2
        See ``learning_rate``.
    on_divergence : {'raise', 'back_off'}, default='raise'
        What to do when a parameter overflows: raise ValueError, as scikit-learn does, or
        go back to the last good epoch and try again with a fifth of the learning rate,
        also when the objective exceeds a million times the loss of a constant guess. A
        ``ConvergenceWarning`` and the column ``back_offs`` of ``history_`` say so; after
        ten times `fit` ends with the stop reason 'diverged'.
    max_time : float or None, default=None
        Seconds after which no further epoch starts.
    n_threads : int or None, default=None
        Number of threads; None for ``n_jobs``, or else as many as the machine allows. Results do not depend on it.

    Attributes
    ----------
    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Weights of the features; one row for two classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Constants of the decision function.
    classes_ : ndarray of shape (n_classes,)
        The class labels.
    n_iter_ : int
        Number of epochs run; of several classes, the longest.
    t_ : float
        ``n_iter_ * n_samples + 1``.
    history_ : History
        A record per epoch. ``data_loss`` is the mean, over the samples of the epoch, of
        the loss just before each update, not weighted; of several classes, summed over
        them.
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
    SGDRegressor : The same for regression.

    References
    ----------
    .. [1] L. Bottou, Stochastic Gradient Descent Tricks, 2012.
    .. [2] K. Crammer et al., Online Passive-Aggressive Algorithms, JMLR 7, 2006.
    .. [3] Y. Tsuruoka et al., Stochastic Gradient Descent Training for L1-regularized
       Log-linear Models with Cumulative Penalty, ACL 2009.
    .. [A1] J. Duchi, E. Hazan, Y. Singer, Adaptive Subgradient Methods, JMLR 12, 2011.
    .. [A2] D. Kingma, J. Ba, Adam: A Method for Stochastic Optimization, ICLR 2015.
    .. [A3] I. Loshchilov, F. Hutter, Decoupled Weight Decay Regularization, ICLR 2019.
    .. [A4] H. B. McMahan et al., Ad Click Prediction: a View from the Trenches, KDD 2013.
       The penalties grow with the number of steps, so that ``alpha`` means the same as
       with the other optimisers.

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import SGDClassifier
    >>> X = np.array([[-1.0, -1.0], [-2.0, -1.0], [1.0, 1.0], [2.0, 1.0]])
    >>> model = SGDClassifier(random_state=0).fit(X, ["no", "no", "yes", "yes"])
    >>> model.predict([[-0.8, -1.0]]).tolist()
    ['no']
    >>> model.stop_reason_
    'converged'
    """

    loss_functions = _LOSSES

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseSGDClassifier._parameter_constraints,
        "loss": [StrOptions(set(loss_functions))],
        "multi_class": [StrOptions({"ovr", "multinomial"})],
    }

    def __init__(
        self,
        loss: str = "hinge",
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
        n_jobs: int | None = None,
        random_state: Any = None,
        learning_rate: str = "optimal",
        eta0: float = 0.01,
        power_t: float = 0.5,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        class_weight: dict[Any, float] | str | None = None,
        warm_start: bool = False,
        average: bool | int = False,
        batch_size: int = 1,
        multi_class: str = "ovr",
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
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.learning_rate = learning_rate
        self.eta0 = eta0
        self.power_t = power_t
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.average = average
        self.batch_size = batch_size
        self.multi_class = multi_class
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

    @property
    def _is_joint(self) -> bool:
        return self.multi_class == "multinomial"

    def _check_parameters(self, *, partial: bool = False) -> None:
        super()._check_parameters(partial=partial)
        if self._is_joint and self.loss != "log_loss":
            raise ValueError(f"multi_class='multinomial' only works with loss 'log_loss', got {self.loss!r}.")

    def _loss(self, n_outputs: int) -> Loss:
        if self._is_joint and n_outputs > 1:
            return Loss("softmax", Target.CLASS)
        return super()._loss(n_outputs)

    def _has_probabilities(self) -> bool:
        if self.loss not in ("log_loss", "modified_huber"):
            raise AttributeError(f"probability estimates are not available for loss={self.loss!r}")
        return True

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class for each sample.

        Only with the losses 'log_loss' and 'modified_huber'. Of two classes, the second
        has the probability ``1 / (1 + exp(-z))`` or ``(clip(z, -1, 1) + 1) / 2`` where z
        is the decision function; of more classes, these binary estimates are divided by
        their sum, after Zadrozny and Elkan [1]_, or with ``multi_class='multinomial'``
        the softmax of z is taken.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.

        References
        ----------
        .. [1] B. Zadrozny, C. Elkan, Transforming classifier scores into accurate
           multiclass probability estimates, KDD 2002.
        """
        scores = self.decision_function(X)
        positive = scores.reshape(-1, 1) if scores.ndim == 1 else scores
        if self._is_joint and scores.ndim == 2:
            kernels.softmax(scores, scores, n_threads=n_threads_for(self, scores))
            return scores
        if self.loss == "log_loss":
            kernels.sigmoid(positive, positive, n_threads=n_threads_for(self, positive))
        else:
            np.clip(positive, -1.0, 1.0, out=positive)
            positive += 1.0
            positive /= 2.0
        if scores.ndim == 1:
            return np.hstack([1.0 - positive, positive])
        return _normalised(positive)

    @available_if(_has_probabilities)
    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of `predict_proba`, -inf where that is zero.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
        """
        return np.log(self.predict_proba(X))


def _normalised(positive: Array) -> Array:
    """Divide rows by their sums; rows of zeros become uniform."""
    sums = positive.sum(axis=1, keepdims=True)
    empty = sums[:, 0] == 0.0
    positive[empty], sums[empty] = 1.0, positive.shape[1]
    positive /= sums
    return positive
