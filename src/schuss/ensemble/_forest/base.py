# SPDX-License-Identifier: BSD-3-Clause
"""What all forests share when they are fitted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar
from warnings import warn

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.exceptions import DataConversionWarning
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.multiclass import type_of_target

from schuss._categories import categorical_mask
from schuss._inputs import check_parameters, n_threads_for
from schuss._sklearn import check_array, check_sample_weight
from schuss.callbacks import CallbackSupport, FitTask
from schuss.ensemble._forest.curves import Average
from schuss.ensemble._forest.fit import ForestFit, Stopping
from schuss.ensemble._forest.growers import ExactGrower, by_row
from schuss.ensemble._forest.out_of_bag import OutOfBag
from schuss.ensemble._forest.parameters import options_of
from schuss.ensemble._forest.part import Part
from schuss.ensemble._forest.sampling import Sampler, n_samples_drawn
from schuss.ensemble._forest.state import ForestState
from schuss.ensemble._inputs import check_goes_on
from schuss.training import Outcome
from schuss.tree._cart.inputs import check_training_data
from schuss.tree._histogram.grower import BinnedGrower
from schuss.tree._histogram.targets import Target
from schuss.validation import check_given, sample_rows

Array = NDArray[Any]
Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

_MAX_SEED = np.iinfo(np.int32).max
_WATCHED_ROWS = 2048  # of the training rows, for the curve of the training loss
_EXACT_ONLY = ("absolute_error",)


class BaseForest(CallbackSupport, OutOfBag, ABC):
    """Base of the four forests; see `RandomForestClassifier`."""

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

    # ---------------------------------------------------------------- fitting

    def _fit(
        self, X: Any, y: Any, sample_weight: Any, X_val: Any = None, y_val: Any = None, sample_weight_val: Any = None
    ) -> None:
        check_parameters(self)
        earlier = self._state if self.warm_start and "_trees" in vars(self) else None
        before = dict(vars(self))
        X, y = self._check_data(X, y)
        weight = check_sample_weight(sample_weight, X, dtype=np.float64, non_negative=not self._is_exact)
        target, factors = self._encode(y, weight)
        if factors is not None:
            weight = factors if weight is None else weight * factors
        self._sample_weight = weight
        self._n_samples_bootstrap = self._check_bootstrap(len(y), weight, target)
        seeds = self._draw_seeds(earlier)
        if earlier is not None and len(seeds):
            check_goes_on(self, before)
        sampler = Sampler(len(y), weight, self._n_samples_bootstrap, self._balance(y) if self.bootstrap else None)
        if len(seeds) == 0:
            warn("Warm-start fitting without increasing n_estimators does not fit new trees.", stacklevel=3)
            if self.oob_score and not hasattr(self, "oob_score_"):
                self._out_of_bag = self._out_of_bag_so_far(X, target, sampler)
                self._set_oob_score_and_attributes(X, self._y_of(target), *self._own_scoring())
                del self._out_of_bag
            return
        held_out = self._held_out(X_val, y_val, sample_weight_val)
        self._grow(Part(X, target, weight), held_out, sampler, seeds, earlier, y)

    def _check_data(self, X: Any, y: Any) -> tuple[Any, Array]:
        if sp.issparse(y):
            raise ValueError("sparse multilabel-indicator for y is not supported.")
        self.is_categorical_ = self._vocabulary = None
        has_categories = categorical_mask(X, self.categorical_features) is not None
        if self._is_exact and has_categories:
            raise ValueError(
                f"categorical_features={self.categorical_features!r} needs max_bins, and a criterion other than "
                "'absolute_error'; with None, categories that are numbers are taken as such."
            )
        if not has_categories:
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
        part: Part,
        held_out: Part | None,
        sampler: Sampler,
        seeds: Int64,
        earlier: ForestState | None,
        y: Array,
    ) -> None:
        n_threads = n_threads_for(self, part.X)
        grower = self._grower(part, sampler, n_threads)
        curves, baseline = self._curves(grower, part, held_out)
        if earlier is not None:
            tables = {"training": self._watched(part).X, "oob": by_row(part.X)}
            if held_out is not None:
                tables["validation"] = held_out.X
            for name, average in curves.items():
                average.start_from(earlier, tables[name], sampler)
        fit = ForestFit(
            grower, sampler, seeds, n_samples=self._n_samples, n_threads=n_threads, curves=curves, baseline=baseline
        )
        known = {name: getattr(self, name) for name in ("classes_", "n_classes_", "n_outputs_") if hasattr(self, name)}

        def state() -> ForestState:
            return ForestState.of(earlier, fit.trees, seeds, self.n_features_in_, part.target.n_values, grower)

        def attributes() -> Mapping[str, Any]:
            return {**known, **state().attributes()}

        task = FitTask(
            self, part.X, y, self._sample_weight, max_iter=len(seeds), attributes=attributes, task_name="tree"
        )
        stopping = self._stopping(baseline)
        self.history_ = fit.history  # for callbacks to see
        outcome = fit.run(task, max_time=self.max_time, verbose=self.verbose, stopping=stopping)
        if fit.trees or earlier is not None:
            self._publish(fit, state(), outcome)
        if outcome.interrupt is not None:
            raise outcome.interrupt
        if self.oob_score:
            self._out_of_bag = curves["oob"]
            self._set_oob_score_and_attributes(part.X, self._y_of(part.target), *self._own_scoring())
            del self._out_of_bag
        task.end()

    def _grower(self, part: Part, sampler: Sampler, n_threads: int) -> Any:
        target = part.target
        n_classes = target.n_classes if hasattr(target, "n_classes") else None
        options = options_of(self, self._n_samples, n_classes, random_splits=self._random_splits)
        if self._is_exact:
            return ExactGrower(by_row(part.X), self._y_of(target), target, options, n_threads=n_threads)
        return BinnedGrower(
            part.X, target, options, sampler.sum_bits, max_bins=self.max_bins, is_categorical=self.is_categorical_,
            weight=part.weight, n_threads=n_threads,
        )  # fmt: skip

    def _curves(self, grower: Any, part: Part, held_out: Part | None) -> tuple[dict[str, Average], dict[str, float]]:
        """What is measured after each tree, and what a constant would have got."""
        watched, guess = self._watched(part), part.target.mean(part.weight)
        curves = {"training": Average(grower.rows(watched.X), watched.target, watched.weight)}
        baseline = {
            "training_loss": part.loss_of_guess(guess),
            "training_samples": float(watched.X.shape[0]),
            "training_score": part.score_of_guess(guess),
        }
        if self.oob_score or (self.early_stopping and held_out is None):
            if not self.bootstrap:
                raise ValueError("early_stopping needs X_val and y_val, or rows out of bag: bootstrap=True.")
            curves["oob"] = Average(grower.training_rows(), part.target, part.weight, out_of_bag=True)
            baseline |= {"validation_loss": baseline["training_loss"], "validation_samples": float(self._n_samples)}
        if held_out is not None:
            curves["validation"] = Average(grower.rows(held_out.X), held_out.target, held_out.weight)
            baseline["validation_loss"] = held_out.loss_of_guess(guess)
            baseline["validation_samples"] = float(held_out.X.shape[0])
        return curves, baseline

    def _watched(self, part: Part) -> Part:
        """The training rows that stand for all."""
        rows = sample_rows(self._n_samples, _WATCHED_ROWS, 0)
        by_rows = Part(by_row(part.X), part.target, part.weight)
        return by_rows if rows is None else by_rows.take(rows)

    def _stopping(self, baseline: Mapping[str, float]) -> Stopping | None:
        if not self.early_stopping:
            return None
        return Stopping("validation_loss", self.tol * baseline["validation_loss"], self.n_iter_no_change)

    def _held_out(self, X: Any, y: Any, sample_weight: Any) -> Part | None:
        """Validation data, checked."""
        if not check_given(X, y, sample_weight):
            return None
        X, y = self._check_X(X), check_array(y, ensure_2d=False, dtype=None, input_name="y_val")
        check_consistent_length(X, y)
        target = self._encode_known(y.reshape(-1, 1) if y.ndim < 2 else y)
        return Part(X, target, check_sample_weight(sample_weight, X, dtype=np.float64))

    def _publish(self, fit: ForestFit, state: ForestState, outcome: Outcome) -> None:
        for name, value in state.attributes().items():
            setattr(self, name, value)
        self.__dict__.pop("_members", None)
        self.history_ = fit.history
        self.stop_reason_ = str(outcome.reason)
