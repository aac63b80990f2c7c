# SPDX-License-Identifier: BSD-3-Clause
"""Training runs whose diagnosis is known: real fits, by plain NumPy and by scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from made_runs import Run
from numpy.random import Generator

from schuss.history import History

Array = np.ndarray


def _softplus(z: Array) -> Array:
    return np.logaddexp(0.0, z)


def _log_loss(y: Array, z: Array) -> float:
    return float(np.mean(_softplus(z) - y * z))


def _constant(y: Array, on: Array) -> float:
    share = float(np.mean(y))
    return -float(np.mean(on * np.log(share) + (1 - on) * np.log(1 - share)))


def _labels(rng: Generator, z: Array) -> Array:
    return (rng.random(len(z)) < 1.0 / (1.0 + np.exp(-z))).astype(float)


@dataclass(frozen=True)
class Split:
    """Training and validation rows of a problem with two classes."""

    X: Array
    y: Array
    X_val: Array
    y_val: Array

    @property
    def baseline(self) -> dict[str, float]:
        return {
            "training_loss": _constant(self.y, self.y),
            "validation_loss": _constant(self.y, self.y_val),
            "training_samples": float(len(self.y)),
            "validation_samples": float(len(self.y_val)),
        }


def _linear_problem(rng: Generator, n: int, d: int, *, signal: float = 2.0, n_val: int = 2000) -> Split:
    X = rng.standard_normal((n + n_val, d))
    coef = rng.standard_normal(d)
    y = _labels(rng, signal * (X @ coef) / np.linalg.norm(coef))
    return Split(X[:n], y[:n], X[n:], y[n:])


def _record(split: Split, coef: Array, alpha: float) -> dict[str, float]:
    training = _log_loss(split.y, split.X @ coef)
    penalty = 0.5 * alpha * float(coef @ coef)
    return {
        "data_loss": training,
        "penalty": penalty,
        "objective": training + penalty,
        "training_loss": training,
        "validation_loss": _log_loss(split.y_val, split.X_val @ coef),
    }


def _descend(split: Split, *, n_iter: int, step: float, alpha: float = 0.0) -> History:
    """Logistic regression by full gradients."""
    history = History(baseline=split.baseline)
    coef = np.zeros(split.X.shape[1])
    for _ in range(n_iter):
        residual = 1.0 / (1.0 + np.exp(-split.X @ coef)) - split.y
        coef = coef - step * (split.X.T @ residual / len(split.y) + alpha * coef)
        history.append(_record(split, coef, alpha))
    return history


def _stochastic(split: Split, rng: Generator, *, n_iter: int, eta: float, power: float = 0.0) -> History:
    """Logistic regression by single rows in random order."""
    history = History(baseline=split.baseline)
    coef, t = np.zeros(split.X.shape[1]), 1
    for _ in range(n_iter):
        for i in rng.permutation(len(split.y)):
            z = np.clip(split.X[i] @ coef, -500, 500)
            coef = coef - eta / t**power * (1 / (1 + np.exp(-z)) - split.y[i]) * split.X[i]
            t += 1
        history.append(_record(split, coef, 0.0))
    return history


def descent_to_the_end(rng: Generator) -> Run:
    split = _linear_problem(rng, 5000, 10)
    return Run(_descend(split, n_iter=200, step=2.0), "converged")


def descent_cut_short(rng: Generator) -> Run:
    split = _linear_problem(rng, 5000, 10)
    return Run(_descend(split, n_iter=15, step=0.3), "still improving")


def descent_with_tiny_steps(rng: Generator) -> Run:
    split = _linear_problem(rng, 2000, 10)
    return Run(_descend(split, n_iter=100, step=0.01), "still improving")


def more_features_than_rows(rng: Generator) -> Run:
    split = _linear_problem(rng, 100, 150)
    return Run(_descend(split, n_iter=400, step=1.0), "overfit")


def random_labels_many_features(rng: Generator) -> Run:
    split = _linear_problem(rng, 200, 80, signal=0.0)
    return Run(_descend(split, n_iter=300, step=1.0), "overfit")


def random_labels_few_features(rng: Generator) -> Run:
    split = _linear_problem(rng, 5000, 5, signal=0.0)
    return Run(_descend(split, n_iter=100, step=1.0), "underfit")


def exclusive_or(rng: Generator) -> Run:
    """No line separates it."""
    X = rng.standard_normal((6000, 2))
    y = (X[:, 0] * X[:, 1] > 0).astype(float)
    split = Split(X[:4000], y[:4000], X[4000:], y[4000:])
    return Run(_descend(split, n_iter=100, step=1.0), "underfit")


def heavy_ridge(rng: Generator) -> Run:
    split = _linear_problem(rng, 4000, 10)
    return Run(_descend(split, n_iter=100, step=0.3, alpha=2.0), "underfit")


def mild_ridge(rng: Generator) -> Run:
    split = _linear_problem(rng, 4000, 10)
    return Run(_descend(split, n_iter=200, step=2.0, alpha=1e-3), "converged")


def steps_beyond_stability(rng: Generator) -> Run:
    split = _linear_problem(rng, 2000, 10)
    wild = Split(split.X * 30, split.y, split.X_val * 30, split.y_val)
    return Run(_descend(wild, n_iter=60, step=2.0), "diverged")


def decaying_stochastic(rng: Generator) -> Run:
    split = _linear_problem(rng, 1500, 8)
    return Run(_stochastic(split, rng, n_iter=25, eta=0.5, power=0.6), "converged")


def restless_stochastic(rng: Generator) -> Run:
    split = _linear_problem(rng, 1000, 8)
    return Run(_stochastic(split, rng, n_iter=25, eta=0.3), "noise-limited")


def wild_stochastic(rng: Generator) -> Run:
    split = _linear_problem(rng, 1000, 8)
    return Run(_stochastic(split, rng, n_iter=25, eta=20.0), "diverged")


def _boosted(rng: Generator, *, rows: int = 400, **params: Any) -> History:
    """Squared loss of gradient boosting, one record per tree."""
    from sklearn.ensemble import GradientBoostingRegressor

    X = rng.uniform(-1, 1, (rows + 1000, 6))
    y = np.sin(3 * X[:, 0]) + X[:, 1] ** 2 + 0.5 * rng.standard_normal(rows + 1000)
    model = GradientBoostingRegressor(random_state=0, **params).fit(X[:rows], y[:rows])

    def losses(part: slice) -> Iterator[float]:
        return (_half_square(z - y[part]) for z in model.staged_predict(X[part]))

    training, validation = slice(rows), slice(rows, None)
    guess = float(y[training].mean())
    baseline = {
        "training_loss": _half_square(y[training] - guess),
        "validation_loss": _half_square(y[validation] - guess),
        "training_samples": float(rows),
        "validation_samples": 1000.0,
    }
    pairs = zip(losses(training), losses(validation), strict=True)
    records = [{"training_loss": a, "validation_loss": b} for a, b in pairs]
    return History(records, baseline=baseline)


def _half_square(residual: Array) -> float:
    return float(np.mean(residual**2) / 2)


def boosting_too_long(rng: Generator) -> Run:
    return Run(_boosted(rng, n_estimators=150, max_depth=5, learning_rate=0.3), "overfit")


def boosting_cut_short(rng: Generator) -> Run:
    history = _boosted(rng, n_estimators=12, max_depth=2, learning_rate=0.05)
    return Run(history, "still improving")


def boosting_stumps(rng: Generator) -> Run:
    history = _boosted(rng, n_estimators=200, max_depth=1, learning_rate=0.15, rows=1500)
    return Run(history, "converged")


FITTED: tuple[Callable[[Generator], Run], ...] = (
    descent_to_the_end,
    descent_cut_short,
    descent_with_tiny_steps,
    more_features_than_rows,
    random_labels_many_features,
    random_labels_few_features,
    exclusive_or,
    heavy_ridge,
    mild_ridge,
    steps_beyond_stability,
    decaying_stochastic,
    restless_stochastic,
    wild_stochastic,
    boosting_too_long,
    boosting_cut_short,
    boosting_stumps,
)
