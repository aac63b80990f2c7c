# SPDX-License-Identifier: BSD-3-Clause
"""The fit that MLPClassifier and MLPRegressor share."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted

from schuss import _kernels as kernels
from schuss._categories import MOST_CATEGORIES, Vocabulary
from schuss._coding import coded, learn_columns
from schuss._inputs import check_finite, check_X, check_X_y, n_threads_for
from schuss._sklearn import check_sample_weight, check_target
from schuss.callbacks import CallbackSupport, FitTask
from schuss.history import History
from schuss.neural_network import _watch
from schuss.neural_network._columns import vocabulary_of
from schuss.neural_network._curves import Curves
from schuss.neural_network._data import Sample, constant_guess, constant_loss
from schuss.neural_network._forward import forward_of, known_network
from schuss.neural_network._initialize import initial_block
from schuss.neural_network._lbfgs_fit import LbfgsFit
from schuss.neural_network._parameters import (
    CONSTRAINTS,
    STOCHASTIC,
    check_together,
    fitted_spec,
    hidden_units,
    spec_of,
)
from schuss.neural_network._rate_finder import RateSearch, search
from schuss.neural_network._spec import Head, Spec
from schuss.neural_network._state import State
from schuss.neural_network._summary import summary_of
from schuss.neural_network._trainer import Trainer, batch_size_of
from schuss.training import Hook, Outcome, StopReason, run
from schuss.validation import check_given, check_parts_weigh

Array = NDArray[Any]
Given = tuple[Any, Any, Any]

_NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be preprocessed."
)
_MOST_SEEDS = 2**31 - 1
_REAL = [np.float64, np.float32]


def has_partial_fit(estimator: Any) -> bool:
    """Whether the solver goes batch by batch.

    Raises
    ------
    AttributeError
        If it does not.
    """
    if estimator.solver not in STOCHASTIC:
        raise AttributeError(
            f"partial_fit is only available for stochastic optimizers. {estimator.solver} is not stochastic."
        )
    return True


class BaseMLP(CallbackSupport, BaseEstimator):
    """Parameters and training of networks."""

    _classes: ClassVar[bool]  # whether the target is classes
    coefs_: list[Array]
    intercepts_: list[Array]
    history_: History
    n_outputs_: int
    t_: int

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    # What the two estimators do differently.

    @abstractmethod
    def _head(self) -> Head:
        """The loss that the parameters and the target's kind ask for."""

    @abstractmethod
    def _check_target(self, X: Any, y: Array, *, incremental: bool) -> tuple[Array, Array | None]:
        """Return y as the kernels want it and weights that go with its classes; define or check the classes."""

    @abstractmethod
    def _encode(self, y: Array, dtype: Any) -> Array:
        """Return the target of validation rows as the kernels want it."""

    # Data.

    def _check(self, X: Any, y: Any, *, reset: bool, dtype: Any = None) -> tuple[Any, Array]:
        options: dict[str, Any] = {"multi_output": True, "y_numeric": not self._classes}
        if reset:
            learn_columns(self, X, MOST_CATEGORIES)
        if (vocabulary := vocabulary_of(self)) is not None:
            X, y = self._coded(X, vocabulary, reset=reset, dtype=dtype), check_target(self, y, **options)
            check_consistent_length(X, y)
        else:
            X, y = check_X_y(self, X, y, reset=reset, **options | ({} if dtype is None else {"dtype": dtype}))
        y = y.toarray() if sp.issparse(y) else y
        return X, y

    def _coded(self, X: Any, vocabulary: Vocabulary, *, reset: bool = False, dtype: Any = None) -> Array:
        """X with its categories as codes; what is not finite among the others is refused."""
        X = coded(self, X, vocabulary, reset=reset, dtype=_REAL if dtype is None else dtype)
        if not kernels.all_finite(X):
            check_finite(self, X[:, [j for j, categories in enumerate(vocabulary) if categories is None]])
        return np.ascontiguousarray(X)

    def _sample(self, X: Any, y: Any, sample_weight: Any, *, incremental: bool, first: bool) -> Sample:
        dtype = None if first else np.asarray(self.coefs_[0]).dtype
        X, y = self._check(X, y, reset=first, dtype=dtype)
        target, factors = self._check_target(X, y, incremental=incremental)
        weight = check_sample_weight(sample_weight, X, dtype=X.dtype, non_negative=True)
        if factors is not None:
            weight = factors.astype(X.dtype) if weight is None else np.asarray(weight * factors, dtype=X.dtype)
        return Sample(X, np.ascontiguousarray(target, dtype=X.dtype), weight)

    def _validation(self, sample: Sample, given: Given, seed: int) -> tuple[Sample, Sample | None]:
        """Training and validation rows: given, or set aside."""
        X_val, y_val, weight_val = given
        if check_given(X_val, y_val, weight_val):
            X_val, y_val = self._check(X_val, y_val, reset=False, dtype=sample.X.dtype)
            weight = check_sample_weight(weight_val, X_val, dtype=sample.X.dtype, non_negative=True)
            return sample, Sample(X_val, self._encode(y_val, sample.X.dtype), weight)
        if not self.early_stopping or self.solver not in STOCHASTIC:
            return sample, None
        # As scikit-learn has it: by class for two classes, else by chance.
        binary = self._classes and sample.y.ndim == 2 and sample.y.shape[1] == 1
        train, val = train_test_split(
            np.arange(sample.X.shape[0]),
            random_state=seed,
            test_size=self.validation_fraction,
            stratify=sample.y.astype(bool) if binary else None,
        )
        if len(val) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        check_parts_weigh(sample.weight, train, val)
        return sample.take(np.sort(train)), sample.take(np.sort(val))

    # Training.

    def _fit(self, X: Any, y: Any, sample_weight: Any, given: Given, *, incremental: bool) -> Any:
        hidden_units(self)
        first = not hasattr(self, "coefs_") or (not self.warm_start and not incremental)
        whole = self._sample(X, y, sample_weight, incremental=incremental, first=first)
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        head = self._head()
        n_outputs = self._n_outputs(whole)
        spec = spec_of(self, whole.X.shape[1], n_outputs, head)
        check_together(self, spec)
        state = self._begin(spec, whole.X.dtype) if first else self._go_on(spec, whole.X.dtype)
        self.n_outputs_, self.n_layers_, self.out_activation_ = n_outputs, len(spec.units), head.out_activation
        sample, held_out = self._validation(whole, given, state.seed)
        threads = n_threads_for(self, sample.X)
        curves = None
        if held_out is not None:
            curves = Curves(sample, held_out, spec, classes=self._classes, seed=state.seed, n_threads=threads)
        if not (incremental and self.history_.baseline):
            self.history_.baseline |= _baseline(sample, held_out, curves, head, n_outputs)
        task = self._announce((X, y, sample_weight), state, incremental=incremental)
        if self.solver in STOCHASTIC:
            offset = state.epochs if incremental else 0
            self._descend(Trainer(self, state, sample, curves, threads, offset=offset), incremental, task)
        else:
            self._minimise(LbfgsFit(self, state, sample, curves, threads), task)
        task.end()
        return self

    def _n_outputs(self, sample: Sample) -> int:
        return 1 if sample.y.ndim == 1 else int(sample.y.shape[1])

    def _begin(self, spec: Spec, dtype: Any) -> State:
        """A new network."""
        random = check_random_state(self.random_state)
        self.history_, self.t_, self.n_iter_ = History(), 0, 0
        self.__dict__.pop("best_iteration_", None)
        _watch.forget(self)
        block = initial_block(spec, self.initializer, random, dtype)
        seed = int(random.randint(_MOST_SEEDS))
        return State(spec, block, *spec.statistics(dtype), self.solver, float(self.learning_rate_init), seed)

    def _go_on(self, spec: Spec, dtype: Any) -> State:
        """The network of the fit before, in a copy."""
        if not hasattr(self, "history_"):
            self.history_ = History()
        seed = int(check_random_state(self.random_state).randint(_MOST_SEEDS))
        return State.of(self, spec, dtype, solver=self.solver, rate=float(self.learning_rate_init), seed=seed)

    def _announce(self, given: Given, state: State, *, incremental: bool) -> FitTask:
        def attributes() -> Mapping[str, Any]:
            now = SimpleNamespace()
            state.snapshot().publish(now)
            return vars(now)

        X, y, sample_weight = given
        max_iter = 1 if incremental else self.max_iter
        return FitTask(self, X, y, sample_weight, max_iter=max_iter, attributes=attributes, task_name="epoch")

    def _descend(self, trainer: Trainer, incremental: bool, task: FitTask) -> None:
        before = len(self.history_)
        outcome = run(
            task.announce(trainer.sweep),
            max_iter=1 if incremental else self.max_iter,
            history=self.history_,
            rules=[trainer.rule],
            hooks=self._hooks(trainer.note, task),
            max_time=self.max_time,
            rollback=trainer.rollback,
        )
        self._no_improvement_count = trainer.watch.count
        if "validation_loss" in self.history_.columns and len(self.history_) > before:
            self._find_best(before)
        if trainer.best is not None:
            # what the solver remembers of a run that went astray is as useless as where it led
            trainer.state.restore(trainer.best, parameters_only=outcome.reason is not StopReason.DIVERGED)
        self._publish(trainer.state, outcome)
        if outcome.reason is StopReason.MAX_ITER and not incremental:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the optimization hasn't "
                "converged yet.",
                ConvergenceWarning,
                stacklevel=5,
            )

    def _hooks(self, note: Hook, task: FitTask) -> list[Hook]:
        """What is called after every iteration: the books are in order before anybody else, who may take his time."""
        return [note, task, _print_line] if self.verbose else [note, task]

    def _find_best(self, before: int) -> None:
        """The first of the best epochs of this fit, by what early stopping watches or else by the loss."""
        records = range(before, len(self.history_))
        if self.early_stopping and self.scoring is None:
            scores = np.nan_to_num(self.history_["validation_score"], nan=-np.inf)
            self.best_iteration_ = int(max(records, key=lambda i: (scores[i], -i)))
        else:
            losses = np.nan_to_num(self.history_["validation_loss"], nan=np.inf)
            self.best_iteration_ = int(min(records, key=lambda i: (losses[i], i)))

    def _minimise(self, fit: LbfgsFit, task: FitTask) -> None:
        before = len(self.history_)
        outcome = run(
            task.announce(fit.sweep),
            max_iter=self.max_iter,
            history=self.history_,
            rules=[fit.rule],
            hooks=self._hooks(fit.note, task),
            max_time=self.max_time,
        )
        self.loss_ = self.history_[-1]["objective"] if len(self.history_) > before else fit.point.value
        if "validation_loss" in self.history_.columns and len(self.history_) > before:
            self._find_best(before)
        if fit.best is not None:
            fit.state.restore(fit.best, parameters_only=True)
        self._publish(fit.state, outcome)
        if outcome.reason is StopReason.MAX_ITER:
            warnings.warn(
                f"lbfgs failed to converge after {outcome.n_iter} iteration(s), {fit.n_evaluations} evaluations of the "
                f"loss:\nSTOP: TOTAL NO. OF ITERATIONS OR EVALUATIONS REACHED LIMIT\n\nIncrease the number of "
                f"iterations to improve the convergence (max_iter={self.max_iter}, max_fun={self.max_fun}).\nYou might "
                "also want to scale the data as shown in:\n    "
                "https://scikit-learn.org/stable/modules/preprocessing.html",
                ConvergenceWarning,
                stacklevel=5,
            )

    def _publish(self, state: State, outcome: Outcome) -> None:
        """Set the fitted attributes, then raise what ended the fit within an epoch."""
        self.stop_reason_ = str(outcome.reason)
        self.n_iter_ = outcome.n_iter
        state.publish(self)
        if outcome.interrupt is not None:
            raise outcome.interrupt
        never_good = self.early_stopping and getattr(self, "best_validation_score_", 0.0) == -np.inf
        if outcome.reason is StopReason.DIVERGED and never_good:
            raise ValueError(_NOT_FINITE)
        if not all(np.isfinite(array).all() for array in (*self.coefs_, *self.intercepts_)):
            raise ValueError(_NOT_FINITE)

    # Prediction.

    def _outputs(self, X: Any) -> Array:
        """Probabilities or means, of shape (n_samples, n_outputs)."""
        network = known_network(self)
        if network is not None and (few := network.predict_few(X)) is not None:
            return few
        check_is_fitted(self, "coefs_")
        vocabulary = vocabulary_of(self)
        X = check_X(self, X) if vocabulary is None else self._coded(X, vocabulary)
        return forward_of(self)(X, n_threads=n_threads_for(self, X))

    def find_learning_rate(
        self, X: Any, y: Any, sample_weight: Any = None, *, low: float = 1e-6, high: float = 10.0, n_steps: int = 200
    ) -> RateSearch:
        """Try rising learning rates, a batch each, on a new network that is thrown away.

        The estimator itself stays as it is. What ``learning_rate_init`` may be is a tenth of
        the rate at which the loss was lowest (Smith 2017).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        sample_weight : array-like of shape (n_samples,), default=None
        low, high : float, default=1e-6 and 10
            First and last rate.
        n_steps : int, default=200

        Returns
        -------
        RateSearch
            ``rates``, smoothed ``losses``, and a ``suggestion``.

        Raises
        ------
        ValueError
            If the data or the parameters are not usable, or the solver is 'lbfgs', which has no rate.
        """
        if self.solver not in STOCHASTIC:
            raise ValueError(f"solver={self.solver!r} has no learning rate.")
        trial = clone(self)
        trial._validate_params()
        sample = trial._sample(X, y, sample_weight, incremental=False, first=True)
        spec = spec_of(trial, sample.X.shape[1], trial._n_outputs(sample), trial._head())
        state = trial._begin(spec, sample.X.dtype)
        size = batch_size_of(trial.batch_size, sample.X.shape[0])
        return search(trial, state, sample, np.geomspace(low, high, n_steps), size, n_threads_for(trial, sample.X))

    def _loss_grad_lbfgs(self, packed_coef_inter: Array, X: Any, y: Array, sample_weight: Any, *_: Any) -> Any:
        """Objective and gradient at other parameters, weights first: scikit-learn's method of this name."""
        spec = fitted_spec(self)
        targets = y.argmax(axis=1) if spec.head.loss == "softmax" else y
        sample = Sample(X, np.ascontiguousarray(targets, dtype=X.dtype), sample_weight)
        block = np.array(packed_coef_inter, dtype=X.dtype)
        point = LbfgsFit(self, State(spec, block, [], [], "lbfgs", 0.0, 0), sample, None, n_threads_for(self, X)).point
        return point.value, point.gradient

    def summary(self) -> Any:
        """Return a table of the layers, those of categories before them, and the number of their parameters.

        Returns
        -------
        Summary
            Prints as a table; its ``layers`` are dicts, its ``n_parameters`` the total.
        """
        check_is_fitted(self, "coefs_")
        return summary_of(fitted_spec(self), getattr(self, "feature_names_in_", None))

    @property
    def _optimizer(self) -> Any:
        """The solver's state under scikit-learn's name."""
        if "_solver_rate" not in vars(self):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute '_optimizer'")
        return SimpleNamespace(learning_rate=self._solver_rate)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _baseline(sample: Sample, held_out: Sample | None, curves: Curves | None, head: Head, n: int) -> dict[str, float]:
    """What the best constant guess would lose."""
    guess = constant_guess(sample, head, n)
    baseline = {"training_loss": constant_loss(sample, head, guess)}
    if held_out is not None and curves is not None:
        baseline["validation_loss"] = constant_loss(held_out, head, guess)
        baseline |= curves.baseline
    return baseline


def _print_line(iteration: int, history: History) -> None:
    """Print an epoch in scikit-learn's words (a hook of `schuss.training.run`)."""
    record = history[-1]
    print(f"Iteration {iteration + 1}, loss = {record['objective']:.8f}")
    if "validation_score" in history.columns:
        print(f"Validation score: {record['validation_score']:f}")
