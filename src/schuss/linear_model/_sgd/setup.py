# SPDX-License-Identifier: BSD-3-Clause
"""From checked data and an estimator's parameters to a problem that can be solved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from schuss._inputs import n_threads_of
from schuss._sklearn import check_sample_weight
from schuss.linear_model._sgd.optimizers import Optimizer
from schuss.linear_model._sgd.rates import Schedule
from schuss.linear_model._sgd.solver import Problem
from schuss.linear_model._sgd.state import State
from schuss.losses import constant_guess, constant_loss
from schuss.penalties import Penalty
from schuss.validation import Curves, Evaluator, check_given, sample_rows, split_rows

Array = NDArray[Any]

_SEEDS = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True)
class Sample:
    """Checked rows, all in one dtype.

    Attributes
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,)
        Encoded target (`Loss.encode`).
    weight : ndarray of shape (n_samples,) or None
    """

    X: Any
    y: Array
    weight: Array | None

    def take(self, rows: NDArray[np.int64] | None) -> Sample:
        """Copy some rows; None takes all, without a copy."""
        return Sample(_rows_of(self.X, rows), _rows_of(self.y, rows), _rows_of(self.weight, rows))


@dataclass(frozen=True, slots=True)
class Data:
    """What `fit` was given, and what follows from it.

    Attributes
    ----------
    sample : Sample
    positive_weight, negative_weight : ndarray of shape (n_outputs,), float64
        Class weights.
    """

    sample: Sample
    positive_weight: NDArray[np.float64]
    negative_weight: NDArray[np.float64]

    @property
    def n_outputs(self) -> int:
        return len(self.positive_weight)


def set_aside(
    estimator: Any, data: Data, validation: tuple[Any, Any, Any]
) -> tuple[NDArray[np.int64] | None, Sample | None]:
    """Return the rows to train on (None for all) and the validation data, if any.

    Parameters
    ----------
    validation : tuple
        ``X_val``, ``y_val`` and ``sample_weight_val`` of `fit`.
    """
    X, y, weight = validation
    sample = data.sample
    if check_given(X, y, weight):
        X, y = estimator._check_validation(X, y, sample.X.dtype)
        return None, Sample(X, y, check_sample_weight(weight, X, dtype=X.dtype))
    if not estimator.early_stopping:
        return None, None
    train, val = split_rows(
        sample.y,
        estimator.validation_fraction,
        estimator.random_state,
        stratify=estimator._classes,
        weight=sample.weight,
    )
    return train, sample.take(val)


def make_problem(estimator: Any, data: Data, rows: NDArray[np.int64] | None) -> Problem:
    """Put together what stays fixed during a fit; draws the seed of the shuffling."""
    sample = data.sample
    n_train = sample.X.shape[0] if rows is None else len(rows)
    return Problem(
        X=sample.X,
        y=sample.y,
        weight=sample.weight,
        positive_weight=data.positive_weight,
        negative_weight=data.negative_weight,
        rows=rows,
        loss=estimator._loss(data.n_outputs),
        penalty=Penalty.from_name(estimator.penalty, estimator.alpha, estimator.l1_ratio),
        schedule=_schedule(estimator, n_train),
        optimizer=Optimizer.of(estimator),
        fit_intercept=bool(estimator.fit_intercept),
        intercept_slope=estimator._intercept_slope,
        average=int(estimator.average),
        shuffle=bool(estimator.shuffle),
        seed=int(check_random_state(estimator.random_state).randint(_SEEDS)),
        batch_size=min(int(estimator.batch_size), sample.X.shape[0]),
        tol=estimator.tol,
        n_iter_no_change=estimator.n_iter_no_change,
        guarded=estimator.on_divergence == "back_off",
        n_threads=n_threads_of(estimator),
    )


def _schedule(estimator: Any, n_train: int) -> Schedule:
    name = estimator.learning_rate
    if (name, estimator.optimizer) == ("invscaling", "ftrl") or (name == "optimal" and estimator.optimizer != "sgd"):
        name = "constant"
    return Schedule(
        name,
        eta0=estimator.eta0,
        power_t=estimator.power_t,
        alpha=estimator.alpha,
        horizon=float(estimator.max_iter * n_train),
        warmup=float(estimator.warmup * n_train),
        plateau_factor=estimator.plateau_factor,
        plateau_patience=estimator.plateau_patience,
    )


def make_baseline(problem: Problem, held_out: Sample | None, *, classes: bool) -> dict[str, float]:
    """Losses of the constant that is best on the training rows."""
    n_outputs, loss = len(problem.positive_weight), problem.loss
    y, weight = _rows_of(problem.y, problem.rows), _rows_of(problem.weight, problem.rows)
    guess = constant_guess(loss, y, weight, n_outputs=n_outputs, classes=classes)
    baseline = {"training_loss": constant_loss(loss, y, weight, guess, classes=classes)}
    if held_out is not None:
        baseline["validation_loss"] = constant_loss(loss, held_out.y, held_out.weight, guess, classes=classes)
    return baseline


def make_curves(problem: Problem, state: State, held_out: Sample, *, classes: bool) -> Curves:
    """Set up the curves: on the validation data, and on as many of the training rows."""

    def evaluator(sample: Sample) -> Evaluator:
        return Evaluator(
            sample.X,
            sample.y,
            sample.weight,
            loss=problem.loss,
            n_outputs=state.n_outputs,
            classes=classes,
            n_threads=problem.n_threads,
        )

    rows = sample_rows(problem.n_train, len(held_out.y), problem.seed)
    if problem.rows is not None:
        rows = _rows_of(problem.rows, rows)
    training = Sample(problem.X, problem.y, problem.weight).take(rows)
    return Curves(evaluator(held_out), evaluator(training), state.copy)


def _rows_of(values: Any, rows: NDArray[np.int64] | None) -> Any:
    """Copy some rows; None takes all, without a copy."""
    return values if values is None or rows is None else values[rows]
