# SPDX-License-Identifier: BSD-3-Clause
"""ExtraTreeClassifier and ExtraTreeRegressor: decision trees with other defaults."""

from __future__ import annotations

from typing import Any

from schuss.tree._cart.classifier import DecisionTreeClassifier
from schuss.tree._cart.regressor import DecisionTreeRegressor


class ExtraTreeClassifier(DecisionTreeClassifier):
    """A decision tree with thresholds drawn at random, for ensembles.

    Drop-in for `sklearn.tree.ExtraTreeClassifier`. Geurts, Ernst and Wehenkel (2006), "Extremely randomized trees".

    Parameters
    ----------
    criterion : {'gini', 'entropy', 'log_loss'}, default='gini'
        Impurity: Gini's, or Shannon's entropy under two names.
    splitter : {'best', 'random'}, default='random'
        Whether to search for the best threshold of each feature, or to draw one at random.
    max_depth : int or None, default=None
        Largest depth; None for no limit.
    min_samples_split : int or float, default=2
        Least number of rows of a node that may be split, or the share of all rows.
    min_samples_leaf : int or float, default=1
        Least number of rows of a leaf, or the share of all rows.
    min_weight_fraction_leaf : float, default=0.0
        Least weight of a leaf, as share of that of all rows.
    max_features : int, float, 'sqrt', 'log2' or None, default='sqrt'
        How many features, drawn at random, a node looks at; a float is a share, None means all. If they are all
        constant in the node, it draws on until one is not.
    random_state : int, RandomState instance or None, default=None
        Source of the features and thresholds drawn. Of equally good splits the one by the first feature is taken, so
        that a tree of all features and best thresholds does not depend on it.
    max_leaf_nodes : int or None, default=None
        Largest number of leaves: the tree then grows best first, else level by level.
    min_impurity_decrease : float, default=0.0
        Least decrease of the tree's impurity, weighted by rows, that a split must bring.
    class_weight : dict, list of dict, 'balanced' or None, default=None
        Weights of the classes, which multiply those of the rows; 'balanced' makes all classes weigh the same.
    ccp_alpha : float, default=0.0
        Strength of minimal cost-complexity pruning once the tree is grown.
    monotonic_cst : array-like of int of shape (n_features,) or None, default=None
        1 if the probability of the second class must not fall with the feature, -1 if it must not rise, 0 for
        no constraint.
    max_bins : int or None, default=None
        If given, 2 to 255: thresholds are looked for among the bounds of so many bins of each feature, by sums per
        bin. Up to twice as fast on many rows, and a guard against thresholds that fit single ones. It grows in one
        go: Ctrl-C keeps the splits made so far, some branches whole and others not begun. With ``monotonic_cst`` or
        ``max_time`` it grows level by level, and slower.
    max_time : float or None, default=None
        Seconds after which the tree is not grown any further.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,), or a list of them
    n_classes_ : int, or ndarray of shape (n_outputs,)
    max_features_ : int
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    n_outputs_ : int
    feature_importances_ : ndarray of shape (n_features,)
    tree_ : sklearn.tree._tree.Tree
        The nodes, as scikit-learn's own functions want them: `sklearn.tree.plot_tree`, `export_text`, SHAP.
    history_ : History
        Per level, or per split or some of them if it grows best first: data_loss (mean log loss), impurity,
        n_leaves, depth and seconds; with validation data also validation_loss. With
        ``ccp_alpha`` a last record is of the pruned tree.
    stop_reason_ : str
        'converged' once no leaf may be split, 'max_time', 'callback' or 'interrupted'.

    Notes
    -----
    Breiman, Friedman, Olshen and Stone (1984), "Classification and regression trees". Rows are sorted by every feature
    once, and each split divides these orders without changing them.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from schuss.tree import ExtraTreeClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = ExtraTreeClassifier(max_depth=3, random_state=0).fit(X, y)
    >>> model.predict(X[:2]).shape
    (2,)
    >>> model.stop_reason_
    'converged'
    """

    _always_takes_missing = False

    def __init__(
        self,
        *,
        criterion: str = "gini",
        splitter: str = "random",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | str | None = "sqrt",
        random_state: Any = None,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        class_weight: Any = None,
        ccp_alpha: float = 0.0,
        monotonic_cst: Any = None,
        max_bins: int | None = None,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        super().__init__(
            criterion=criterion,
            splitter=splitter,
            max_depth=max_depth,
            min_samples_split=min_samples_split,
            min_samples_leaf=min_samples_leaf,
            min_weight_fraction_leaf=min_weight_fraction_leaf,
            max_features=max_features,
            random_state=random_state,
            max_leaf_nodes=max_leaf_nodes,
            min_impurity_decrease=min_impurity_decrease,
            class_weight=class_weight,
            ccp_alpha=ccp_alpha,
            monotonic_cst=monotonic_cst,
            max_bins=max_bins,
            max_time=max_time,
            n_threads=n_threads,
        )


class ExtraTreeRegressor(DecisionTreeRegressor):
    """A decision tree with thresholds drawn at random, for ensembles.

    Drop-in for `sklearn.tree.ExtraTreeRegressor`. Geurts, Ernst and Wehenkel (2006), "Extremely randomized trees".

    Parameters
    ----------
    criterion : {'squared_error', 'absolute_error', 'poisson'}, default='squared_error'
        Impurity: variance, mean absolute deviation from the median, or half the Poisson deviance, for which the target
        must not be negative. 'friedman_mse' is deprecated and means 'squared_error'.
    splitter : {'best', 'random'}, default='random'
        Whether to search for the best threshold of each feature, or to draw one at random.
    max_depth : int or None, default=None
        Largest depth; None for no limit.
    min_samples_split : int or float, default=2
        Least number of rows of a node that may be split, or the share of all rows.
    min_samples_leaf : int or float, default=1
        Least number of rows of a leaf, or the share of all rows.
    min_weight_fraction_leaf : float, default=0.0
        Least weight of a leaf, as share of that of all rows.
    max_features : int, float, 'sqrt', 'log2' or None, default=1.0
        How many features, drawn at random, a node looks at; a float is a share, None means all. If they are all
        constant in the node, it draws on until one is not.
    random_state : int, RandomState instance or None, default=None
        Source of the features and thresholds drawn. Of equally good splits the one by the first feature is taken, so
        that a tree of all features and best thresholds does not depend on it.
    min_impurity_decrease : float, default=0.0
        Least decrease of the tree's impurity, weighted by rows, that a split must bring.
    max_leaf_nodes : int or None, default=None
        Largest number of leaves: the tree then grows best first, else level by level.
    ccp_alpha : float, default=0.0
        Strength of minimal cost-complexity pruning once the tree is grown.
    monotonic_cst : array-like of int of shape (n_features,) or None, default=None
        1 if the prediction must not fall with the feature, -1 if it must not rise, 0 for no constraint.
    max_bins : int or None, default=None
        If given, 2 to 255: thresholds are looked for among the bounds of so many bins of each feature, by sums per
        bin. Up to twice as fast on many rows, and a guard against thresholds that fit single ones. It grows in one
        go: Ctrl-C keeps the splits made so far, some branches whole and others not begun. With 'absolute_error',
        ``monotonic_cst`` or ``max_time`` it grows level by level, and slower.
    max_time : float or None, default=None
        Seconds after which the tree is not grown any further.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend on it.

    Attributes
    ----------
    max_features_ : int
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    n_outputs_ : int
    feature_importances_ : ndarray of shape (n_features,)
    tree_ : sklearn.tree._tree.Tree
        The nodes, as scikit-learn's own functions want them: `sklearn.tree.plot_tree`, `export_text`, SHAP.
    history_ : History
        Per level, or per split or some of them if it grows best first: data_loss (the impurity), impurity,
        n_leaves, depth and seconds; with validation data also validation_loss. With
        ``ccp_alpha`` a last record is of the pruned tree.
    stop_reason_ : str
        'converged' once no leaf may be split, 'max_time', 'callback' or 'interrupted'.

    Notes
    -----
    Breiman, Friedman, Olshen and Stone (1984), "Classification and regression trees". Rows are sorted by every feature
    once, and each split divides these orders without changing them.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from schuss.tree import ExtraTreeRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = ExtraTreeRegressor(max_depth=3, random_state=0).fit(X, y)
    >>> model.predict(X[:2]).shape
    (2,)
    >>> model.get_depth()
    3
    """

    _always_takes_missing = False

    def __init__(
        self,
        *,
        criterion: str = "squared_error",
        splitter: str = "random",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | str | None = 1.0,
        random_state: Any = None,
        min_impurity_decrease: float = 0.0,
        max_leaf_nodes: int | None = None,
        ccp_alpha: float = 0.0,
        monotonic_cst: Any = None,
        max_bins: int | None = None,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        super().__init__(
            criterion=criterion,
            splitter=splitter,
            max_depth=max_depth,
            min_samples_split=min_samples_split,
            min_samples_leaf=min_samples_leaf,
            min_weight_fraction_leaf=min_weight_fraction_leaf,
            max_features=max_features,
            random_state=random_state,
            min_impurity_decrease=min_impurity_decrease,
            max_leaf_nodes=max_leaf_nodes,
            ccp_alpha=ccp_alpha,
            monotonic_cst=monotonic_cst,
            max_bins=max_bins,
            max_time=max_time,
            n_threads=n_threads,
        )
