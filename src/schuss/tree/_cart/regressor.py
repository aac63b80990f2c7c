# SPDX-License-Identifier: BSD-3-Clause
"""DecisionTreeRegressor."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
import sklearn.tree
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.metadata_routing import UNUSED

from schuss._sklearn import FRIEDMAN_DEPRECATED, Hidden, StrOptions
from schuss.callbacks import with_callbacks
from schuss.tree._cart.base import BaseDecisionTree
from schuss.tree._cart.parameters import CONSTRAINTS
from schuss.tree._cart.problem import Target

Array = NDArray[Any]
Float64 = NDArray[np.float64]


class DecisionTreeRegressor(RegressorMixin, BaseDecisionTree):
    """A decision tree that predicts numbers.

    Drop-in for `sklearn.tree.DecisionTreeRegressor`. Finds the same splits, where
    no two are equally good.

    Parameters
    ----------
    criterion : {'squared_error', 'absolute_error', 'poisson'}, default='squared_error'
        Impurity: variance, mean absolute deviation from the median, or half the Poisson deviance, for which the target
        must not be negative. 'friedman_mse' is deprecated and means 'squared_error'.
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
    >>> from schuss.tree import DecisionTreeRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = DecisionTreeRegressor(max_depth=3, random_state=0).fit(X, y)
    >>> model.predict(X[:2]).shape
    (2,)
    >>> model.get_depth()
    3
    """

    # An option of fitting alone, nothing to be routed.
    __metadata_request__fit = {"check_input": UNUSED}  # noqa: RUF012

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "criterion": [
            StrOptions({"squared_error", "absolute_error", "poisson"}),
            Hidden(StrOptions({"friedman_mse"})),
        ],
    }

    def __init__(
        self,
        *,
        criterion: str = "squared_error",
        splitter: str = "best",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | str | None = None,
        random_state: Any = None,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        ccp_alpha: float = 0.0,
        monotonic_cst: Any = None,
        max_bins: int | None = None,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        if FRIEDMAN_DEPRECATED and isinstance(criterion, str) and criterion == "friedman_mse":
            criterion = "squared_error"
            warnings.warn(
                'Value `"friedman_mse"` for `criterion` is deprecated and will be removed in 1.11. It maps to '
                '`"squared_error"` as both were always equivalent. Use `criterion="squared_error"` to remove this '
                "warning.",
                FutureWarning,
                stacklevel=2,
            )
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
    ) -> DecisionTreeRegressor:
        """Grow the tree.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Taken in single precision. NaN is missing: such rows go where it is best for the split.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Rows of weight zero do not take part.
        check_input : bool, default=True
            Whether to check X and y; without, X must be numbers and fit y.
        X_val, y_val : array-like or None, default=None
            Validation data, whose loss is recorded in ``history_``.
        sample_weight_val : array-like or None, default=None

        Returns
        -------
        self : DecisionTreeRegressor

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
        if self.criterion == "poisson":
            if np.any(y < 0):
                raise ValueError("Some value(s) of y are negative which is not allowed for Poisson regression.")
            if np.sum(y) <= 0:
                raise ValueError("Sum of y is not positive which is necessary for Poisson regression.")
        return Target(np.ascontiguousarray(y, dtype=np.float64))

    def _encode_known(self, y: Array) -> Target:
        if self.criterion == "poisson" and np.any(y < 0):
            raise ValueError("Some value(s) of y_val are negative which is not allowed for Poisson regression.")
        return Target(np.ascontiguousarray(y, dtype=np.float64))

    def predict(self, X: Any, check_input: bool = True) -> Float64:
        """Return the value of each row's leaf: the mean of its targets, or with 'absolute_error' the median.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        check_input : bool, default=True
            Whether to check X; without, it must be float32.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
        """
        values = self._leaf_values(X, check_input)[:, :, 0]
        return values[:, 0] if self.n_outputs_ == 1 else values

    def predict_contributions(self, X: Any) -> Float64:
        """Return what each feature contributes to the prediction for each row: exact Shapley values.

        What the tree says without some of the features is the mean of its leaves' values over the training samples that
        would go either way (Lundberg, Erion and Lee, 2018).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_features + 1)
            For several outputs (n_samples, n_outputs, n_features + 1). Last what is predicted without any feature. All
            together add up to `predict`.
        """
        said = self._contributions(X)[:, :, 0]
        return said[:, 0] if self.n_outputs_ == 1 else said

    def _compute_partial_dependence_recursion(self, grid: Any, target_features: Any) -> Float64:
        """Mean prediction over the rows of training, for `sklearn.inspection.partial_dependence`."""
        grid = np.asarray(grid, dtype=np.float32, order="C")
        averages = np.zeros(len(grid))
        self.tree_.compute_partial_dependence(grid, np.asarray(target_features, dtype=np.intp), averages)
        return averages


# scikit-learn's plot_tree and export_text, and SHAP, take what is an instance of its class.
sklearn.tree.DecisionTreeRegressor.register(DecisionTreeRegressor)
