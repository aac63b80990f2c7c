# SPDX-License-Identifier: BSD-3-Clause
"""The fit that SGDClassifier and SGDRegressor share."""

from __future__ import annotations

import math
import warnings
from abc import abstractmethod
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning

from schuss._inputs import check_finite, check_parameters, check_training_data, check_X_y
from schuss._sklearn import N_THREADS, Interval, SparseCoefMixin, StrOptions
from schuss.callbacks import CallbackSupport, FitTask
from schuss.history import History
from schuss.linear_model._sgd.guard import SHARE
from schuss.linear_model._sgd.optimizers import Memory, Optimizer
from schuss.linear_model._sgd.parameters import CONSTRAINTS, LEARNING_RATES, check_together
from schuss.linear_model._sgd.setup import Data, Sample, make_baseline, make_curves, make_problem, set_aside
from schuss.linear_model._sgd.solver import Problem, Solver
from schuss.linear_model._sgd.state import Parameters, State, initial
from schuss.losses import Loss, Target
from schuss.training import Hook, Outcome, StopReason, run
from schuss.validation import Curves
from schuss.verbose import print_line

Array = NDArray[Any]

_AVERAGING = ("_standard_coef", "_standard_intercept", "_average_coef", "_average_intercept")


class BaseSGD(CallbackSupport, SparseCoefMixin, BaseEstimator):
    """Parameters and training of linear models by stochastic gradient descent."""

    _classes: ClassVar[bool]  # whether the target is classes
    loss_functions: ClassVar[dict[str, tuple[Any, ...]]]
    coef_: Any
    intercept_: Array

    # What an estimator without these parameters does.
    learning_rate = "constant"
    power_t = 0.5
    epsilon = 0.0
    l1_ratio: float | None = 0.0
    average: bool | int = False
    early_stopping = False
    validation_fraction = 0.1
    n_iter_no_change = 5
    batch_size = 1
    optimizer = "sgd"
    momentum = 0.9
    beta_1 = 0.9
    beta_2 = 0.999
    rho = 0.9
    eps = 1e-8
    ftrl_beta = 1.0
    clip_norm: float | None = None
    clip_value: float | None = None
    warmup = 0.0
    plateau_factor = 0.5
    plateau_patience = 2
    on_divergence = "raise"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "penalty": [StrOptions({"l2", "l1", "elasticnet"}), None],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), None],
        "fit_intercept": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "shuffle": ["boolean"],
        "verbose": ["verbose"],
        "epsilon": [Interval(Real, 0, None, closed="left")],
        "random_state": ["random_state"],
        "learning_rate": [StrOptions(set(LEARNING_RATES))],
        "eta0": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, None, None, closed="neither")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "warm_start": ["boolean"],
        "average": [Interval(Integral, 0, None, closed="neither"), "boolean"],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        **CONSTRAINTS,
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "n_threads": N_THREADS,
    }

    # What the two estimators do differently.

    @abstractmethod
    def _target(self, loss_name: str) -> Target:
        """How this loss wants the target encoded."""

    @abstractmethod
    def _coef_shape(self, coef: Array) -> Array:
        """Bring coefficients of shape (n_outputs, n_features) to the shape of ``coef_``."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    @property
    def _intercept_slope(self) -> float:
        """The objective has a term of this times the intercept."""
        return 0.0

    @property
    def _is_joint(self) -> bool:
        """Whether several classes share a softmax."""
        return False

    # Checks.

    def _check_parameters(self, *, partial: bool = False) -> None:
        """Check each parameter, and what one alone cannot tell."""
        check_parameters(self)
        if self.early_stopping and partial:
            raise ValueError("early_stopping should be False with partial_fit")
        if self.learning_rate == "optimal" and self.optimizer == "sgd" and self.alpha == 0:
            raise ValueError(
                "alpha must be > 0 since learning_rate is 'optimal'. alpha is used to compute the optimal learning "
                "rate."
            )
        check_together(self, joint=self._is_joint)
        passive_aggressive = "hinge" if self._classes else "epsilon_insensitive"
        if self.learning_rate in ("pa1", "pa2") and self.loss != passive_aggressive:
            raise ValueError(f"Learning rate '{self.learning_rate}' only works with loss '{passive_aggressive}'.")
        if self.penalty == "elasticnet" and self.l1_ratio is None:
            raise ValueError("l1_ratio must be set when penalty is 'elasticnet'")

    def _check_data(self, X: Any, y: Any, **options: Any) -> tuple[Any, Array]:
        """Check what `fit` was given; a large X that training searches for NaN is not searched before.

        A row that holds NaN makes the weights NaN, whatever the loss: it is multiplied
        by the step, even by one of length zero. That takes an epoch over all rows, whose
        gradients nothing clips, and that is not repeated with smaller steps.
        """
        shows = Optimizer.of(self).is_plain and not self.early_stopping and self.on_divergence == "raise"
        return (check_training_data if shows else check_X_y)(self, X, y, **options)

    def _loss(self, n_outputs: int) -> Loss:
        """Return the loss for so many outputs."""
        name, *param = self.loss_functions[self.loss]
        return Loss(name, self._target(name), float(self.epsilon) if param else 0.0)

    # Training.

    def _fit(
        self,
        data: Data,
        state: State,
        *,
        given: tuple[Any, Any],
        validation: tuple[Any, Any, Any] = (None, None, None),
    ) -> None:
        """Train from ``state`` until something says stop, and publish the result.

        Parameters
        ----------
        data : Data
        state : State
            Trained in place.
        given : tuple
            X and y as the caller gave them, for callbacks.
        validation : tuple
            ``X_val``, ``y_val`` and ``sample_weight_val``.
        """
        self._reset()
        # The split comes before the seed: a RandomState then splits as in scikit-learn.
        rows, held_out = set_aside(self, data, validation)
        problem = make_problem(self, data, rows)
        self.history_.baseline |= self._make_baseline(problem, held_out)
        curves = None
        if held_out is not None:
            curves = make_curves(problem, state, held_out, classes=self._classes)
            self.history_.baseline |= curves.baseline
        outcome = self._train(problem, state, curves, given)
        self._warn(outcome)

    def _partial_fit(self, data: Data, state: State) -> None:
        """Train one more epoch on this data, continuing history and counters."""
        if not hasattr(self, "history_"):
            self._reset()
        problem = make_problem(self, data, None)
        guess = self.history_.baseline.get("training_loss", math.inf)
        solver = Solver(problem, state, epoch=len(self.history_), guess=guess)
        hooks = [print_line] if self.verbose else []
        outcome = run(solver.sweep, max_iter=1, history=self.history_, hooks=hooks, rollback=solver.rollback)
        self._publish(problem, state, outcome)
        self._finish(solver, outcome)

    def _make_baseline(self, problem: Problem, held_out: Sample | None) -> dict[str, float]:
        return make_baseline(problem, held_out, classes=self._classes)

    def _train(self, problem: Problem, state: State, curves: Curves | None, given: tuple[Any, Any]) -> Outcome:
        watch = bool(self.early_stopping)
        guess = self.history_.baseline.get("training_loss", math.inf)
        solver = Solver(problem, state, guess=guess, curves=curves, watch_validation=watch)
        task = self._announce(given, problem, state)
        hooks: list[Hook] = [task, print_line] if self.verbose else [task]
        outcome = run(
            task.announce(solver.sweep),
            max_iter=self.max_iter,
            history=self.history_,
            rules=[solver.rule],
            hooks=hooks,
            max_time=self.max_time,
            rollback=solver.rollback,
        )
        if outcome.reason is StopReason.DIVERGED:
            check_finite(self, problem.X)  # see `_check_data`
        if curves is not None:
            self.best_iteration_ = curves.best_iteration
            # Without a tolerance nothing is watched, so there is no best epoch to return to.
            if watch and self.tol is not None and outcome.interrupt is None:
                state.restore(curves.best)
        self._publish(problem, state, outcome)
        self._finish(solver, outcome)
        task.end()
        return outcome

    def _announce(self, given: tuple[Any, Any], problem: Problem, state: State) -> FitTask:
        def attributes() -> Mapping[str, Any]:
            now = state.result(problem.average).copy()
            return {"coef_": self._coef_shape(now.coef), "intercept_": now.intercept}

        X, y = given
        return FitTask(self, X, y, problem.weight, max_iter=self.max_iter, attributes=attributes, task_name="epoch")

    def _warn(self, outcome: Outcome) -> None:
        if outcome.reason is StopReason.MAX_ITER and self.tol is not None:
            warnings.warn(
                "Maximum number of iteration reached before convergence. Consider increasing max_iter to improve "
                "the fit.",
                ConvergenceWarning,
                stacklevel=5,
            )
        if self.power_t < 0:
            warnings.warn(
                "Negative values for `power_t` are deprecated in version 1.8 and will raise an error in 1.10. Use "
                "values in the range [0.0, inf) instead.",
                FutureWarning,
                stacklevel=5,
            )

    def _finish(self, solver: Solver, outcome: Outcome) -> None:
        """Say what ran away, and raise what ended a fit within an epoch, once the estimator is in order."""
        diverged = outcome.reason is StopReason.DIVERGED
        if solver.back_offs:
            given_up = " Then it gave up; the parameters are those of the last good epoch." if diverged else ""
            warnings.warn(
                f"Training ran away {solver.back_offs} times. Each time it went back to the last good epoch and "
                f"lowered the learning rates, in the end to {SHARE**solver.back_offs:.1g} of the schedule's.{given_up} "
                "Scaling input data with StandardScaler or MinMaxScaler might help.",
                ConvergenceWarning,
                stacklevel=6,
            )
        elif diverged:
            raise ValueError(
                f"Floating-point under-/overflow occurred at epoch #{outcome.n_iter + 1}. Scaling input data with "
                "StandardScaler or MinMaxScaler might help."
            ) from outcome.interrupt
        if outcome.interrupt is not None and not diverged:
            raise outcome.interrupt

    # Parameters in and out.

    def _reset(self) -> None:
        """Forget what an earlier fit counted."""
        self.history_, self.t_ = History(), 1.0
        self.__dict__.pop("best_iteration_", None)

    def _first_state(self, data: Data, coef_init: Any = None, intercept_init: Any = None) -> State:
        """Start from zero, from what the caller gave, or from the fit before."""
        if self._goes_on():
            before = self._parameters()
            coef_init = before.coef if coef_init is None else coef_init
            intercept_init = before.intercept if intercept_init is None else intercept_init
        X = data.sample.X
        shape = (data.n_outputs, X.shape[1])
        start = Parameters(
            initial(coef_init, shape, X.dtype, "coef_init"),
            initial(intercept_init, shape[:1], X.dtype, "intercept_init"),
        )
        return State(start, start.zeros() if self.average else None, self._memory(start, goes_on=self._goes_on()))

    def _goes_on(self) -> bool:
        return bool(self.warm_start) and getattr(self, "coef_", None) is not None

    def _next_state(self) -> State:
        """Continue, in a copy, from the parameters of the last fit or partial_fit."""
        if self.average and hasattr(self, "_average_coef"):
            current = Parameters(np.atleast_2d(self._standard_coef), self._standard_intercept).copy()
            average = Parameters(np.atleast_2d(self._average_coef), self._average_intercept).copy()
            return State(current, average, self._memory(current), self.t_)
        current = self._parameters().copy()
        return State(current, current.zeros() if self.average else None, self._memory(current), self.t_)

    def _memory(self, start: Parameters, *, goes_on: bool = True) -> Memory:
        """Return what the optimiser remembers, if it has begun, else what it begins with."""
        known = Memory.of(self) if goes_on else None
        return known or Optimizer.of(self).begin(start.coef, start.intercept, self.eta0)

    def _parameters(self) -> Parameters:
        """Return the fitted parameters, not copied."""
        return Parameters(np.atleast_2d(self._dense_coef()), self.intercept_)

    def _set_parameters(self, result: Parameters) -> None:
        self.coef_, self.intercept_ = self._coef_shape(result.coef), result.intercept

    def _dense_coef(self) -> Any:
        return self.coef_.toarray() if sp.issparse(self.coef_) else self.coef_

    def _publish(self, problem: Problem, state: State, outcome: Outcome) -> None:
        """Set the fitted attributes."""
        self.stop_reason_ = str(outcome.reason)
        self.n_iter_ = outcome.n_iter
        self.t_ += outcome.n_iter * problem.X.shape[0]
        for name in _AVERAGING:
            self.__dict__.pop(name, None)
        state.memory.publish(self)
        result = state.current
        if state.average is not None:
            self._standard_coef = self._coef_shape(state.current.coef)
            self._standard_intercept = state.current.intercept
            self._average_coef = self._coef_shape(state.average.coef)
            self._average_intercept = state.average.intercept
            if problem.average <= self.t_ - 1.0:
                result = state.average
        self._set_parameters(result)


def without(constraints: dict[str, list[Any]], *names: str) -> dict[str, list[Any]]:
    """Return what a class asks of its parameters, for a class that lacks some of them."""
    return {name: rule for name, rule in constraints.items() if name not in names}
