# SPDX-License-Identifier: BSD-3-Clause
"""RandomForestClassifier and ExtraTreesClassifier."""

from __future__ import annotations

from typing import Any

from schuss.ensemble._forest.classification import ForestClassifier
from schuss.tree import DecisionTreeClassifier, ExtraTreeClassifier


class RandomForestClassifier(ForestClassifier):
    """A random forest that predicts classes.

    Drop-in for `sklearn.ensemble.RandomForestClassifier`. Each tree is grown on rows drawn with replacement,
    each split searched for among features drawn at random. Splits are searched for on values reduced to bins,
    with exact sums; trees are grown side by side, and do not depend on the number of threads. Missing values go
    to the side where they serve best.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    criterion : {'gini', 'entropy', 'log_loss'}, default='gini'
        Impurity: Gini's, or Shannon's entropy under two names.
    max_depth : int or None, default=None
        Largest depth; None for no limit.
    min_samples_split : int or float, default=2
        Least number of rows of a node that may be split, or the share of all rows.
    min_samples_leaf : int or float, default=1
        Least number of rows of a leaf, or the share of all rows. Rows count once, however often they were
        drawn.
    min_weight_fraction_leaf : float, default=0.0
        Least weight of a leaf, as share of that of all rows of the tree.
    max_features : {'sqrt', 'log2'}, int, float or None, default='sqrt'
        How many features, drawn at random, a node looks at; a float is a share, None means all. If they are all
        constant in the node, it draws on until one is not.
    max_leaf_nodes : int or None, default=None
        Largest number of leaves of a tree: it then grows best first.
    min_impurity_decrease : float, default=0.0
        Least decrease of the tree's impurity, weighted by rows, that a split must bring.
    bootstrap : bool, default=True
        Whether each tree sees rows drawn with replacement, with chances in proportion to their weights, else
        all rows.
    oob_score : bool or callable, default=False
        Whether to measure each row by the trees that were not grown on it. The default score is accuracy; a
        callable gets the truth (numbers of the classes) and the predictions.
    n_jobs : int or None, default=None
        Number of threads; see ``n_threads``.
    random_state : int, RandomState instance or None, default=None
        Source of the seeds of the trees, from which come the rows and the features that they see.
    verbose : int, default=0
        If positive, print a line per tree.
    warm_start : bool, default=False
        Whether `fit` keeps the trees of the fit before and adds what is missing to ``n_estimators``; ``history_`` is
        that of the new ones. Columns, categories and classes must be those of the fit before.
    class_weight : dict, list of dict, 'balanced', 'balanced_subsample' or None, default=None
        Weights of the classes, which multiply those of the rows; 'balanced' makes all classes weigh the same,
        and 'balanced_subsample' does so for the rows drawn for each tree.
    ccp_alpha : float, default=0.0
        Strength of minimal cost-complexity pruning of each tree.
    max_samples : int, float or None, default=None
        Rows to draw for each tree if ``bootstrap``: a number, or a share; None for as many as there are.
    monotonic_cst : array-like of int of shape (n_features,) or None, default=None
        1 if the probability of the second class must not fall with the feature, -1 if it must not rise, 0 for
        no constraint.
    max_bins : int or None, default=255
        Number of bins, at most 255, that the values of a feature are reduced to: a feature with no more
        distinct values loses nothing. None searches the values themselves, as
        `schuss.tree.DecisionTreeClassifier` does.
    categorical_features : array-like of bool, int or str, 'from_dtype' or None, default='from_dtype'
        Columns that hold categories, at most ``max_bins`` of them, as a mask, by number, by name, or those that
        are categorical in a data frame; None: no column does. They are divided into two sets of categories
        instead of at a threshold; categories not seen in training count as missing.
    early_stopping : bool, default=False
        Whether to stop adding trees when the loss on validation data, or out of bag if there are none, has
        stopped falling.
    n_iter_no_change : int, default=10
        Number of trees in a row that may bring no improvement, with ``early_stopping``.
    tol : float, default=1e-4
        What counts as an improvement, as share of the loss of a constant guess.
    max_time : float or None, default=None
        Seconds after which no further trees are begun.
    n_threads : int or None, default=None
        Number of threads; None for ``n_jobs``, or else as many as the machine allows. Trees do not depend on
        it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or a list of them
    n_classes_ : int, or a list of them
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    is_categorical_ : ndarray of shape (n_features,) or None
        Which features are categories; None if none is.
    n_outputs_ : int
    feature_importances_ : ndarray of shape (n_features,)
    estimator_ : DecisionTreeClassifier
        An unfitted one, with the parameters of the trees.
    estimators_ : list of DecisionTreeClassifier
        Made from the forest when first asked for; not of forests with categorical splits.
    estimators_samples_ : list of ndarray of int
        The rows that each tree was grown on.
    oob_score_ : float
        Only with ``oob_score``, like the next one.
    oob_decision_function_ : ndarray of shape (n_samples, n_classes) or (n_samples, n_classes, n_outputs)
    history_ : History
        Per tree: training_loss (the squared distance of the probabilities from the truth, on at most 2048
        rows), training_score, n_leaves and seconds; out of bag oob_loss and oob_score; validation_loss and
        validation_score, which without validation data repeat those.
    stop_reason_ : str
        'max_iter' once all trees are there, 'no_improvement', 'max_time', 'callback' or 'interrupted'.

    Notes
    -----
    Breiman (2001), "Random forests". Between two bins that occur in a node the border lies in the middle of
    those that do not. Categories are ordered by the share of the node's commonest class.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from schuss.ensemble import RandomForestClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = RandomForestClassifier(n_estimators=20, random_state=0).fit(X, y)
    >>> model.predict(X[:2])
    array([0, 0])
    """

    _member = DecisionTreeClassifier

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: str = "gini",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | str | None = "sqrt",
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        bootstrap: bool = True,
        oob_score: Any = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        warm_start: bool = False,
        class_weight: Any = None,
        ccp_alpha: float = 0.0,
        max_samples: int | float | None = None,
        monotonic_cst: Any = None,
        max_bins: int | None = 255,
        categorical_features: Any = "from_dtype",
        early_stopping: bool = False,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.max_leaf_nodes = max_leaf_nodes
        self.min_impurity_decrease = min_impurity_decrease
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.class_weight = class_weight
        self.ccp_alpha = ccp_alpha
        self.max_samples = max_samples
        self.monotonic_cst = monotonic_cst
        self.max_bins = max_bins
        self.categorical_features = categorical_features
        self.early_stopping = early_stopping
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.max_time = max_time
        self.n_threads = n_threads


class ExtraTreesClassifier(ForestClassifier):
    """An ensemble of extremely randomised trees that predicts classes.

    Drop-in for `sklearn.ensemble.ExtraTreesClassifier`. Every split is the best of thresholds drawn at random,
    one for each feature that the node looks at. Splits are searched for on values reduced to bins, with exact
    sums; trees are grown side by side, and do not depend on the number of threads. Missing values go to the
    side where they serve best.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    criterion : {'gini', 'entropy', 'log_loss'}, default='gini'
        Impurity: Gini's, or Shannon's entropy under two names.
    max_depth : int or None, default=None
        Largest depth; None for no limit.
    min_samples_split : int or float, default=2
        Least number of rows of a node that may be split, or the share of all rows.
    min_samples_leaf : int or float, default=1
        Least number of rows of a leaf, or the share of all rows. Rows count once, however often they were
        drawn.
    min_weight_fraction_leaf : float, default=0.0
        Least weight of a leaf, as share of that of all rows of the tree.
    max_features : {'sqrt', 'log2'}, int, float or None, default='sqrt'
        How many features, drawn at random, a node looks at; a float is a share, None means all. If they are all
        constant in the node, it draws on until one is not.
    max_leaf_nodes : int or None, default=None
        Largest number of leaves of a tree: it then grows best first.
    min_impurity_decrease : float, default=0.0
        Least decrease of the tree's impurity, weighted by rows, that a split must bring.
    bootstrap : bool, default=False
        Whether each tree sees rows drawn with replacement, with chances in proportion to their weights, else
        all rows.
    oob_score : bool or callable, default=False
        Whether to measure each row by the trees that were not grown on it. The default score is accuracy; a
        callable gets the truth (numbers of the classes) and the predictions.
    n_jobs : int or None, default=None
        Number of threads; see ``n_threads``.
    random_state : int, RandomState instance or None, default=None
        Source of the seeds of the trees, from which come the rows and the features that they see, and the
        thresholds.
    verbose : int, default=0
        If positive, print a line per tree.
    warm_start : bool, default=False
        Whether `fit` keeps the trees of the fit before and adds what is missing to ``n_estimators``; ``history_`` is
        that of the new ones. Columns, categories and classes must be those of the fit before.
    class_weight : dict, list of dict, 'balanced', 'balanced_subsample' or None, default=None
        Weights of the classes, which multiply those of the rows; 'balanced' makes all classes weigh the same,
        and 'balanced_subsample' does so for the rows drawn for each tree.
    ccp_alpha : float, default=0.0
        Strength of minimal cost-complexity pruning of each tree.
    max_samples : int, float or None, default=None
        Rows to draw for each tree if ``bootstrap``: a number, or a share; None for as many as there are.
    monotonic_cst : array-like of int of shape (n_features,) or None, default=None
        1 if the probability of the second class must not fall with the feature, -1 if it must not rise, 0 for
        no constraint.
    max_bins : int or None, default=255
        Number of bins, at most 255, that the values of a feature are reduced to: a feature with no more
        distinct values loses nothing. None searches the values themselves, as `schuss.tree.ExtraTreeClassifier`
        does.
    categorical_features : array-like of bool, int or str, 'from_dtype' or None, default='from_dtype'
        Columns that hold categories, at most ``max_bins`` of them, as a mask, by number, by name, or those that
        are categorical in a data frame; None: no column does. They are divided into two sets of categories
        instead of at a threshold; categories not seen in training count as missing.
    early_stopping : bool, default=False
        Whether to stop adding trees when the loss on validation data, or out of bag if there are none, has
        stopped falling.
    n_iter_no_change : int, default=10
        Number of trees in a row that may bring no improvement, with ``early_stopping``.
    tol : float, default=1e-4
        What counts as an improvement, as share of the loss of a constant guess.
    max_time : float or None, default=None
        Seconds after which no further trees are begun.
    n_threads : int or None, default=None
        Number of threads; None for ``n_jobs``, or else as many as the machine allows. Trees do not depend on
        it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or a list of them
    n_classes_ : int, or a list of them
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    is_categorical_ : ndarray of shape (n_features,) or None
        Which features are categories; None if none is.
    n_outputs_ : int
    feature_importances_ : ndarray of shape (n_features,)
    estimator_ : ExtraTreeClassifier
        An unfitted one, with the parameters of the trees.
    estimators_ : list of ExtraTreeClassifier
        Made from the forest when first asked for; not of forests with categorical splits.
    estimators_samples_ : list of ndarray of int
        The rows that each tree was grown on.
    oob_score_ : float
        Only with ``oob_score``, like the next one.
    oob_decision_function_ : ndarray of shape (n_samples, n_classes) or (n_samples, n_classes, n_outputs)
    history_ : History
        Per tree: training_loss (the squared distance of the probabilities from the truth, on at most 2048
        rows), training_score, n_leaves and seconds; out of bag oob_loss and oob_score; validation_loss and
        validation_score, which without validation data repeat those.
    stop_reason_ : str
        'max_iter' once all trees are there, 'no_improvement', 'max_time', 'callback' or 'interrupted'.

    Notes
    -----
    Geurts, Ernst and Wehenkel (2006), "Extremely randomized trees". Between two bins that occur in a node the
    border lies in the middle of those that do not. Categories are ordered by the share of the node's commonest
    class.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from schuss.ensemble import ExtraTreesClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ExtraTreesClassifier(n_estimators=20, random_state=0).fit(X, y)
    >>> model.predict(X[:2])
    array([0, 0])
    """

    _member = ExtraTreeClassifier
    _random_splits = True

    def __init__(
        self,
        n_estimators: int = 100,
        *,
        criterion: str = "gini",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | str | None = "sqrt",
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        bootstrap: bool = False,
        oob_score: Any = False,
        n_jobs: int | None = None,
        random_state: Any = None,
        verbose: int = 0,
        warm_start: bool = False,
        class_weight: Any = None,
        ccp_alpha: float = 0.0,
        max_samples: int | float | None = None,
        monotonic_cst: Any = None,
        max_bins: int | None = 255,
        categorical_features: Any = "from_dtype",
        early_stopping: bool = False,
        n_iter_no_change: int = 10,
        tol: float = 1e-4,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.n_estimators = n_estimators
        self.criterion = criterion
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.max_leaf_nodes = max_leaf_nodes
        self.min_impurity_decrease = min_impurity_decrease
        self.bootstrap = bootstrap
        self.oob_score = oob_score
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start
        self.class_weight = class_weight
        self.ccp_alpha = ccp_alpha
        self.max_samples = max_samples
        self.monotonic_cst = monotonic_cst
        self.max_bins = max_bins
        self.categorical_features = categorical_features
        self.early_stopping = early_stopping
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.max_time = max_time
        self.n_threads = n_threads
