# SPDX-License-Identifier: BSD-3-Clause
"""Metrics that are recorded on every set while a model is boosted."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from schuss.ensemble._boosting.targets import widened

Array = NDArray[Any]

_LABELS, _CODES, _PROBABILITIES, _POSITIVE = "labels", "codes", "probabilities", "positive"

_OF_CLASSES: dict[str, tuple[Callable[..., float], str]] = {
    "accuracy": (metrics.accuracy_score, _CODES),
    "balanced_accuracy": (metrics.balanced_accuracy_score, _CODES),
    "error": (metrics.zero_one_loss, _CODES),
    "f1": (metrics.f1_score, _CODES),
    "log_loss": (metrics.log_loss, _PROBABILITIES),
    "roc_auc": (metrics.roc_auc_score, _POSITIVE),
    "average_precision": (metrics.average_precision_score, _POSITIVE),
    "brier": (metrics.brier_score_loss, _POSITIVE),
}
_OF_TWO_CLASSES = {"average_precision", "brier", "f1", "roc_auc"}
_OF_NUMBERS: dict[str, Callable[..., float]] = {
    "mse": metrics.mean_squared_error,
    "rmse": metrics.root_mean_squared_error,
    "mae": metrics.mean_absolute_error,
    "mape": metrics.mean_absolute_percentage_error,
    "r2": metrics.r2_score,
    "explained_variance": metrics.explained_variance_score,
    "poisson_deviance": metrics.mean_poisson_deviance,
    "gamma_deviance": metrics.mean_gamma_deviance,
}


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric and what it wants to see.

    Attributes
    ----------
    name : str
    function : callable
        ``function(y_true, y_pred)``, with ``sample_weight`` if there are weights.
    kind : str
        'labels', 'codes' (numbers of the classes), 'probabilities', 'positive' (probability of the second class), or
        'numbers'.
    """

    name: str
    function: Callable[..., float]
    kind: str

    def __call__(self, y: Array, predictions: Array, classes: Array | None, weight: Array | None) -> float:
        """Measure predictions (`BoostingLoss.predictions`) on encoded targets."""
        options: dict[str, Any] = {} if weight is None else {"sample_weight": weight}
        if classes is None:
            return float(self.function(widened(y), predictions, **options))
        codes = y.astype(np.intp)
        if self.kind == _PROBABILITIES:
            return float(self.function(codes, predictions, labels=np.arange(len(classes)), **options))
        if self.kind == _POSITIVE:
            return float(self.function(codes, predictions[:, 1], **options))
        predicted = np.argmax(predictions, axis=1)
        if self.kind == _LABELS:
            codes, predicted = classes[codes], classes[predicted]
        return float(self.function(codes, predicted, **options))


def find_metrics(asked: Any, *, n_classes: int) -> list[Metric]:
    """Return metrics by name, or made of functions.

    Parameters
    ----------
    asked : str, callable, list of these, or None
        A function is given true and predicted values, or classes, and where there are weights, ``sample_weight``, as
        those of `sklearn.metrics` are.
    n_classes : int
        0 for regression.

    Raises
    ------
    ValueError
        If a name is unknown, or two metrics have the same.
    """
    if asked is None:
        return []
    listed: Iterable[Any] = [asked] if isinstance(asked, str) or callable(asked) else asked
    found = [_find(one, n_classes) for one in listed]
    names = [metric.name for metric in found]
    if len(set(names)) < len(names):
        raise ValueError(f"metrics must have names that differ, got {', '.join(names)}.")
    return found


def _find(asked: Any, n_classes: int) -> Metric:
    if callable(asked):
        name = getattr(asked, "__name__", type(asked).__name__)
        return Metric(name, asked, _LABELS if n_classes else "numbers")
    if not n_classes and asked in _OF_NUMBERS:
        return Metric(asked, _OF_NUMBERS[asked], "numbers")
    if n_classes and asked in _OF_CLASSES:
        function, kind = _OF_CLASSES[asked]
        if asked in _OF_TWO_CLASSES and n_classes != 2:
            raise ValueError(f"The metric {asked!r} is for two classes, and there are {n_classes}.")
        return Metric(asked, function, kind)
    known = ", ".join(sorted(_OF_CLASSES if n_classes else _OF_NUMBERS))
    raise ValueError(f"Unknown metric {asked!r}; known here: {known}, or a function as those of sklearn.metrics.")
