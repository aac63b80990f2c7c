# SPDX-License-Identifier: BSD-3-Clause
"""What can be asked of a fitted forest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin
from sklearn.utils.validation import check_is_fitted

from schuss import _kernels as kernels
from schuss._inputs import aligned, n_threads_for
from schuss._sklearn import validate_data
from schuss.ensemble._forest.growers import predict
from schuss.ensemble._forest.members import decision_path, feature_importances, make_members, preorder
from schuss.ensemble._forest.sampling import Sampler
from schuss.ensemble._forest.state import ForestState
from schuss.ensemble._inputs import check_table
from schuss.tree._cart.inputs import check_indices, check_values, few_plain_rows, single

Array = NDArray[Any]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]


class FittedForest(MultiOutputMixin, BaseEstimator):
    """Base of `BaseForest`: predictions, explanations and the trees one by one."""

    _member: ClassVar[type]

    def __sklearn_is_fitted__(self) -> bool:
        return "_trees" in vars(self)

    @property
    def _state(self) -> ForestState:
        return ForestState(self._trees, self._node_impurity, self._node_samples, self._tree_seeds)

    def _check_X(self, X: Any) -> Any:
        if self._vocabulary is not None:
            return self._encoded(X, reset=False)
        X = validate_data(self, X, dtype=np.float32, accept_sparse="csr", reset=False, ensure_all_finite=False)
        X = aligned(X)
        check_values(self, X)
        if sp.issparse(X):
            check_indices(X)
        return X

    def _encoded(self, X: Any, *, reset: bool) -> Array:
        """A table with the codes of its categories."""
        X = single(check_table(self, X, reset=reset))
        check_values(self, X)
        return X

    def _means(self, X: Any) -> Float64:
        """Mean over the trees of what their leaves hold."""
        check_is_fitted(self)
        few = self._few_means(X)
        if few is not None:
            return few
        X = self._check_X(X)
        return predict(self._trees, X, n_threads=n_threads_for(self, X))

    def _few_means(self, X: Any) -> Float64 | None:
        """The same for some plain rows, in microseconds; None if X is not that, or has to be looked at."""
        if self._vocabulary is not None or (rows := few_plain_rows(self, X)) is None:
            return None
        return self._trees.predictor.predict_few(rows, divisor=float(max(len(self._trees), 1)), infinite=False)

    def _contributions(self, X: Any) -> Float64:
        """What each feature adds to these means, (n_samples, n_values, n_features + 1)."""
        check_is_fitted(self)
        X, trees = self._check_X(X), self._trees
        return trees.contributions(X, divisor=float(max(len(trees), 1)), n_threads=n_threads_for(self, X))

    def apply(self, X: Any) -> Int64:
        """Return the leaf of each tree that each row ends up in.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_estimators)
            Numbers of the nodes in their trees, as in ``estimators_``.
        """
        leaves, trees = self._leaves(X), self._trees
        return preorder(trees)[leaves + trees.offsets[:-1]]

    def _leaves(self, X: Any) -> Int64:
        """The leaf of each tree that each row ends up in, by our own numbers."""
        check_is_fitted(self)
        X = self._check_X(X)
        return kernels.trees_leaves(self._trees.predictor, X, n_threads=n_threads_for(self, X))

    def decision_path(self, X: Any) -> tuple[Any, Int64]:
        """Return which nodes each row passes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        indicator : CSR matrix of shape (n_samples, n_nodes)
            1 where a row passes a node; the nodes of all trees, one tree after another.
        n_nodes_ptr : ndarray of shape (n_estimators + 1,)
            Where the columns of each tree begin.
        """
        leaves = self._leaves(X)
        return decision_path(self._trees, leaves), self._trees.offsets.copy()

    @property
    def feature_importances_(self) -> Float64:
        """Share of each feature in the decrease of impurity, the mean over the trees.

        It favours features of many values; `sklearn.inspection.permutation_importance` does not.
        """
        check_is_fitted(self)
        return feature_importances(self._trees)

    @property
    def estimators_(self) -> list[Any]:
        """The trees one by one, made when first asked for."""
        if "_trees" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no trees before it is fitted")
        if "_members" not in vars(self):
            self._members = make_members(self, self._state)
        members: list[Any] = self._members
        return members

    @property
    def estimator_(self) -> Any:
        """An unfitted tree with the parameters of those in ``estimators_``."""
        if "_trees" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no trees before it is fitted")
        return self._make_member()

    @property
    def estimator(self) -> Any:
        """An unfitted tree with default parameters."""
        return self._member()

    def _make_member(self) -> Any:
        names = set(self._member._parameter_constraints) & set(self.get_params(deep=False))  # type: ignore[attr-defined]
        shared = names - {"random_state", "class_weight", "max_time", "n_threads", "max_bins"}
        return self._member(**{name: getattr(self, name) for name in sorted(shared)})

    @property
    def estimators_samples_(self) -> list[NDArray[np.int32]]:
        """The rows that each tree was grown on, drawn again at each call."""
        check_is_fitted(self)
        sampler = Sampler(self._n_samples, self._sample_weight, self._n_samples_bootstrap)
        return [sampler.rows(seed) for seed in self._tree_seeds.tolist()]

    def __len__(self) -> int:
        """Number of trees."""
        return len(self._tree_seeds)

    def __getitem__(self, index: int) -> Any:
        """Return one tree."""
        return self.estimators_[index]

    def __iter__(self) -> Iterator[Any]:
        """Go through the trees."""
        return iter(self.estimators_)

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_members"}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        return tags
