# SPDX-License-Identifier: BSD-3-Clause
"""HistGradientBoostingRegressor."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from schuss._sklearn import Interval, StrOptions, loss_class
from schuss.callbacks import with_callbacks
from schuss.ensemble._boosting.base import BaseHistGradientBoosting
from schuss.ensemble._boosting.custom import Custom, FromScikitLearn
from schuss.ensemble._boosting.losses import BoostingLoss, regression_loss
from schuss.ensemble._boosting.parameters import CONSTRAINTS, CUSTOM_LOSS
from schuss.ensemble._boosting.targets import narrow_numbers

Array = NDArray[Any]
Matrix = NDArray[np.float64]

_LOSSES = {"squared_error", "absolute_error", "gamma", "poisson", "quantile", "pinball", "huber"}


class HistGradientBoostingRegressor(RegressorMixin, BaseHistGradientBoosting):
    """Gradient boosting of trees on binned columns, for numbers.

    Drop-in for `sklearn.ensemble.HistGradientBoostingRegressor`, with what users of LightGBM and XGBoost look for
    beside. Missing values need no preparation: at each split they go where they fit better. Trained models do not
    depend on the number of threads.

    Parameters
    ----------
    loss : {'squared_error', 'absolute_error', 'gamma', 'poisson', 'quantile', 'huber', 'pinball'} or callable, \
default='squared_error'
        'gamma' and 'poisson' have a log link: they need positive, or not negative, targets. 'pinball' is another name
        of 'quantile'. 'huber' is quadratic up to ``huber_delta`` and linear beyond. A function ``loss(y, raw)`` returns
        gradient and hessian by row, or value, gradient and hessian. Early stopping needs the value, or a ``scoring``.
    quantile : float or None, default=None
        Which quantile to predict with ``loss='quantile'``, between 0 and 1.
    learning_rate : float, default=0.1
        What the leaves' values are multiplied with.
    max_iter : int, default=100
        Largest number of iterations.
    max_leaf_nodes : int or None, default=31
        Largest number of leaves of a tree; None for no limit.
    max_depth : int or None, default=None
        Most splits on the way to a leaf; None for no limit.
    min_samples_leaf : int, default=20
        Fewest rows in a leaf.
    l2_regularization : float, default=0.0
        Added to the sum of the hessians of a leaf, which makes its value smaller.
    max_features : float, default=1.0
        Share of the features that each split chooses from, drawn anew for each node.
    max_bins : int, default=255
        Most bins of a column, the one of missing values not counted.
    categorical_features : array-like of bool, int or str, 'from_dtype' or None, default='from_dtype'
        Which columns hold categories: a mask, positions, or names. 'from_dtype' takes the columns of a data frame that
        are of a categorical type. Of each column at most ``max_bins`` categories; negative numbers and categories that
        were not seen in training count as missing.
    monotonic_cst : array-like of int, dict or None, default=None
        For each feature, by position or by name, whether predictions may only rise with it (1), only fall (-1), or do
        either (0). Not for more than two classes.
    interaction_cst : {'pairwise', 'no_interactions'}, list of sets of int, or None, default=None
        Which features may meet on the way to a leaf. Features in none of the sets form another set.
    warm_start : bool, default=False
        Whether `fit` adds iterations to those of the fit before, up to ``max_iter``; on the same data that is the same
        as training at once, with 'dart' to rounding. Columns, categories and classes must be those of the fit before.
    early_stopping : 'auto' or bool, default='auto'
        Whether to stop when the score has not risen for ``n_iter_no_change`` iterations; predictions are then made of
        the trees up to the best iteration. 'auto' does with more than 10 000 rows, or with validation data.
    scoring : str, callable or None, default='loss'
        Score that early stopping watches: the name of a scorer, a scorer, None for R^2, or 'loss'.
    validation_fraction : int, float or None, default=0.1
        Share or number of rows that early stopping sets aside if `fit` is given no validation data; None to watch the
        training rows.
    n_iter_no_change : int, default=10
        See ``early_stopping``.
    tol : float, default=1e-7
        By how much a score must rise to count.
    verbose : int, default=0
        If positive, print a line per iteration.
    random_state : int, RandomState instance or None, default=None
        Source of the validation split and of all other draws.
    huber_delta : float, default=1.0
        See ``loss``.
    growth : {'leaf', 'depth'}, default='leaf'
        Whether the next split is the best of all leaves, or the best of those nearest to the root.
    l1_regularization : float, default=0.0
        By how much the sum of the gradients of a leaf is pulled towards zero.
    min_gain_to_split : float, default=0.0
        A split must gain more than that.
    subsample : float, default=1.0
        Share of the rows that an iteration learns from, drawn anew for each.
    colsample_bytree : float, default=1.0
        Share of the features that an iteration uses, drawn anew for each.
    boosting : {'gbdt', 'dart', 'goss'}, default='gbdt'
        'dart' leaves out some earlier trees while it grows the next ones; early stopping then has no best iteration to
        return to. 'goss' learns from the rows with the largest gradients and a sample of the others.
    drop_rate : float, default=0.1
        With 'dart', the probability of each iteration before to be left out.
    skip_drop : float, default=0.5
        With 'dart', the probability that none is.
    max_drop : int or None, default=50
        With 'dart', the most iterations that are left out at once.
    top_rate : float, default=0.2
        With 'goss', the share of the rows with the largest gradients.
    other_rate : float, default=0.1
        With 'goss', the share of the rows drawn from the others.
    metrics : str, callable, list of these, or None, default=None
        What else to record after each iteration, on training and on validation rows: 'rmse', 'mae', 'r2', ..., or
        functions like those of `sklearn.metrics`.
    max_time : float or None, default=None
        Seconds after which no further iteration starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend on it.

    Attributes
    ----------
    n_iter_ : int
        Number of iterations, those after the best one included.
    best_iteration_ : int
        Iteration of the best score, from 0; only with early stopping.
    n_trees_per_iteration_ : int
        1, or the number of classes if there are more than two.
    do_early_stopping_ : bool
    train_score_, validation_score_ : ndarray of shape (n_iter_ + 1,)
        The scores that early stopping watched, the first from before the first iteration. Empty without early stopping.
    is_categorical_ : ndarray of shape (n_features,) or None
        None if no feature is.
    feature_importances_ : ndarray of shape (n_features,)
        Shares of the gains of all splits.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    history_ : History
        Per iteration: data_loss (of all training rows), learning_rate, n_leaves, depth, seconds; with validation rows
        validation_loss, of the same formula; scores and ``metrics``, as asked for.
    stop_reason_ : str
        'no_improvement', 'max_iter', 'max_time', 'callback' or 'interrupted'.

    References
    ----------
    Friedman (2001), "Greedy function approximation: A gradient boosting machine". Ke et al. (2017), "LightGBM: A highly
    efficient gradient boosting decision tree".

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from schuss.ensemble import HistGradientBoostingRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = HistGradientBoostingRegressor().fit(X, y)
    >>> round(model.score(X, y), 1)
    0.9
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "loss": [StrOptions(_LOSSES), *CUSTOM_LOSS],
        "quantile": [Interval(Real, 0, 1, closed="both"), None],
        "huber_delta": [Interval(Real, 0, None, closed="neither")],
    }

    def __init__(
        self,
        loss: Any = "squared_error",
        *,
        quantile: float | None = None,
        learning_rate: float = 0.1,
        max_iter: int = 100,
        max_leaf_nodes: int | None = 31,
        max_depth: int | None = None,
        min_samples_leaf: int = 20,
        l2_regularization: float = 0.0,
        max_features: float = 1.0,
        max_bins: int = 255,
        categorical_features: Any = "from_dtype",
        monotonic_cst: Any = None,
        interaction_cst: Any = None,
        warm_start: bool = False,
        early_stopping: bool | str = "auto",
        scoring: Any = "loss",
        validation_fraction: float | int | None = 0.1,
        n_iter_no_change: int = 10,
        tol: float = 1e-7,
        verbose: int = 0,
        random_state: Any = None,
        huber_delta: float = 1.0,
        growth: str = "leaf",
        l1_regularization: float = 0.0,
        min_gain_to_split: float = 0.0,
        subsample: float = 1.0,
        colsample_bytree: float = 1.0,
        boosting: str = "gbdt",
        drop_rate: float = 0.1,
        skip_drop: float = 0.5,
        max_drop: int | None = 50,
        top_rate: float = 0.2,
        other_rate: float = 0.1,
        metrics: Any = None,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.loss = loss
        self.quantile = quantile
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_leaf_nodes = max_leaf_nodes
        self.max_depth = max_depth
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.max_features = max_features
        self.max_bins = max_bins
        self.categorical_features = categorical_features
        self.monotonic_cst = monotonic_cst
        self.interaction_cst = interaction_cst
        self.warm_start = warm_start
        self.early_stopping = early_stopping
        self.scoring = scoring
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.verbose = verbose
        self.random_state = random_state
        self.huber_delta = huber_delta
        self.growth = growth
        self.l1_regularization = l1_regularization
        self.min_gain_to_split = min_gain_to_split
        self.subsample = subsample
        self.colsample_bytree = colsample_bytree
        self.boosting = boosting
        self.drop_rate = drop_rate
        self.skip_drop = skip_drop
        self.max_drop = max_drop
        self.top_rate = top_rate
        self.other_rate = other_rate
        self.metrics = metrics
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
    ) -> HistGradientBoostingRegressor:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            NaN is missing. float32 and float64 arrays and CSR matrices are used as they are; what a sparse matrix does
            not store is 0.
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,) or None, default=None
            A weight of k does what k copies of the row do.
        X_val, y_val : array-like or None, default=None
            Validation data for early stopping, instead of ``validation_fraction``.
        sample_weight_val : array-like or None, default=None

        Returns
        -------
        self : HistGradientBoostingRegressor

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C, with the trees of the last complete iteration in place.
        """
        self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))
        return self

    def predict(self, X: Any) -> Matrix:
        """Return the predicted values.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return self._predictions(self._raw_predict(X))

    def staged_predict(self, X: Any) -> Iterator[Matrix]:
        """Yield the predicted values after each iteration.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Yields
        ------
        ndarray of shape (n_samples,)
            Iterations after ``best_iteration_`` are shown, too, though `predict` leaves them out.
        """
        for raw in self._staged_raw_predict(X):
            yield self._predictions(raw)

    def _encode_target(self, y: Array) -> Array:
        self.n_trees_per_iteration_ = 1
        return self._encode_held_out(y)

    def _encode_held_out(self, y: Array) -> Array:
        y = narrow_numbers(y)
        if self.loss == "gamma" and not np.all(y > 0):
            raise ValueError("loss='gamma' requires strictly positive y.")
        if self.loss == "poisson" and not (np.all(y >= 0) and np.sum(y) > 0):
            raise ValueError("loss='poisson' requires non-negative y and sum(y) > 0.")
        return y

    def _weigh(self, sample_weight: Matrix | None, y: Array) -> Matrix | None:
        return sample_weight

    def _make_loss(self) -> BoostingLoss:
        if isinstance(self.loss, str):
            return regression_loss(self.loss, quantile=self.quantile, delta=self.huber_delta)
        if isinstance(self.loss, loss_class("BaseLoss")):
            return FromScikitLearn(self.loss, n_trees=1)
        return Custom(self.loss, n_trees=1, classes=False)
