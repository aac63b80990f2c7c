# SPDX-License-Identifier: BSD-3-Clause
"""What all forests share: fitting, and what can be asked of a fitted forest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar
from warnings import warn

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import check_array, check_consistent_length, check_random_state
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from schuss import _kernels as kernels
from schuss._inputs import check_parameters, n_threads_for
from schuss._sklearn import check_sample_weight, validate_data
from schuss.callbacks import CallbackSupport, FitTask
from schuss.ensemble._categories import categorical_mask
from schuss.ensemble._forest.curves import Average
from schuss.ensemble._forest.fit import ForestFit, Stopping
from schuss.ensemble._forest.growers import ExactGrower, predict
from schuss.ensemble._forest.members import decision_path, feature_importances, make_members, preorder
from schuss.ensemble._forest.parameters import options_of
from schuss.ensemble._forest.sampling import Sampler, n_samples_drawn
from schuss.ensemble._forest.state import ForestState
from schuss.ensemble._inputs import check_table
from schuss.training import Outcome
from schuss.tree._cart.inputs import check_indices, check_training_data, check_values, few_plain_rows, single
from schuss.tree._histogram.grower import BinnedGrower
from schuss.tree._histogram.targets import Target
from schuss.validation import check_given, sample_rows

Array = NDArray[Any]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_MAX_SEED = np.iinfo(np.int32).max
_WATCHED_ROWS = 2048  # of the training rows, for the curve of the training loss
_EXACT_ONLY = ("absolute_error",)


class BaseForest(CallbackSupport, MultiOutputMixin, BaseEstimator, ABC):
    """Base of the four forests; see `RandomForestClassifier`."""

    _member: ClassVar[type]
    _random_splits: ClassVar[bool] = False

    # ---------------------------------------------------------------- what classes and numbers have of their own

    @abstractmethod
    def _encode(self, y: Array, sample_weight: Float64 | None) -> tuple[Target, Float64 | None]:
        """Number the classes, if there are any; the target, and factors of the rows' weights."""

    @abstractmethod
    def _encode_known(self, y: Array) -> Target:
        """Encode as in training."""

    def _balance(self, y: Array) -> Any:
        """From drawn rows to factors of all rows' weights, or None."""
        return None

    @abstractmethod
    def _publish_out_of_bag(self, means: Float64) -> Array:
        """Set the attribute of out-of-bag predictions, and return those that are scored."""

    @abstractmethod
    def _score_out_of_bag(self, y: Array, predicted: Array) -> float:
        """The score that ``oob_score=True`` means."""

    # ---------------------------------------------------------------- fitting

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, X_val: Any = None, y_val: Any = None, sample_weight_val: Any = None
    ) -> None:
        check_parameters(self)
        X, y = self._check_data(X, y)
        weight = check_sample_weight(sample_weight, X, dtype=np.float64, non_negative=not self._is_exact)
        target, factors = self._encode(y, weight)
        if factors is not None:
            weight = factors if weight is None else weight * factors
        self._sample_weight = weight
        self._n_samples_bootstrap = self._check_bootstrap(len(y), weight, target)
        earlier = self._earlier()
        seeds = self._draw_seeds(earlier)
        sampler = Sampler(len(y), weight, self._n_samples_bootstrap, self._balance(y) if self.bootstrap else None)
        if len(seeds) == 0:
            warn("Warm-start fitting without increasing n_estimators does not fit new trees.", stacklevel=3)
            if self.oob_score and not hasattr(self, "oob_score_"):
                self._out_of_bag = self._out_of_bag_so_far(X, target, sampler)
                self._set_oob_score_and_attributes(X, self._y_of(target), *self._own_scoring())
                del self._out_of_bag
            return
        self._grow(X, target, weight, sampler, seeds, earlier, self._held_out(X_val, y_val, sample_weight_val), y)

    def _check_data(self, X: Any, y: Any) -> tuple[Any, Array]:
        if sp.issparse(y):
            raise ValueError("sparse multilabel-indicator for y is not supported.")
        self.is_categorical_ = self._vocabulary = None
        if self._is_exact and categorical_mask(X, self.categorical_features) is not None:
            raise ValueError("categorical_features needs max_bins, and a criterion other than 'absolute_error'.")
        if self._is_exact or self.categorical_features is None:
            X, y = check_training_data(self, X, y)
        else:
            X, y = self._encoded(X, reset=True), check_array(y, ensure_2d=False, dtype=None, input_name="y")
        y = np.atleast_1d(y)
        if y.ndim == 2 and y.shape[1] == 1:
            warn(
                "A column-vector y was passed when a 1d array was expected. Please change the shape of y to "
                "(n_samples,), for example using ravel().",
                DataConversionWarning,
                stacklevel=4,
            )
        check_consistent_length(X, y)
        y = y.reshape(-1, 1) if y.ndim == 1 else y
        self._n_samples, self.n_outputs_ = y.shape
        return X, y

    @property
    def _is_exact(self) -> bool:
        """Whether trees search the values themselves."""
        return self.max_bins is None or self.criterion in _EXACT_ONLY

    def _encoded(self, X: Any, *, reset: bool) -> Array:
        """A table with the codes of its categories."""
        X = single(check_table(self, X, reset=reset))
        check_values(self, X)
        return X

    def _check_bootstrap(self, n: int, weight: Float64 | None, target: Target) -> int | None:
        """Size of the bootstrap samples, None without; raise what cannot be meant."""
        if not self.bootstrap:
            if self.max_samples is not None:
                raise ValueError(
                    "`max_sample` cannot be set if `bootstrap=False`. Either switch to `bootstrap=True` or set "
                    "`max_sample=None`."
                )
            if self.oob_score:
                raise ValueError("Out of bag estimation only available if bootstrap=True")
            return None
        if self.oob_score:
            kind = type_of_target(self._y_of(target))
            if kind == "unknown" or (hasattr(target, "codes") and kind == "multiclass-multioutput"):
                raise ValueError(
                    f"The type of target cannot be used to compute OOB estimates. Got {kind} while only the following "
                    "are supported: continuous, continuous-multioutput, binary, multiclass, multilabel-indicator."
                )
        return n_samples_drawn(n, self.max_samples, weight)

    @staticmethod
    def _y_of(target: Target) -> Array:
        return target.codes if hasattr(target, "codes") else target.y

    def _earlier(self) -> ForestState | None:
        """The trees to go on from."""
        earlier = self._state if self.warm_start and "_trees" in vars(self) else None
        if earlier is not None and earlier.trees.n_features != self.n_features_in_:
            raise ValueError(
                f"X has {self.n_features_in_} features, but the trees to go on from were grown on "
                f"{earlier.trees.n_features}."
            )
        return earlier

    def _draw_seeds(self, earlier: ForestState | None) -> Int64:
        """Seeds of the trees that are still to be grown: those that a fit in one go would have used."""
        n_earlier = 0 if earlier is None else len(earlier.seeds)
        if self.n_estimators < n_earlier:
            raise ValueError(
                f"n_estimators={self.n_estimators} must be larger or equal to len(estimators_)={n_earlier} when "
                "warm_start==True"
            )
        random_state = check_random_state(self.random_state)
        random_state.randint(_MAX_SEED, size=n_earlier)
        return random_state.randint(_MAX_SEED, size=self.n_estimators - n_earlier).astype(np.int64)

    def _grow(
        self,
        X: Any,
        target: Target,
        weight: Float64 | None,
        sampler: Sampler,
        seeds: Int64,
        earlier: ForestState | None,
        held_out: tuple[Any, Target, Float64 | None] | None,
        y: Array,
    ) -> None:
        n_threads = n_threads_for(self, X)
        grower = self._grower(X, target, weight, sampler, n_threads)
        curves, baseline = self._curves(grower, X, target, weight, sampler, earlier, held_out)
        fit = ForestFit(
            grower, sampler, seeds, n_samples=self._n_samples, n_threads=n_threads, curves=curves, baseline=baseline
        )
        known = {name: getattr(self, name) for name in ("classes_", "n_classes_", "n_outputs_") if hasattr(self, name)}

        def state() -> ForestState:
            return ForestState.of(earlier, fit.trees, seeds, self.n_features_in_, target.n_values, grower)

        def attributes() -> Mapping[str, Any]:
            return {**known, **state().attributes()}

        task = FitTask(self, X, y, self._sample_weight, max_iter=len(seeds), attributes=attributes, task_name="tree")
        stopping = self._stopping(baseline, held_out is not None)
        self.history_ = fit.history  # for callbacks to see
        outcome = fit.run(task, max_time=self.max_time, verbose=self.verbose, stopping=stopping)
        if fit.trees or earlier is not None:
            self._publish(fit, state(), outcome)
        if outcome.interrupt is not None:
            raise outcome.interrupt
        if self.oob_score:
            self._out_of_bag = curves["oob"]
            self._set_oob_score_and_attributes(X, self._y_of(target), *self._own_scoring())
            del self._out_of_bag
        task.end()

    def _grower(self, X: Any, target: Target, weight: Float64 | None, sampler: Sampler, n_threads: int) -> Any:
        n_classes = target.n_classes if hasattr(target, "n_classes") else None
        options = options_of(self, self._n_samples, n_classes, random_splits=self._random_splits)
        if self._is_exact:
            return ExactGrower(_by_row(X), self._y_of(target), target, options, n_threads=n_threads)
        return BinnedGrower(
            X, target, options, sampler.sum_bits, max_bins=self.max_bins, is_categorical=self.is_categorical_,
            weight=weight, n_threads=n_threads,
        )  # fmt: skip

    def _curves(
        self,
        grower: Any,
        X: Any,
        target: Target,
        weight: Float64 | None,
        sampler: Sampler,
        earlier: ForestState | None,
        held_out: tuple[Any, Target, Float64 | None] | None,
    ) -> tuple[dict[str, Average], dict[str, float]]:
        """What is measured after each tree, and what a constant would have got."""
        n = self._n_samples
        rows = sample_rows(n, _WATCHED_ROWS, 0)
        rows = np.arange(n) if rows is None else rows
        X = _by_row(X)
        watched = target.take(rows)
        some_weight = None if weight is None else weight[rows]
        curves = {"training": Average(grower.rows(X[rows]), watched, some_weight)}
        guess = target.mean(weight)[None]
        baseline = {
            "training_loss": _mean(target.losses(np.repeat(guess, n, axis=0)), weight),
            "training_samples": float(len(rows)),
            "training_score": target.score(np.repeat(guess, n, axis=0), weight=weight),
        }
        if self.oob_score or (self.early_stopping and held_out is None):
            if not self.bootstrap:
                raise ValueError("early_stopping needs X_val and y_val, or rows out of bag: bootstrap=True.")
            curves["oob"] = Average(grower.training_rows(), target, weight, out_of_bag=True)
            baseline |= {"validation_loss": baseline["training_loss"], "validation_samples": float(n)}
        if held_out is not None:
            X_val, target_val, weight_val = held_out
            curves["validation"] = Average(grower.rows(X_val), target_val, weight_val)
            repeated = np.repeat(guess, X_val.shape[0], axis=0)
            baseline["validation_loss"] = _mean(target_val.losses(repeated), weight_val)
            baseline["validation_samples"] = float(X_val.shape[0])
        if earlier is not None:
            tables = {"training": X[rows], "oob": X, "validation": held_out[0] if held_out else None}
            for name, average in curves.items():
                average.start_from(earlier, tables[name], sampler)
        return curves, baseline

    def _stopping(self, baseline: Mapping[str, float], validated: bool) -> Stopping | None:
        if not self.early_stopping:
            return None
        return Stopping("validation_loss", self.tol * baseline["validation_loss"], self.n_iter_no_change)

    def _held_out(self, X: Any, y: Any, sample_weight: Any) -> tuple[Any, Target, Float64 | None] | None:
        """Validation data, checked."""
        if not check_given(X, y, sample_weight):
            return None
        X, y = self._check_X(X), np.asarray(y)
        check_consistent_length(X, y)
        target = self._encode_known(y.reshape(-1, 1) if y.ndim < 2 else y)
        return X, target, check_sample_weight(sample_weight, X, dtype=np.float64)

    def _publish(self, fit: ForestFit, state: ForestState, outcome: Outcome) -> None:
        for name, value in state.attributes().items():
            setattr(self, name, value)
        self.__dict__.pop("_members", None)
        self.history_ = fit.history
        self.stop_reason_ = str(outcome.reason)

    # ---------------------------------------------------------------- out of bag

    def _own_scoring(self) -> tuple[Any, ...]:
        return (self.oob_score,) if callable(self.oob_score) else ()

    def _out_of_bag_so_far(self, X: Any, target: Target, sampler: Sampler) -> Average:
        average = Average(None, target, None, out_of_bag=True)
        average.start_from(self._state, _by_row(X), sampler)
        return average

    def _set_oob_score_and_attributes(self, X: Any, y: Array, scoring_function: Any = None) -> None:
        """Publish what the trees say about rows that they were not grown on."""
        average = self._out_of_bag
        if (average.counts == 0).any():
            warn(
                "Some inputs do not have OOB scores. This probably means too few trees were used to compute any "
                "reliable OOB estimates.",
                UserWarning,
                stacklevel=5,
            )
        predicted = self._publish_out_of_bag(average.means())
        y = y[:, 0] if y.shape[1] == 1 else y
        score = self._score_out_of_bag if scoring_function is None else scoring_function
        self.oob_score_ = score(y, predicted)

    # ---------------------------------------------------------------- what can be asked

    def __sklearn_is_fitted__(self) -> bool:
        return "_trees" in vars(self)

    @property
    def _state(self) -> ForestState:
        return ForestState(self._trees, self._node_impurity, self._node_samples, self._tree_seeds)

    def _check_X(self, X: Any) -> Any:
        if self._vocabulary is not None:
            return self._encoded(X, reset=False)
        X = validate_data(self, X, dtype=np.float32, accept_sparse="csr", reset=False, ensure_all_finite=False)
        check_values(self, X)
        if sp.issparse(X):
            check_indices(X)
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


def _by_row(X: Any) -> Any:
    return X.tocsr() if sp.issparse(X) else X


def _mean(losses: Float64, weight: Float64 | None) -> float:
    return float(np.average(losses, weights=weight))
