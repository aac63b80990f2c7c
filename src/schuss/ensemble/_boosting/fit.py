# SPDX-License-Identifier: BSD-3-Clause
"""One fit of gradient boosting: an iteration grows a tree for each raw prediction."""

from __future__ import annotations

from collections.abc import Mapping
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss._inputs import n_threads_for
from schuss.callbacks import FitTask
from schuss.ensemble._boosting.dart import Dart
from schuss.ensemble._boosting.growth import Growth
from schuss.ensemble._boosting.losses import BoostingLoss, dtype_of_derivatives, gradients
from schuss.ensemble._boosting.metrics import Metric, find_metrics
from schuss.ensemble._boosting.sampling import Draws
from schuss.ensemble._boosting.setup import Data
from schuss.ensemble._boosting.targets import widened
from schuss.ensemble._boosting.watch import Part, Scorer, Watch
from schuss.training import Hook, Outcome, Rule, StopReason, run
from schuss.verbose import print_line

Matrix = NDArray[np.float64]
Rows = NDArray[np.int64]


class BoostingFit:
    """Boosts a model under `schuss.training.run`.

    Parameters
    ----------
    model : estimator
        Its parameters are read; with a warm start also its trees.
    data : Data
        To train on; large ones come into another order.
    held_out : Data or None
    loss : BoostingLoss

    Attributes
    ----------
    n_left : int
        Iterations that may still come.
    """

    def __init__(self, model: Any, data: Data, held_out: Data | None, loss: BoostingLoss) -> None:
        self._model, self._loss = model, loss
        self._n_threads = n_threads_for(model, data.table)
        self._done = model.n_iter_
        self.n_left = model.max_iter - self._done
        self._n_complete = self._done
        self._baseline = model._baseline if self._done else loss.baseline(widened(data.y), data.weight)
        self._growth = Growth(model, data, loss, self._n_threads)
        self._training = self._part(data, self._growth.binned)
        self._held_out = None
        if held_out is not None:
            self._held_out = self._part(held_out, held_out.binned(self._growth.binner, by_tile=False))
        shape = self._training.raw.shape
        if model.boosting == "goss" or not loss.constant_hessian:
            shape += (2,)
        self._derivatives = np.empty(shape, dtype_of_derivatives(data.y))
        self._draws = Draws(model._draw_seed)
        self._dart = Dart(model, self._growth, self._draws) if model.boosting == "dart" else None
        self._classes = getattr(model, "classes_", None)
        self._metrics = find_metrics(model.metrics, n_classes=0 if self._classes is None else len(self._classes))
        self._watch, self._scorer = self._begin_watch()
        self._data_loss = 0.0
        self._is_derived = False
        self.history = model.history_
        self._set_baseline_losses()

    def _part(self, data: Data, binned: kernels.Binned) -> Part:
        """Rows to measure on, with what the model predicts so far."""
        raw = np.empty((self._loss.n_trees, len(data.y)))
        if self._done:
            # All trees, whichever of them predictions are made of.
            raw[:] = self._model._sum_trees(data.X, 0, self._model._trees.n_trees, self._baseline).T
        else:
            raw[:] = self._baseline[:, None]
        return Part(data, raw, binned)

    def _begin_watch(self) -> tuple[Watch | None, Scorer | None]:
        model = self._model
        if not model.do_early_stopping_:
            return None, None
        watch = Watch(model.n_iter_no_change, model.tol, list(model.train_score_), list(model.validation_score_))
        scorer = None
        if model.scoring != "loss":
            scorer = Scorer(
                model,
                model.scoring,
                self._loss,
                self._training,
                self._held_out,
                seed=model._random_seed,
                publish=self._publish_trees,
            )
        return watch, scorer

    def _set_baseline_losses(self) -> None:
        if self._done:
            return
        baseline = self.history.baseline
        baseline["training_loss"] = self._training.loss(self._loss, self._n_threads)
        baseline["training_samples"] = float(len(self._training))
        if self._held_out is not None:
            baseline["validation_loss"] = self._held_out.loss(self._loss, self._n_threads)
            baseline["validation_samples"] = float(len(self._held_out))

    # Running.

    def run(self, task: FitTask) -> Outcome:
        """Boost until something says stop."""
        model = self._model
        if self._watch is not None and not self._watch.training:
            self._measure(self.history.baseline["training_loss"], self.history.baseline.get("validation_loss"))
        rules: list[Rule] = [] if self._watch is None else [self._watch]
        hooks: list[Hook] = [task, print_line] if model.verbose else [task]
        outcome = run(
            task.announce(self._sweep),
            max_iter=self.n_left,
            history=self.history,
            rules=rules,
            hooks=hooks,
            max_time=model.max_time,
            rollback=self._rollback,
        )
        if outcome.reason is StopReason.DIVERGED:
            raise ValueError(
                "The loss is not finite any more: the raw predictions ran away. A smaller learning_rate, or more "
                "l2_regularization, might help."
            ) from outcome.interrupt
        return outcome

    def _sweep(self, iteration: int) -> Mapping[str, float]:
        """Grow the trees of an iteration and measure the model with them."""
        iteration += self._done
        dropped = None if self._dart is None else self._dart.drop(iteration, self._training, self._held_out)
        if dropped or not self._is_derived:
            self._derive()
        trees = self._grow(iteration)
        if self._dart is not None:
            self._dart.keep(iteration, self._training, self._held_out)
        self._derive()
        record = {
            "data_loss": self._data_loss,
            "learning_rate": self._model.learning_rate,
            "n_leaves": sum(tree.n_leaves for tree in trees),
            "depth": max(tree.depth for tree in trees),
        }
        if self._held_out is not None:
            record["validation_loss"] = self._held_out.loss(self._loss, self._n_threads)
        self._n_complete = iteration + 1
        record |= self._measure(self._data_loss, record.get("validation_loss"))
        record |= self._measure_metrics()
        return record

    def _derive(self) -> None:
        """Bring derivatives and loss of the training rows up to date."""
        part = self._training
        self._data_loss = self._loss.derive(part.y, part.raw, part.weight, self._derivatives, self._n_threads)
        self._is_derived = True

    def _grow(self, iteration: int) -> list[kernels.GrownTree]:
        """Grow a tree for each raw prediction and add what they say."""
        growth = self._growth
        rows = self._sample(iteration)
        features = self._draws.columns(iteration, growth.n_features, self._model.colsample_bytree)
        self._is_derived = False
        trees = []
        for k in range(self._loss.n_trees):
            seed = self._draws.tree_seed(iteration, k)
            tree = growth.grow(self._derivatives[k], rows=rows, features=features, seed=seed)
            growth.refine(tree, self._training.raw[k])
            growth.add(tree, self._training, k)
            if self._held_out is not None:
                growth.add(tree, self._held_out, k)
            trees.append(tree)
        return trees

    def _sample(self, iteration: int) -> Rows | None:
        """Choose rows to learn from; None for all. What counts for more gets larger derivatives."""
        model, n = self._model, len(self._training)
        if model.boosting != "goss":
            return self._draws.rows(iteration, n, model.subsample)
        size = np.abs(gradients(self._derivatives)).sum(axis=0)
        if self._training.weight is not None:
            size *= self._training.weight
        rows, factor = self._draws.goss(iteration, size, top=model.top_rate, other=model.other_rate)
        if self._loss.constant_hessian:
            self._derivatives[:, :, 1] = 1.0
        self._derivatives[:, rows] *= factor[:, None]
        return rows

    def _measure(self, training_loss: float, validation_loss: float | None) -> dict[str, float]:
        """Add to the scores that early stopping watches; what a scorer says is recorded, too."""
        if self._watch is None:
            return {}
        if self._scorer is None:
            if isnan(training_loss):
                raise ValueError(
                    "early_stopping watches the loss, of which the loss function returned no value. Return (value, "
                    "gradient, hessian), give a scoring, or set early_stopping=False."
                )
            self._watch.add(-training_loss, None if validation_loss is None else -validation_loss)
            return {}
        training, validation = self._scorer()
        self._watch.add(training, validation)
        scores = {"training_score": training}
        return scores if validation is None else scores | {"validation_score": validation}

    def _measure_metrics(self) -> dict[str, float]:
        parts = {"training": self._training, "validation": self._held_out}
        return {
            f"{name}_{metric.name}": self._apply(metric, part)
            for name, part in parts.items()
            if part is not None
            for metric in self._metrics
        }

    def _apply(self, metric: Metric, part: Part) -> float:
        return metric(part.y, self._loss.predictions(part.raw), self._classes, part.weight)

    def _rollback(self) -> None:
        """Forget the trees and scores of an iteration that was cut short."""
        self._growth.truncate(self._n_complete * self._loss.n_trees)
        if self._watch is not None:
            self._watch.truncate(self._n_complete)

    # Results.

    def attributes(self) -> Mapping[str, Any]:
        """Fitted attributes as of the last complete iteration."""
        return {
            "_trees": self._growth.trees(self._dart.factors if self._dart is not None else None),
            "_baseline": self._baseline,
            "n_iter_": self._n_complete,
        }

    def publish(self) -> None:
        """Set the model's fitted attributes."""
        self._publish_trees()
        model, watch = self._model, self._watch
        if watch is None:
            return
        model.train_score_, model.validation_score_ = np.array(watch.training), np.array(watch.validation)
        # DART changes earlier trees as it goes: there is no way back to an iteration.
        if model.n_iter_ and self._dart is None:
            model.best_iteration_ = watch.best_iteration

    def _publish_trees(self) -> None:
        vars(self._model).update(self.attributes())
        self._model.__dict__.pop("best_iteration_", None)
