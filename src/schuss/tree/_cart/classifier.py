# SPDX-License-Identifier: BSD-3-Clause
"""DecisionTreeClassifier."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import sklearn.tree
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.multiclass import check_classification_targets

from schuss._labels import class_weights_of_rows, codes_of, encode_labels
from schuss._sklearn import StrOptions
from schuss.callbacks import with_callbacks
from schuss.tree._cart.base import BaseDecisionTree
from schuss.tree._cart.parameters import CONSTRAINTS
from schuss.tree._cart.problem import Target

Array = NDArray[Any]
Float64 = NDArray[np.float64]


class DecisionTreeClassifier(ClassifierMixin, BaseDecisionTree):
    """A decision tree that predicts classes.

    Drop-in for `sklearn.tree.DecisionTreeClassifier`. Finds the same splits, where
    no two are equally good.

    Parameters
    ----------
    criterion : {'gini', 'entropy', 'log_loss'}, default='gini'
        Impurity: Gini's, or Shannon's entropy under two names.
    splitter : {'best', 'random'}, default='best'
        Whether to search for the best threshold of each feature, or to draw one at random.
    max_depth : int or None, default=None
        Largest depth; None for no limit.
    min_samples_split : int or float, default=2
        Least number of rows of a node that may be split, or the share of all rows.
    min_samples_leaf : int or float, default=1
        Least number of rows of a leaf, or the share of all rows.
    min_weight_fraction_leaf : float, default=0.0
        Least weight of a leaf, as share of that of all rows.
    max_features : int, float, 'sqrt', 'log2' or None, default=None
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
    >>> from schuss.tree import DecisionTreeClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, y)
    >>> model.predict(X[:2])
    array([0, 0])
    >>> model.stop_reason_
    'converged'
    """

    # An option of fitting and prediction alone, nothing to be routed.
    __metadata_request__predict_proba = {"check_input": UNUSED}  # noqa: RUF012
    __metadata_request__fit = {"check_input": UNUSED}  # noqa: RUF012

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "criterion": [StrOptions({"gini", "entropy", "log_loss"})],
        "class_weight": [dict, list, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        *,
        criterion: str = "gini",
        splitter: str = "best",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | str | None = None,
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
        self.criterion = criterion
        self.splitter = splitter
        self.max_depth = max_depth
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_features = max_features
        self.random_state = random_state
        self.max_leaf_nodes = max_leaf_nodes
        self.min_impurity_decrease = min_impurity_decrease
        self.class_weight = class_weight
        self.ccp_alpha = ccp_alpha
        self.monotonic_cst = monotonic_cst
        self.max_bins = max_bins
        self.max_time = max_time
        self.n_threads = n_threads

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        check_input: bool = True,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> DecisionTreeClassifier:
        """Grow the tree.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Taken in single precision. NaN is missing: such rows go where it is best for the split.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Classes, of any type that sorts.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Rows of weight zero do not take part.
        check_input : bool, default=True
            Whether to check X and y; without, X must be numbers and fit y.
        X_val, y_val : array-like or None, default=None
            Validation data, whose loss is recorded in ``history_``.
        sample_weight_val : array-like or None, default=None

        Returns
        -------
        self : DecisionTreeClassifier

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C, with the tree of all complete levels in place.
        """
        self._fit(X, y, sample_weight, check_input, X_val, y_val, sample_weight_val)
        return self

    def _encode(self, y: Array) -> Target:
        if y.shape[1] > 1:
            check_classification_targets(y)
        classes, codes = zip(*(encode_labels(y[:, k]) for k in range(y.shape[1])), strict=True)
        n_classes = tuple(map(len, classes))
        single = len(classes) == 1
        self.classes_ = classes[0] if single else list(classes)
        self.n_classes_ = np.intp(n_classes[0]) if single else np.array(n_classes, dtype=np.intp)
        return Target(np.column_stack(codes).astype(np.float64), n_classes)

    def _encode_known(self, y: Array) -> Target:
        classes = [self.classes_] if self.n_outputs_ == 1 else self.classes_
        codes = [codes_of(y[:, k], known) for k, known in enumerate(classes)]
        return Target(np.column_stack(codes).astype(np.float64), tuple(map(len, classes)))

    def _class_factors(self, y: Array) -> Float64 | None:
        if self.class_weight is None:
            return None
        return class_weights_of_rows(self.class_weight, y)

    def predict(self, X: Any, check_input: bool = True) -> Array:
        """Return the class of each row: the most frequent one of its leaf, the first of equals.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        check_input : bool, default=True
            Whether to check X; without, it must be float32.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        codes = self._leaf_values(X, check_input).argmax(axis=2)
        if self.n_outputs_ == 1:
            labels: Array = self.classes_[codes[:, 0]]
            return labels
        result = np.zeros(codes.shape, dtype=self.classes_[0].dtype)
        for k, classes in enumerate(self.classes_):
            result[:, k] = classes[codes[:, k]]
        return result

    def predict_proba(self, X: Any, check_input: bool = True) -> Any:
        """Return the share of each class in the leaf of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        check_input : bool, default=True
            Whether to check X; without, it must be float32.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or a list of n_outputs of them
        """
        shares = self._leaf_values(X, check_input)
        if self.n_outputs_ == 1:
            return shares[:, 0]
        return [shares[:, k, :n] for k, n in enumerate(np.ravel(self.n_classes_))]

    def predict_log_proba(self, X: Any) -> Any:
        """Return the logarithm of `predict_proba`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or a list of n_outputs of them
        """
        shares = self.predict_proba(X)
        with np.errstate(divide="ignore"):
            return np.log(shares) if self.n_outputs_ == 1 else [np.log(share) for share in shares]

    def predict_contributions(self, X: Any) -> Any:
        """Return what each feature contributes to the probabilities of each row: exact Shapley values.

        What the tree says without some of the features is its mean over the training samples that would go either way
        (Lundberg, Erion and Lee, 2018).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes, n_features + 1), or a list of n_outputs of them
            Last the share of the class in the whole training data. All together add up to `predict_proba`.
        """
        shares = self._contributions(X)
        if self.n_outputs_ == 1:
            return shares[:, 0]
        return [shares[:, k, :n] for k, n in enumerate(np.ravel(self.n_classes_))]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


# scikit-learn's plot_tree and export_text, and SHAP, take what is an instance of its class.
sklearn.tree.DecisionTreeClassifier.register(DecisionTreeClassifier)
