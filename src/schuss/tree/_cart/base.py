# SPDX-License-Identifier: BSD-3-Clause
"""What all single trees share: fitting, and what can be asked of a fitted tree."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, clone
from sklearn.utils import Bunch, check_random_state
from sklearn.utils.metadata_routing import UNUSED
from sklearn.utils.validation import check_is_fitted

from schuss import _kernels as kernels
from schuss._inputs import aligned, check_parameters, n_threads_for
from schuss._sklearn import (
    check_array,
    check_n_features,
    check_sample_weight,
    pruning_path,
    tree_columns,
    validate_data,
)
from schuss.callbacks import CallbackSupport, FitTask
from schuss.training import Outcome
from schuss.tree._cart.growth import Growth
from schuss.tree._cart.held_out import HeldOut
from schuss.tree._cart.inputs import check_indices, check_training_data, check_values, few_plain_rows, single
from schuss.tree._cart.parameters import constraint_signs, limits_of
from schuss.tree._cart.problem import Target
from schuss.tree._cart.start import start_tree
from schuss.tree._cart.views import Views
from schuss.tree._nodes import Trees
from schuss.validation import check_given

Array = NDArray[Any]
Float64 = NDArray[np.float64]

# By estimator, and not in it: what can be made again is no state.
_made: WeakKeyDictionary[Any, Views] = WeakKeyDictionary()

_OTHER_NAMES = {"log_loss": "entropy", "friedman_mse": "squared_error"}


class BaseDecisionTree(CallbackSupport, MultiOutputMixin, BaseEstimator, ABC):
    """Base of the four trees; see `DecisionTreeClassifier`."""

    criterion: str
    max_bins: int | None
    _always_takes_missing = True

    # An option of prediction alone, nothing to be routed.
    __metadata_request__predict = {"check_input": UNUSED}  # noqa: RUF012

    @abstractmethod
    def _encode(self, y: Array) -> Target:
        """Number the classes, if there are any, and set what is known of the target."""

    @abstractmethod
    def _encode_known(self, y: Array) -> Target:
        """Number the classes as in training."""

    def _class_factors(self, y: Array) -> Float64 | None:
        """Factors of the rows' weights, or None."""
        return None

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        check_input: bool,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> None:
        check_parameters(self)
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        X, y = check_training_data(self, X, y) if check_input else self._as_it_is(X, y)
        target = self._check_target(np.asarray(y), X.shape[0])
        weight = self._weigh(X, y, sample_weight)
        limits = limits_of(self, X.shape[0], X.shape[1], X.shape[0] if weight is None else float(weight.sum()))
        signs = constraint_signs(self, target.n_classes, target.n_outputs)
        held_out = None
        if check_given(X_val, y_val, sample_weight_val):
            held_out = self._hold_out(X_val, y_val, sample_weight_val)
        self.max_features_ = limits.max_features
        n_threads, criterion = n_threads_for(self, X), _OTHER_NAMES.get(self.criterion, self.criterion)
        tree = start_tree(
            self, X, target, weight, criterion, limits=limits, signs=signs, seed=seed, n_threads=n_threads
        )
        growth = Growth(tree, target, X.shape[1], max_leaves=limits.max_leaves, held_out=held_out)
        task = self._task(growth, X, y, sample_weight)
        self._publish(growth, growth.run(task, max_time=self.max_time))
        task.end()

    def _as_it_is(self, X: Any, y: Any) -> tuple[Any, Array]:
        """Take data unchecked, in the precision that trees work in."""
        X = sp.csc_matrix(X, dtype=np.float32) if sp.issparse(X) else single(np.asarray(X))
        if sp.issparse(X):
            X.sort_indices()
        self.n_features_in_ = X.shape[1]
        return X, np.asarray(y)

    def _check_target(self, y: Array, n_samples: int) -> Target:
        y = y.reshape(-1, 1) if y.ndim < 2 else y
        self.n_outputs_ = y.shape[1]
        target = self._encode(y)
        if len(y) != n_samples:
            raise ValueError(f"Number of labels={len(y)} does not match number of samples={n_samples}")
        return target

    def _weigh(self, X: Any, y: Array, sample_weight: Any) -> Float64 | None:
        weight = check_sample_weight(sample_weight, X, dtype=np.float64)
        factors = self._class_factors(y)
        if factors is None or weight is None:
            return weight if factors is None else factors
        return np.asarray(factors * weight)

    def _hold_out(self, X: Any, y: Any, sample_weight: Any) -> HeldOut:
        X = self._check_X(X, check_input=True)
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y_val")
        target = self._encode_known(y.reshape(-1, 1) if y.ndim < 2 else y)
        if target.y.shape != (X.shape[0], self.n_outputs_):
            raise ValueError(f"y_val has the shape {y.shape} where X_val has {X.shape[0]} rows")
        weight = check_sample_weight(sample_weight, X, dtype=np.float64)
        return HeldOut(X, target, weight, _OTHER_NAMES.get(self.criterion, self.criterion))

    def _task(self, growth: Growth, X: Any, y: Any, sample_weight: Any) -> FitTask:
        known = ("classes_", "n_classes_", "n_outputs_", "max_features_")
        there = {name: getattr(self, name) for name in known if hasattr(self, name)}

        def attributes() -> Mapping[str, Any]:
            return {**there, "tree_": growth.publish()}

        return FitTask(self, X, y, sample_weight, max_iter=self.max_depth, attributes=attributes, task_name="level")

    @property
    def tree_(self) -> Any:
        """scikit-learn's own tree, made of the nodes when it is first asked for."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"'{type(self).__name__}' object has no attribute 'tree_'")
        return self._views().tree

    @tree_.setter
    def tree_(self, tree: Any) -> None:
        self._nodes = tree_columns(tree)
        _made[self] = Views(self._nodes, tree.n_features, tree.n_classes, tree)

    def _views(self) -> Views:
        views = _made.get(self)
        if views is None or views.nodes is not self._nodes:
            n_classes = np.ones(self.n_outputs_, dtype=np.intp)
            if hasattr(self, "n_classes_"):
                n_classes = np.atleast_1d(self.n_classes_).astype(np.intp)
            views = _made[self] = Views(self._nodes, self.n_features_in_, n_classes)
        return views

    def _publish(self, growth: Growth, outcome: Outcome) -> None:
        if outcome.interrupt is not None and not growth.planted:
            raise outcome.interrupt
        self.tree_ = growth.prune(self.ccp_alpha) if self.ccp_alpha > 0.0 else growth.publish()
        self.history_ = growth.history
        self.stop_reason_ = str(outcome.reason)
        if outcome.interrupt is not None:
            raise outcome.interrupt

    def _check_X(self, X: Any, check_input: bool) -> Any:
        if not check_input:
            check_n_features(self, X, reset=False)
            return X if sp.issparse(X) else single(np.asarray(X))
        X = validate_data(self, X, dtype=np.float32, accept_sparse="csr", reset=False, ensure_all_finite=False)
        X = aligned(X)
        check_values(self, X)
        if sp.issparse(X):
            check_indices(X)
        return X

    def _leaf_values(self, X: Any, check_input: bool) -> Float64:
        """Values of the leaves that rows end up in (n_samples, n_outputs, n_values)."""
        check_is_fitted(self)
        trees, n_outputs = self._views().trees, self.n_outputs_
        few = self._few(X, trees)
        if few is None:
            X = self._check_X(X, check_input)
            few = kernels.trees_predict(trees.predictor, X, n_threads=n_threads_for(self, X))
        return few.reshape(len(few), n_outputs, -1)

    def _few(self, X: Any, trees: Trees) -> Float64 | None:
        """The same for some plain rows, in microseconds; None if X is not that, or has to be looked at."""
        if (rows := few_plain_rows(self, X)) is None:
            return None
        missing = self._always_takes_missing or self.splitter == "random"
        return trees.predictor.predict_few(rows, missing=missing, infinite=False)

    def _contributions(self, X: Any) -> Float64:
        """What each feature adds to these values, (n_samples, n_outputs, n_values, n_features + 1)."""
        check_is_fitted(self)
        X = self._check_X(X, check_input=True)
        said = self._views().trees.contributions(X, n_threads=n_threads_for(self, X))
        return said.reshape(len(said), self.n_outputs_, -1, said.shape[2])

    def get_depth(self) -> int:
        """Return the depth of the tree: the longest way from the root to a leaf.

        Returns
        -------
        int
            0 for a tree that is nothing but its root.
        """
        check_is_fitted(self)
        return int(self.tree_.max_depth)

    def get_n_leaves(self) -> int:
        """Return the number of leaves.

        Returns
        -------
        int
        """
        check_is_fitted(self)
        return int(self.tree_.n_leaves)

    def apply(self, X: Any, check_input: bool = True) -> NDArray[np.int64]:
        """Return the node, a leaf, that each row ends up in.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        check_input : bool, default=True
            Whether to check X; without, it must be float32.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        check_is_fitted(self)
        X, views = self._check_X(X, check_input), self._views()
        found = kernels.trees_leaves(views.trees.predictor, X, n_threads=n_threads_for(self, X))
        return views.order[found[:, 0]]

    def decision_path(self, X: Any, check_input: bool = True) -> Any:
        """Return which nodes each row passes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        check_input : bool, default=True
            Whether to check X; without, it must be float32.

        Returns
        -------
        CSR matrix of shape (n_samples, n_nodes)
            1 where a row passes a node.
        """
        check_is_fitted(self)
        return self.tree_.decision_path(self._check_X(X, check_input))

    def cost_complexity_pruning_path(self, X: Any, y: Any, sample_weight: Any = None) -> Bunch:
        """Compute the path of minimal cost-complexity pruning (Breiman et al., 1984, chapter 3).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,) or None, default=None

        Returns
        -------
        Bunch
            ``ccp_alphas``, the alphas at which a subtree is pruned away, and ``impurities``, the weighted impurity of
            the leaves that remain.
        """
        whole = clone(self).set_params(ccp_alpha=0.0)
        return Bunch(**pruning_path(whole.fit(X, y, sample_weight=sample_weight).tree_))

    @property
    def feature_importances_(self) -> Float64:
        """Share of each feature in the decrease of impurity.

        It favours features of many values; `sklearn.inspection.permutation_importance` does not.
        """
        check_is_fitted(self)
        importances: Float64 = self.tree_.compute_feature_importances()
        return importances

    def __sklearn_is_fitted__(self) -> bool:
        return "_nodes" in self.__dict__

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = self._always_takes_missing or self.splitter == "random"
        return tags
