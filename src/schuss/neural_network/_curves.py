# SPDX-License-Identifier: BSD-3-Clause
"""Losses and scores along a training run, on training and validation rows alike."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.neural_network._data import Sample
from schuss.neural_network._spec import Spec, Weights
from schuss.validation import sample_rows

Array = NDArray[Any]


class Evaluator:
    """Measures parameters on fixed rows: mean loss, and accuracy or R^2."""

    def __init__(self, sample: Sample, spec: Spec, *, classes: bool, n_threads: int) -> None:
        self._sample, self._spec, self._classes, self._n_threads = sample, spec, classes, n_threads
        self._table, self._scratch = kernels.Table(sample.X), kernels.Scratch()
        self._out = np.empty((self._table.n, spec.units[-1]), dtype=self._table.dtype)
        self._total = sample.total_weight

    def __len__(self) -> int:
        return int(self._table.n)

    def __call__(self, weights: Weights) -> tuple[float, float]:
        """Mean loss and score; the score is NaN if a prediction is."""
        loss = kernels.nn_predict(
            self._spec.network(weights),
            self._table,
            self._out,
            y=self._sample.y,
            weight=self._sample.weight,
            n_threads=self._n_threads,
            scratch=self._scratch,
        )
        mean = self._spec.head.reported(loss / self._total, self._out.shape[1]) if self._total else float("nan")
        if not np.all(np.isfinite(self._out)):
            return mean, float("nan")
        return mean, self._accuracy() if self._classes else self._r2()

    @property
    def guess_score(self) -> float:
        """Score of the best constant."""
        if not self._classes:
            return 0.0
        _, which = np.unique(self._sample.y, axis=0, return_inverse=True)
        share = np.bincount(which.ravel(), weights=self._sample.weight)
        return float(share.max() / share.sum())

    def _accuracy(self) -> float:
        y, out = self._sample.y, self._out
        hits = out.argmax(axis=1) == y if y.ndim == 1 else np.all((out > 0.5) == (y > 0.5), axis=1)
        return float(np.average(hits, weights=self._sample.weight))

    @np.errstate(over="ignore", invalid="ignore")  # of a network that diverges
    def _r2(self) -> float:
        y, weight = self._sample.y.astype(np.float64), self._sample.weight
        if len(y) < 2:
            return float("nan")
        residual = np.average((y - self._out) ** 2, axis=0, weights=weight)
        spread = np.average((y - np.average(y, axis=0, weights=weight)) ** 2, axis=0, weights=weight)
        each = 1.0 - np.divide(residual, spread, out=np.where(residual > 0, 1.0, 0.0), where=spread > 0)
        return float(np.mean(each))


class Curves:
    """The validation columns of a history.

    Parameters
    ----------
    training, validation : Sample
        Of the training rows, at most as many as there are validation rows are looked at.
    spec : Spec
    classes : bool
    seed : int
    n_threads : int
    """

    def __init__(
        self, training: Sample, validation: Sample, spec: Spec, *, classes: bool, seed: int, n_threads: int
    ) -> None:
        rows = sample_rows(training.X.shape[0], validation.X.shape[0], seed)
        some = training if rows is None else training.take(rows)
        self._training = Evaluator(some, spec, classes=classes, n_threads=n_threads)
        self._validation = Evaluator(validation, spec, classes=classes, n_threads=n_threads)

    @property
    def baseline(self) -> dict[str, float]:
        """What a verdict needs beside the curves."""
        return {
            "training_samples": float(len(self._training)),
            "validation_samples": float(len(self._validation)),
            "training_score": self._training.guess_score,
        }

    def record(self, weights: Weights) -> dict[str, float]:
        """The columns of an epoch."""
        training_loss, training_score = self._training(weights)
        validation_loss, validation_score = self._validation(weights)
        return {
            "training_loss": training_loss,
            "validation_loss": validation_loss,
            "training_score": training_score,
            "validation_score": validation_score,
        }
