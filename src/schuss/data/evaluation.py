# SPDX-License-Identifier: BSD-3-Clause
"""How good a model is on rows it has not seen, beside a guess that has seen nothing but the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.data import TableModel, Target
from schuss.data.target import CLASSIFICATION

_MOST_IN_MATRIX = 20
_MOST_POINTS = 2000


@dataclass(frozen=True, slots=True)
class Score:
    """One measure; None where it is not defined, for example without probabilities."""

    name: str
    model: float | None
    constant_guess: float | None
    higher_is_better: bool

    def to_info(self) -> dict[str, Any]:
        """Return JSON values."""
        return {
            "name": self.name,
            "model": self.model,
            "constant_guess": self.constant_guess,
            "higher_is_better": self.higher_is_better,
        }


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Scores and what a picture of them needs.

    Attributes
    ----------
    n_rows : int
    n_unknown : int
        Rows of a class the model has never seen; each counts as an error.
    scores : tuple of Score
        The first is the one to quote.
    confusion : ndarray of shape (n_classes, n_classes) or None
        Rows are the truth.
    points : ndarray of shape (n_points, 2) or None
        Truth and prediction of some rows, for regression.
    """

    n_rows: int
    n_unknown: int
    scores: tuple[Score, ...]
    confusion: NDArray[np.int64] | None = None
    points: NDArray[np.float64] | None = None


def evaluate_model(model: TableModel, features: NDArray[np.float32], truth: NDArray[Any]) -> Evaluation:
    """Score a model.

    Parameters
    ----------
    model : TableModel
    features : ndarray of shape (n_rows, n_features)
        Prepared.
    truth : ndarray of shape (n_rows,)
        Class numbers (-1 for a class never seen), or amounts in the target's unit.
    """
    evaluate = _classes if model.target.task == CLASSIFICATION else _amounts
    return evaluate(model, features, truth)


def _classes(model: TableModel, features: NDArray[np.float32], truth: NDArray[np.int64]) -> Evaluation:
    from sklearn.metrics import confusion_matrix

    guess = constant_guess(model.target)
    found = np.searchsorted(model.target.labels, model.predict_prepared(features))
    guessed = guess.predict(np.zeros((len(truth), 1)))
    proba = model.estimator.predict_proba(features) if model.has_probabilities else None
    guess_proba = guess.predict_proba(np.zeros((len(truth), 1)))
    scores = [
        Score("accuracy", float(np.mean(found == truth)), float(np.mean(guessed == truth)), True),
        Score("balanced accuracy", _balanced(truth, found), _balanced(truth, guessed), True),
        Score("log loss", _log_loss(truth, proba), _log_loss(truth, guess_proba), False),
        Score(
            "ROC AUC", _auc(truth, _ranking(model, features, proba)), 0.5 if _auc(truth, guess_proba) else None, True
        ),
    ]
    n_classes = len(model.target.classes)
    known = truth >= 0
    matrix = None
    if n_classes <= _MOST_IN_MATRIX and known.any():
        matrix = confusion_matrix(truth[known], found[known], labels=np.arange(n_classes))
    return Evaluation(len(truth), int((~known).sum()), tuple(scores), confusion=matrix)


def _amounts(model: TableModel, features: NDArray[np.float32], truth: NDArray[np.float64]) -> Evaluation:
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    guessed = constant_guess(model.target).predict(np.zeros((len(truth), 1)))
    found = model.predict_prepared(features)
    measures = [
        ("R²", r2_score, True),
        ("root mean squared error", root_mean_squared_error, False),
        ("mean absolute error", mean_absolute_error, False),
    ]
    scores = _deviances(truth, found, guessed, model.target.power) + [
        Score(name, float(measure(truth, found)), float(measure(truth, guessed)), higher)
        for name, measure, higher in measures
        if len(truth) > 1 or not higher  # one row has no spread to explain
    ]
    step = max(1, -(-len(truth) // _MOST_POINTS))
    points = np.column_stack([truth, found])[::step]
    return Evaluation(len(truth), 0, tuple(scores), points=points)


_DEVIANCES = {1.0: "mean Poisson deviance", 2.0: "mean gamma deviance"}


def _deviances(
    truth: NDArray[np.float64], found: NDArray[np.float64], guessed: NDArray[np.float64], power: float | None
) -> list[Score]:
    """What a model of counts or positive amounts minimises, and the share of it that it explains."""
    from sklearn.metrics import mean_tweedie_deviance

    outside = not power or truth.min() < 0 or (power >= 2 and truth.min() <= 0) or found.min() <= 0
    if not power or outside:
        return []
    name = _DEVIANCES.get(power, f"mean Tweedie deviance of power {power:g}")
    own, constant = (float(mean_tweedie_deviance(truth, value, power=power)) for value in (found, guessed))
    explained = [Score("D²", 1.0 - own / constant, 0.0, True)] if constant > 0 else []
    return [*explained, Score(name, own, constant, False)]


def constant_guess(target: Target) -> Any:
    """Return scikit-learn's dummy that knows only the training rows' target: shares or mean."""
    from sklearn.dummy import DummyClassifier, DummyRegressor

    nothing = np.zeros((1, 1))
    if target.task != CLASSIFICATION:
        return DummyRegressor(strategy="constant", constant=target.mean).fit(nothing, [target.mean])
    codes = np.arange(len(target.classes))
    weight = np.array(target.counts, dtype=float)
    return DummyClassifier(strategy="prior").fit(np.zeros((len(codes), 1)), codes, sample_weight=weight)


def _balanced(truth: NDArray[np.int64], found: NDArray[np.int64]) -> float | None:
    """Mean share of hits over the classes; those never seen in training are none."""
    known = truth >= 0
    n = np.bincount(truth[known])
    hits = np.bincount(truth[known], weights=found[known] == truth[known], minlength=len(n))
    return float(np.mean(hits[n > 0] / n[n > 0])) if n.any() else None


def _log_loss(truth: NDArray[np.int64], proba: NDArray[Any] | None) -> float | None:
    if proba is None or not (truth >= 0).any():
        return None
    from sklearn.metrics import log_loss

    known = truth >= 0
    proba = np.asarray(proba[known], dtype=np.float64)
    proba /= proba.sum(axis=1, keepdims=True)  # float32 rows sum to one only nearly
    return float(log_loss(truth[known], proba, labels=np.arange(proba.shape[1])))


def _ranking(model: TableModel, features: NDArray[np.float32], proba: NDArray[Any] | None) -> NDArray[Any] | None:
    """What ranks the rows: probabilities, or for two classes a margin."""
    if proba is not None:
        return proba
    return model.estimator.decision_function(features) if len(model.target.classes) == 2 else None


def _auc(truth: NDArray[np.int64], ranking: NDArray[Any] | None) -> float | None:
    """Area under the ROC curve, one class against the rest; None unless every class occurs."""
    if ranking is None:
        return None
    from sklearn.metrics import roc_auc_score

    known = truth >= 0
    ranking = np.asarray(ranking[known], dtype=np.float64)
    n_classes = 2 if ranking.ndim == 1 else ranking.shape[1]
    if len(np.unique(truth[known])) < n_classes:
        return None
    if n_classes == 2:
        return float(roc_auc_score(truth[known], ranking if ranking.ndim == 1 else ranking[:, 1]))
    ranking /= ranking.sum(axis=1, keepdims=True)
    return float(roc_auc_score(truth[known], ranking, multi_class="ovr", average="macro"))
