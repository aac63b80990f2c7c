# SPDX-License-Identifier: BSD-3-Clause
"""What the two estimators of gradient boosting share: parameters, training, prediction."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from schuss import _kernels as kernels
from schuss._inputs import check_parameters, n_threads_for
from schuss._sklearn import check_monotonic_cst, check_sample_weight, check_target
from schuss.callbacks import CallbackSupport, FitTask
from schuss.ensemble._boosting.fit import BoostingFit
from schuss.ensemble._boosting.losses import BoostingLoss
from schuss.ensemble._boosting.parameters import CONSTRAINTS, check_together, interaction_groups
from schuss.ensemble._boosting.setup import Data, split
from schuss.ensemble._boosting.views import TreeView, view
from schuss.ensemble._boosting.watch import no_improvement
from schuss.ensemble._inputs import check_goes_on, check_table
from schuss.history import History
from schuss.training import Outcome
from schuss.tree._nodes import Trees
from schuss.validation import check_given

Array = NDArray[Any]
Matrix = NDArray[np.float64]

_LARGE = 10_000  # rows from which on early_stopping='auto' stops early, as in scikit-learn


class BaseHistGradientBoosting(CallbackSupport, BaseEstimator):
    """Parameters, training and prediction of gradient boosting on binned tables."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    _trees: Trees
    _baseline: Matrix

    # What the two estimators do differently.

    @abstractmethod
    def _encode_target(self, y: Array) -> Array:
        """Check the target of training data and write it as numbers, see `targets`; sets ``n_trees_per_iteration_``."""

    @abstractmethod
    def _encode_held_out(self, y: Array) -> Array:
        """The same for validation data, of which nothing is learnt."""

    @abstractmethod
    def _weigh(self, sample_weight: Matrix | None, y: Array) -> Matrix | None:
        """Combine the weights of samples with those of their classes."""

    @abstractmethod
    def _make_loss(self) -> BoostingLoss:
        """The loss for ``n_trees_per_iteration_`` raw predictions."""

    # Training.

    def _fit(self, X: Any, y: Any, sample_weight: Any, validation: tuple[Any, Any, Any]) -> None:
        check_parameters(self)
        check_together(self)
        goes_on = bool(self.warm_start) and hasattr(self, "_trees")
        before = dict(vars(self))
        data = self._check_data(X, y, sample_weight)
        if goes_on:
            check_goes_on(self, before)
        held_out = self._check_validation(*validation)
        self._draw_seeds(goes_on)
        self._check_constraints()
        self.do_early_stopping_ = (
            held_out is not None or len(data.y) > _LARGE if self.early_stopping == "auto" else bool(self.early_stopping)
        )
        if held_out is None and self.do_early_stopping_ and self.validation_fraction is not None:
            data, held_out = split(
                data, self.validation_fraction, self._random_seed, stratify=hasattr(self, "classes_")
            )
        loss = self._make_loss()
        if not goes_on:
            self._forget()
        elif self.max_iter < self.n_iter_:
            raise ValueError(
                f"max_iter={self.max_iter} must be larger than or equal to n_iter_={self.n_iter_} when warm_start==True"
            )
        fit = BoostingFit(self, data, held_out, loss)
        task = FitTask(self, X, y, sample_weight, max_iter=fit.n_left, attributes=fit.attributes)
        outcome = fit.run(task)
        self._publish(fit, outcome)
        task.end()

    def _check_data(self, X: Any, y: Any, sample_weight: Any) -> Data:
        X = check_table(self, X, reset=True)
        y = self._encode_target(check_target(self, y))
        check_consistent_length(X, y)
        weight = check_sample_weight(sample_weight, X, dtype=np.float64, non_negative=True)
        return Data(X, y, self._weigh(weight, y))

    def _check_validation(self, X_val: Any, y_val: Any, sample_weight_val: Any) -> Data | None:
        if not check_given(X_val, y_val, sample_weight_val):
            return None
        X_val = check_table(self, X_val, reset=False)
        y_val = self._encode_held_out(check_target(self, y_val))
        check_consistent_length(X_val, y_val)
        weight = check_sample_weight(sample_weight_val, X_val, dtype=np.float64)
        if self.early_stopping is False:
            raise ValueError(
                "X_val and y_val are passed to fit while at the same time early_stopping is False. When passing X_val "
                "and y_val to fit,early_stopping should be set to either 'auto' or True."
            )
        return Data(X_val, y_val, weight)

    def _draw_seeds(self, goes_on: bool) -> None:
        """Draw the seed of the validation split and that of all other choices, in scikit-learn's order."""
        if not goes_on:
            rng = check_random_state(self.random_state)
            most = np.iinfo(np.uint32).max
            self._random_seed = int(rng.randint(most, dtype="u8"))
            self._draw_seed = int(rng.randint(most, dtype="u8"))

    def _check_constraints(self) -> None:
        if self.monotonic_cst is not None and self.n_trees_per_iteration_ != 1:
            raise ValueError("monotonic constraints are not supported for multiclass classification.")
        signs = check_monotonic_cst(self, self.monotonic_cst)
        if self.is_categorical_ is not None and np.any(signs[self.is_categorical_]):
            raise ValueError("Categorical features cannot have monotonic constraints.")

    def _check_interaction_cst(self, n_features: int) -> list[set[int]] | None:
        """scikit-learn's method of this name."""
        return interaction_groups(self.interaction_cst, n_features)

    def _should_stop(self, scores: list[float]) -> bool:
        """scikit-learn's method of this name."""
        return no_improvement(scores, n_iter_no_change=self.n_iter_no_change, tol=self.tol)

    def _forget(self) -> None:
        """Forget what an earlier fit reached."""
        for name in ("_trees", "_baseline", "best_iteration_"):
            self.__dict__.pop(name, None)
        self.n_iter_ = 0
        self.history_ = History()
        self.train_score_ = self.validation_score_ = np.zeros(0)

    def _publish(self, fit: BoostingFit, outcome: Outcome) -> None:
        fit.publish()
        self.stop_reason_ = str(outcome.reason)
        if outcome.interrupt is not None:
            raise outcome.interrupt

    # Prediction.

    def _raw_predict(self, X: Any) -> Matrix:
        """Return raw predictions of shape (n_samples, n_trees_per_iteration_)."""
        fitted = vars(self)
        if "_trees" in fitted and fitted["_vocabulary"] is None and "feature_names_in_" not in fitted:
            last = self._n_kept * self.n_trees_per_iteration_
            few = self._trees.predictor.predict_few(X, baseline=self._baseline, last=last)
            if few is not None:
                return few
        check_is_fitted(self, "_trees")
        X = check_table(self, X, reset=False)
        return self._sum_trees(X, 0, self._n_kept * self.n_trees_per_iteration_, self._baseline)

    def _staged_raw_predict(self, X: Any) -> Iterator[Matrix]:
        """Yield raw predictions after each iteration."""
        check_is_fitted(self, "_trees")
        X = check_table(self, X, reset=False)
        k, raw = self.n_trees_per_iteration_, self._baseline
        for iteration in range(self.n_iter_):
            raw = raw + self._sum_trees(X, iteration * k, (iteration + 1) * k, np.zeros(k))
            yield raw

    def _sum_trees(self, X: Any, first: int, last: int, baseline: Matrix) -> Matrix:
        return kernels.trees_predict(
            self._trees.predictor, X, baseline=baseline, first=first, last=last, n_threads=n_threads_for(self, X)
        )

    def _predictions(self, raw: Matrix) -> Matrix:
        """From raw predictions to means or probabilities."""
        return self._make_loss().predictions(raw.T)

    @property
    def _n_kept(self) -> int:
        """Iterations that predictions are made of: all, or as far as the best."""
        return int(getattr(self, "best_iteration_", self.n_iter_ - 1)) + 1

    @property
    def _predictors(self) -> list[list[TreeView]]:
        """The trees of each iteration, in scikit-learn's form and under its name: other tools look there."""
        k = self.n_trees_per_iteration_
        return [[view(self._trees, t) for t in range(i * k, (i + 1) * k)] for i in range(self.n_iter_)]

    # Explanation.

    @property
    def feature_importances_(self) -> Matrix:
        """What the splits by each feature gained, as shares; all 0 if there is no split."""
        return self.get_feature_importances("gain")

    def get_feature_importances(self, importance_type: str = "gain") -> Matrix:
        """Return how much each feature was used.

        Both count what happened in training; `sklearn.inspection.permutation_importance` measures what a feature is
        worth on any data.

        Parameters
        ----------
        importance_type : {'gain', 'split'}, default='gain'
            The sum of the gains of its splits, or their number.

        Returns
        -------
        ndarray of shape (n_features,)
            Shares, which add up to 1.

        Raises
        ------
        ValueError
            If the type is unknown.
        """
        check_is_fitted(self, "_trees")
        if importance_type not in ("gain", "split"):
            raise ValueError(f"importance_type must be 'gain' or 'split', got {importance_type!r}.")
        trees = self._kept_trees()
        total = trees.gain_importances() if importance_type == "gain" else trees.split_importances()
        return total / total.sum() if total.sum() > 0.0 else total

    def predict_contributions(self, X: Any) -> Matrix:
        """Return what each feature contributes to the raw predictions of each row: exact Shapley values.

        What a tree says without some of the features is its mean over the training samples that would go either way
        (Lundberg, Erion and Lee, 2018).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_features + 1)
            For more than two classes (n_samples, n_classes, n_features + 1). Last what is predicted without any
            feature. All together add up to the raw prediction: the logarithm of the odds, of the mean under a Poisson
            or gamma loss, or the prediction itself.
        """
        check_is_fitted(self, "_trees")
        X = check_table(self, X, reset=False)
        said = self._kept_trees().contributions(X, baseline=self._baseline, n_threads=n_threads_for(self, X))
        return said[:, 0] if said.shape[1] == 1 else said

    def _kept_trees(self) -> Trees:
        return self._trees.first(self._n_kept * self.n_trees_per_iteration_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        return tags
