# SPDX-License-Identifier: BSD-3-Clause
"""MLPClassifier."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Self

from schuss._sklearn import Interval, StrOptions, available_if, fit_context
from schuss.neural_network._base import has_partial_fit
from schuss.neural_network._classification import NetworkClassifier
from schuss.neural_network._parameters import CONSTRAINTS


class MLPClassifier(NetworkClassifier):
    """Classifier by a fully connected neural network.

    Drop-in for `sklearn.neural_network.MLPClassifier`, an epoch being one call of a C kernel.
    Two classes have one output, several a softmax, several labels an output each.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of shape (n_hidden,), default=(100,)
        Units of the hidden layers.
    activation : {'identity', 'logistic', 'tanh', 'relu', 'leaky_relu', 'elu', 'gelu', 'silu'} \
or sequence of them, default='relu'
        Activation of the hidden layers, or of each. 'gelu' is the form with a tanh.
    solver : {'lbfgs', 'sgd', 'adam', 'adamw', 'nadam', 'rmsprop', 'adagrad', 'lion'}, default='adam'
        'lbfgs' looks at all rows in every iteration, the others at a batch. 'adamw' is
        'adam' whose ``weight_decay`` is 0.01 unless given.
    alpha : float, default=0.0001
        Strength of the L2 penalty, which is divided by the rows of a batch.
    batch_size : int or 'auto', default='auto'
        Rows of a batch; 'auto' is ``min(200, n_samples)``.
    learning_rate : {'constant', 'invscaling', 'adaptive', 'cosine', 'one_cycle', 'plateau'}, default='constant'
        Schedule of the learning rate. 'invscaling' (``learning_rate_init / t ** power_t``) and
        'adaptive' (a fifth whenever training would stop) are for the solver 'sgd' alone, as in
        scikit-learn. 'cosine' falls to zero in ``max_iter`` epochs, 'one_cycle' first
        rises; 'plateau' multiplies by ``plateau_factor`` after ``plateau_patience`` epochs
        without improvement.
    learning_rate_init : float, default=0.001
        The learning rate, or what the schedule multiplies.
    power_t : float, default=0.5
        Exponent of 'invscaling'.
    max_iter : int, default=200
        Largest number of epochs, or of iterations of 'lbfgs'.
    shuffle : bool, default=True
        Whether to visit the rows in another random order in every epoch.
    random_state : int, RandomState instance or None, default=None
        Source of the initial weights, which are scikit-learn's for the same number, and of
        the validation split, the shuffling and dropout.
    tol : float, default=1e-4
        Least improvement that counts.
    verbose : bool, default=False
        Whether to print a line per epoch.
    warm_start : bool, default=False
        Whether `fit` goes on where the last one ended, solver's memory included.
    momentum : float, default=0.9
        Of 'sgd'.
    nesterovs_momentum : bool, default=True
        Whether that is Nesterov's.
    early_stopping : bool, default=False
        Whether to watch the score on validation rows instead of the training loss, and to
        return to the weights of the best epoch at the end; 'lbfgs' does so if `fit` is given
        validation data.
    validation_fraction : float, default=0.1
        Share of the rows that ``early_stopping`` sets aside, if `fit` is given no
        validation data.
    beta_1, beta_2 : float, default=0.9 and 0.999
        What 'adam', 'adamw', 'nadam' and 'lion' keep of the running means of gradients and
        of their squares.
    epsilon : float, default=1e-8
        What these and 'rmsprop', 'adagrad' add to the root of squares.
    n_iter_no_change : int, default=10
        Epochs in a row without improvement that are tolerated.
    max_fun : int, default=15000
        Largest number of evaluations of the loss by 'lbfgs'.
    scoring : {None, 'loss'}, default=None
        What ``early_stopping`` watches: None the score, 'loss' the loss, which still tells networks apart where
        on few rows all have the same score.
    class_weight : dict, 'balanced' or None, default=None
        Weights of the classes; 'balanced' makes all count alike. Not for several labels.
    label_smoothing : float, default=0.0
        Share of every label that is given to all classes alike (Szegedy et al. 2016).
    focal_gamma : float, default=0.0
        Exponent of the focal loss (Lin et al. 2017), which counts what is right already less;
        0 is the log loss. Not together with ``label_smoothing``.
    categorical_features : array-like of bool, int or str, 'from_dtype' or None, default=None
        Which features are categorical, of numbers or texts: a mask, positions or names; 'from_dtype' those that are
        of a categorical type in a data frame. Up to 16 categories become a unit each, more of them rows of a table that
        is learnt, the feature's embedding (Guo and Berkhahn 2016). Missing values, negative numbers and categories that
        `fit`, or the first ``partial_fit``, has not seen share one more unit or row. It begins at zero: those among the
        training rows train it, and without any of them it adds nothing.
    embedding_dims : 'auto', int or dict, default='auto'
        Columns of these tables; 'auto' is 1.6 times the 0.56th power of the number of categories, up to 50 (after
        Howard and Gugger 2020). A dict gives them by name or position of the feature, which then has a table however
        few its categories are. A step changes the rows whose categories its batches hold, and no others: meanwhile
        neither penalties nor momentum are at work on these. 'lbfgs' looks at all.
    dropout : float or sequence of float, default=0.0
        Probability, for all hidden layers or for each, that a unit's output is set to zero
        in a step of training.
    norm : {None, 'batch', 'layer'}, default=None
        Normalisation before the activations of the hidden layers.
    initializer : {'auto', 'glorot_uniform', 'glorot_normal', 'he_uniform', 'he_normal', 'lecun_uniform', \
'lecun_normal', 'orthogonal'}, default='auto'
        How the first weights are drawn; 'auto' as scikit-learn does.
    rho : float, default=0.9
        What 'rmsprop' keeps of the mean of squares.
    weight_decay : float or None, default=None
        Share of the weights, times the learning rate, that every step takes away, apart
        from the gradient (Loshchilov and Hutter 2019). None is 0.01 for 'adamw', else 0.
    clip_norm : float or None, default=None
        Largest norm of a step's gradient.
    accumulate : int, default=1
        Batches that share a step, the one that a batch of all their rows would make; only
        ``norm='batch'`` looks at each by itself.
    averaging : {None, 'ema', 'swa'}, default=None
        Whether the result is an average: 'ema', exponential, over the steps; 'swa', the
        mean over the ends of epochs from ``swa_start`` on.
    ema_decay : float, default=0.999
    swa_start : float, default=0.75
        Share of ``max_iter`` after which the mean begins.
    warmup : float, default=0.0
        Epochs in which the learning rate grows from nothing.
    plateau_factor : float, default=0.5
    plateau_patience : int, default=2
    record_statistics : bool, default=False
        Whether ``history_`` also tells of each layer's weights, gradients, and units that are
        dead or saturated.
    max_time : float or None, default=None
        Seconds after which no further epoch starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coefs_ : list of ndarray of shape (fan_in, fan_out)
        Weights of the layers.
    intercepts_ : list of ndarray of shape (fan_out,)
    embeddings_ : list of {ndarray of shape (n_categories + 1, n_dims), None}
        Table of each feature, its categories in ascending order, if it has one. Only with categorical features.
    is_categorical_ : ndarray of shape (n_features,) or None
        Mask of the categorical features; None if there is none.
    norm_gains_, norm_shifts_, norm_means_, norm_variances_ : list of ndarray
        Parameters and running statistics of the normalisation of each hidden layer, if any.
    loss_ : float
        Training objective of the last epoch.
    loss_curve_ : list of float
        That of every epoch: mean over the batches, before each one's step, penalty included.
    best_loss_ : float or None
        The lowest of these; None with early stopping.
    validation_scores_ : list of float or None
        Score of every epoch with early stopping; with ``scoring='loss'`` minus the loss.
    best_validation_score_ : float or None
        The highest of these.
    n_iter_ : int
        Number of epochs, or iterations, of the last fit.
    t_ : int
        Number of rows seen, repetitions included.
    n_layers_ : int
        Number of layers, input and output included.
    n_outputs_ : int
    out_activation_ : str
        What makes predictions of raw outputs.
    history_ : History
        A record per epoch: "objective", "data_loss", "penalty", "learning_rate", with validation rows
        also loss and score on both, all measured after the epoch on the same footing.
    stop_reason_ : str
        Why training ended, a value of `schuss.training.StopReason`.
    best_iteration_ : int
        Epoch, counted from 0, that was best on validation rows. Only with validation rows.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the features, if X has any.

    See Also
    --------
    MLPRegressor : The same for numbers.

    References
    ----------
    .. [1] D. E. Rumelhart, G. E. Hinton and R. J. Williams (1986), "Learning representations by back-propagating
       errors".
    .. [2] D. P. Kingma and J. Ba (2015), "Adam: a method for stochastic optimization".
    .. [3] N. Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks from overfitting".
    .. [4] C. Guo and F. Berkhahn (2016), "Entity embeddings of categorical variables".

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from schuss.neural_network import MLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = MLPClassifier((16,), solver="lbfgs", random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.95)
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
        "focal_gamma": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: Any = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        scoring: str | None = None,
        class_weight: dict[Any, float] | str | None = None,
        label_smoothing: float = 0.0,
        focal_gamma: float = 0.0,
        categorical_features: Any = None,
        embedding_dims: Any = "auto",
        dropout: Any = 0.0,
        norm: str | None = None,
        initializer: str = "auto",
        rho: float = 0.9,
        weight_decay: float | None = None,
        clip_norm: float | None = None,
        accumulate: int = 1,
        averaging: str | None = None,
        ema_decay: float = 0.999,
        swa_start: float = 0.75,
        warmup: float = 0.0,
        plateau_factor: float = 0.5,
        plateau_patience: int = 2,
        record_statistics: bool = False,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.scoring = scoring
        self.class_weight = class_weight
        self.label_smoothing = label_smoothing
        self.focal_gamma = focal_gamma
        self.categorical_features = categorical_features
        self.embedding_dims = embedding_dims
        self.dropout = dropout
        self.norm = norm
        self.initializer = initializer
        self.rho = rho
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.accumulate = accumulate
        self.averaging = averaging
        self.ema_decay = ema_decay
        self.swa_start = swa_start
        self.warmup = warmup
        self.plateau_factor = plateau_factor
        self.plateau_patience = plateau_patience
        self.record_statistics = record_statistics
        self.max_time = max_time
        self.n_threads = n_threads

    @fit_context
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
        """Train from the start, or with ``warm_start`` from where the last fit ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training data; float32 and float64 are used as they are, and so is CSR.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        X_val, y_val : array-like, default=None
            Validation data, for the curves in ``history_`` and for ``early_stopping``.
        sample_weight_val : array-like, default=None
            Weights of the validation samples.

        Returns
        -------
        self : MLPClassifier

        Raises
        ------
        ValueError
            If the data or the combination of parameters is not usable, or if a
            weight became infinite during training.
        KeyboardInterrupt
            After Ctrl-C; the estimator then holds the last complete epoch.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val), incremental=False)

    @available_if(has_partial_fit)
    @fit_context
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Train one epoch on this data, continuing from where the last call ended.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The next part of the training data.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the samples.
        classes : array-like of shape (n_classes,), default=None
            All classes that will ever occur; needed in the first call.

        Returns
        -------
        self : MLPClassifier
        """
        self._define_first(y, classes)
        return self._fit(X, y, sample_weight, (None, None, None), incremental=True)
