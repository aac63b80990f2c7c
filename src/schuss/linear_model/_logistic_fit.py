# SPDX-License-Identifier: BSD-3-Clause
"""One fit of LogisticRegression: the objective, the sweeps and when to stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss.callbacks import FitTask
from schuss.history import History
from schuss.linear_model._inputs import check_first_read, explain_overflow, n_threads_for
from schuss.linear_model._logistic_parameters import intercept_penalty
from schuss.linear_model._newton import Minimizer
from schuss.linear_model._objective import Objective, Point
from schuss.linear_model._plan import minimizer, near_column_means
from schuss.linear_model._proximal import L1Penalty, ProximalMinimizer, proximal_minimizer
from schuss.losses import Loss, Target, class_shares
from schuss.stopping import Plateau
from schuss.training import Hook, Outcome, Rule, StopReason, run
from schuss.validation import Curves, Evaluator
from schuss.verbose import print_line

Array = NDArray[Any]

_BINARY = Loss("logistic", Target.ZERO_ONE)
_MULTINOMIAL = Loss("softmax", Target.CLASS)
_DENSE = 1 << 20  # entries of a sparse matrix that are solved faster as an array
_RAREST = 1e-12  # keeps the logarithm of an empty class's share finite


@dataclass(frozen=True, slots=True)
class Data:
    """Checked data with numbered classes.

    Attributes
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,), dtype of X
        Class numbers.
    weight : ndarray of shape (n_samples,), dtype of X, or None
    """

    X: Any
    y: Array
    weight: Array | None

    def take(self, rows: NDArray[np.int64]) -> Data:
        weight = None if self.weight is None else self.weight[rows]
        return Data(self.X[rows], self.y[rows], weight)


class LogisticFit:
    """Runs a `Minimizer` under `schuss.training.run`; an iteration is an accepted step.

    Parameters
    ----------
    model : LogisticRegression
        Its parameters are read; of its attributes ``classes_`` and, with a warm start,
        the parameters of the fit before.
    data : Data
        To train on.
    C : float
        Inverse strength of the penalty on the scale of summed losses.
    l1_ratio : float, default=0.0
        Share of it that is an L1 penalty.

    Attributes
    ----------
    history : History
    curves : Curves or None
        Set by `watch`.
    """

    def __init__(self, model: Any, data: Data, C: float, l1_ratio: float = 0.0) -> None:
        self._model, self._data = model, data
        n_classes = len(model.classes_)
        self._n_outputs = 1 if n_classes == 2 else n_classes
        share = class_shares(data.y, data.weight, n_classes)
        self._log_share = np.log(np.maximum(share, _RAREST))
        self._objective = self._make_objective(C, l1_ratio)
        self._l1 = self._make_l1_penalty(C, l1_ratio)
        self._warm = _warm_start(model, self._objective)
        self._minimizer: Minimizer | ProximalMinimizer | None = None
        self._now: Point | None = None
        self._reached: Point | None = None
        self.curves: Curves | None = None
        self.history = History(baseline={"training_loss": -float(share @ self._log_share)})

    def _make_objective(self, C: float, l1_ratio: float) -> Objective:
        model, data = self._model, self._data
        l2 = (1.0 - l1_ratio) / (C * self._total())
        # An absolute value does not separate into those of a shifted intercept's parts.
        shifted = model.fit_intercept and not (l1_ratio and intercept_penalty(model))
        small = sp.issparse(data.X) and np.prod(data.X.shape) <= _DENSE
        return Objective(
            data.X.toarray() if small else data.X,
            data.y,
            data.weight,
            loss=self._loss.name,
            n_outputs=self._n_outputs,
            l2=l2,
            fit_intercept=bool(model.fit_intercept),
            shift=near_column_means(data.X) if shifted else None,
            n_threads=n_threads_for(model, data.X),
            intercept_l2=l2 * intercept_penalty(model),
        )

    def _make_l1_penalty(self, C: float, l1_ratio: float) -> L1Penalty | None:
        if not l1_ratio:
            return None
        l1 = l1_ratio / (C * self._total())
        penalty = L1Penalty.of_coefficients(self._objective.shape, l1)
        penalty.strength[:, -1] = l1 * np.sqrt(intercept_penalty(self._model))
        return penalty

    def _total(self) -> float:
        weight = self._data.weight
        return float(len(self._data.y) if weight is None else weight.sum(dtype=np.float64))

    @property
    def _loss(self) -> Loss:
        return _BINARY if self._n_outputs == 1 else _MULTINOMIAL

    def watch(self, held_out: Data) -> None:
        """Record the curves of validation data."""
        share = class_shares(held_out.y, held_out.weight, len(self._log_share))
        self.history.baseline["validation_loss"] = -float(share @ self._log_share)
        self.curves = Curves(self._evaluator(held_out), self._evaluator(self._data), lambda: self._now)
        self.history.baseline |= self.curves.baseline

    def _evaluator(self, data: Data) -> Evaluator:
        return Evaluator(
            data.X,
            data.y,
            data.weight,
            loss=self._loss,
            n_outputs=self._n_outputs,
            classes=True,
            n_threads=self._objective.n_threads,
        )

    def run(self, task: FitTask) -> Outcome:
        """Train until something says stop."""
        model, watched = self._model, self.curves if self._model.early_stopping else None
        rules: list[Rule] = [self._rule]
        hooks: list[Hook] = [task]
        if watched is not None:
            reason, patience = StopReason.NO_IMPROVEMENT, model.n_iter_no_change
            rules.append(Plateau("validation_loss", tol=0.0, patience=patience, reason=reason))
        if model.verbose:
            hooks.append(print_line)
        outcome = run(
            task.announce(self._sweep),
            max_iter=model.max_iter,
            history=self.history,
            rules=rules,
            hooks=hooks,
            max_time=model.max_time,
        )
        if outcome.reason is StopReason.DIVERGED:
            explain_overflow(model, self._data.X, outcome.interrupt)
        if watched is not None and outcome.interrupt is None and watched.best is not None:
            self._reached = watched.best
        return outcome

    def parameters(self) -> tuple[Array, Array]:
        """Return ``coef_`` and ``intercept_`` as of the last complete iteration."""
        if self._reached is None:
            return self._rounded(*(self._warm or self._zeros()))
        return self._rounded(self._reached.coef, self._reached.intercept)

    def fell_short(self, outcome: Outcome) -> bool:
        """Whether the fit ended before the gradient was small, by no wish of the user's."""
        if outcome.reason is StopReason.NO_IMPROVEMENT:
            return self._minimizer is not None and self._minimizer.stuck
        short = not len(self.history) or self.history[-1]["gradient_norm"] > self._model.tol
        return outcome.reason is StopReason.MAX_ITER and short

    def _sweep(self, iteration: int) -> Mapping[str, float]:
        """Take a step; none if the starting point is the minimum."""
        if self._minimizer is None:
            self._minimizer = self._begin()
        solver = self._minimizer
        done = iteration == 0 and solver.converged(self._model.tol)
        size = 0.0 if done else solver.step()
        self._now = point = solver.point
        record = {
            "data_loss": point.data_loss,
            "penalty": point.penalty,
            "objective": point.value,
            "gradient_norm": point.gradient_norm,
            "step_size": size,
        }
        if self.curves is not None:
            coef, intercept = self._rounded(point.coef, point.intercept)
            record |= self.curves.record(iteration, coef, intercept)
        self._reached = point
        return record

    def _begin(self) -> Minimizer | ProximalMinimizer:
        """Read X for the first time; made within the first sweep, which it is part of."""
        coef, intercept = self._warm or self._zeros()
        if self._warm is None and self._model.fit_intercept:
            intercept = self._prior()
        theta = self._objective.shifted(coef, intercept)
        warm = self._warm is not None
        solver: Minimizer | ProximalMinimizer
        if self._l1 is not None:
            solver = proximal_minimizer(self._objective, self._l1, theta, tol=self._model.tol, warm=warm)
        else:
            if self._n_outputs > 1:
                theta -= theta.mean(axis=0)  # changes no probability, lowers the penalty
            solver = minimizer(self._objective, theta, warm=warm)
        solver.start()
        check_first_read(self._model, self._data.X, solver.point.value, solver.point.gradient_norm)
        return solver

    def _rule(self, history: History) -> StopReason | None:
        """Stop at the minimum, or where rounding allows no better."""
        solver = self._minimizer
        assert solver is not None
        if solver.converged(self._model.tol):
            return StopReason.CONVERGED
        if solver.stuck:
            good = solver.precise or solver.point.gradient_norm <= self._model.tol
            return StopReason.CONVERGED if good else StopReason.NO_IMPROVEMENT
        return None

    def _zeros(self) -> tuple[Array, Array]:
        k, p = self._objective.shape
        return np.zeros((k, p - 1)), np.zeros(k)

    def _prior(self) -> Array:
        """The intercept that is right for coefficients of zero."""
        log_share = self._log_share
        return log_share[1:] - log_share[0] if self._n_outputs == 1 else log_share

    def _rounded(self, coef: Array, intercept: Array) -> tuple[Array, Array]:
        # liblinear knows double precision only, so that is what scikit-learn returns
        dtype = np.float64 if self._model.solver == "liblinear" else self._data.X.dtype
        return coef.astype(dtype), intercept.astype(dtype)


def _warm_start(model: Any, objective: Objective) -> tuple[Array, Array] | None:
    """The parameters of the fit before, if they are wanted.

    Raises
    ------
    ValueError
        If they are of another shape than this problem's.
    """
    coef = getattr(model, "coef_", None) if model.warm_start else None
    if coef is None:
        return None
    coef = coef.toarray() if sp.issparse(coef) else np.asarray(coef)
    k, p = objective.shape
    if coef.shape != (k, p - 1):
        raise ValueError(f"Initialization coef is of shape {coef.shape}, expected shape {(k, p - 1)}")
    intercept = model.intercept_ if model.fit_intercept else np.zeros(k)
    return coef.astype(np.float64), np.asarray(intercept, dtype=np.float64)
