# SPDX-License-Identifier: BSD-3-Clause
"""Perceptron."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar

from schuss._sklearn import Interval
from schuss.linear_model._sgd.base import without
from schuss.linear_model._sgd.classifier_base import BaseSGDClassifier
from schuss.linear_model._sgd.parameters import CONSTRAINTS


class Perceptron(BaseSGDClassifier):
    """Linear classifier that learns from its mistakes alone.

    Drop-in for `sklearn.linear_model.Perceptron`: a sample that is on the wrong side of
    the decision boundary is added to, or subtracted from, the coefficients [1]_. The same
    as `SGDClassifier` with ``loss="perceptron"``, ``learning_rate="constant"``,
    ``eta0=1`` and ``penalty=None``.

    Parameters
    ----------
    penalty : {'l2', 'l1', 'elasticnet'} or None, default=None
        Penalty on the coefficients; 'l1' and 'elasticnet' make some of them zero.
    alpha : float, default=0.0001
        Strength of the penalty.
    l1_ratio : float, default=0.15
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
    eta0 : float, default=1
        What a misclassified sample is multiplied with. Without a penalty it changes the
        length of the coefficients and nothing else.
    n_jobs : int or None, default=None
        Number of threads, if ``n_threads`` is None.
    random_state : int, RandomState instance or None, default=0
        Source of the shuffling and of the validation split.
    early_stopping : bool, default=False
        Whether to watch the score on validation data instead of the training objective,
        and to return to the parameters of the best epoch at the end.
    validation_fraction : float, default=0.1
        Share of the rows that ``early_stopping`` sets aside, stratified by class, if
        `fit` is given no validation data.
    n_iter_no_change : int, default=5
        Number of epochs in a row without improvement that ends the training.
    class_weight : dict, 'balanced' or None, default=None
        Weights of the classes; 'balanced' makes all classes weigh the same.
    warm_start : bool, default=False
        Whether `fit` starts from the parameters of the fit before.
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
    SGDClassifier : With other losses, schedules and averaging.

    References
    ----------
    .. [1] F. Rosenblatt, The Perceptron: A Probabilistic Model for Information Storage
       and Organization in the Brain, Psychological Review 65, 1958.

    Examples
    --------
    >>> from schuss.linear_model import Perceptron
    >>> model = Perceptron().fit([[-2.0], [-1.0], [1.0], [2.0]], [0, 0, 1, 1])
    >>> model.predict([[-3.0], [3.0]]).tolist()
    [0, 1]
    """

    loss = "perceptron"
    loss_functions: ClassVar[dict[str, tuple[Any, ...]]] = {"perceptron": ("perceptron",)}

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = without(
        BaseSGDClassifier._parameter_constraints,
        "average",
        "batch_size",
        "epsilon",
        "learning_rate",
        "power_t",
        *CONSTRAINTS,
    ) | {
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
    }

    def __init__(
        self,
        *,
        penalty: str | None = None,
        alpha: float = 0.0001,
        l1_ratio: float = 0.15,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float | None = 1e-3,
        shuffle: bool = True,
        verbose: int = 0,
        eta0: float = 1.0,
        n_jobs: int | None = None,
        random_state: Any = 0,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        class_weight: dict[Any, float] | str | None = None,
        warm_start: bool = False,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.penalty = penalty
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.shuffle = shuffle
        self.verbose = verbose
        self.eta0 = eta0
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.max_time = max_time
        self.n_threads = n_threads
