# SPDX-License-Identifier: BSD-3-Clause
"""From a family's name to an estimator: the only place that knows which class stands behind which name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from schuss.cli.errors import CommandError
from schuss.data.errors import nearest, shown
from schuss.data.target import CLASSIFICATION, REGRESSION, Task

HOME = "schuss.linear_model"

# Parameters that have an option of their own, so that it is said once.
_OPTIONS = {"random_state": "--seed", "n_threads": "--threads", "n_jobs": "--threads", "max_time": "--max-time"}


@dataclass(frozen=True, slots=True)
class Family:
    """Classes of one family, by task, and what the command line sets differently from the class."""

    classes: Mapping[Task, str]
    settings: Mapping[Task, Mapping[str, Any]] = field(default_factory=dict)


_STEADY = {"learning_rate": "adaptive"}  # the columns are scaled: a modest step that shrinks once the loss settles

FAMILIES = {
    "linear": Family({REGRESSION: "Ridge"}),
    "logistic": Family({CLASSIFICATION: "LogisticRegression"}),
    "sgd": Family(
        {CLASSIFICATION: "SGDClassifier", REGRESSION: "SGDRegressor"},
        # The class's own default, hinge, has no probabilities.
        {CLASSIFICATION: {"loss": "log_loss"} | _STEADY, REGRESSION: _STEADY},
    ),
}


def task_of(family: str | None) -> Task | None:
    """Return the task a family is for, or None if the target decides."""
    tasks = list(FAMILIES[family].classes) if family else []
    return tasks[0] if len(tasks) == 1 else None


def default_family(task: Task) -> str:
    """Return the family for a task when nobody chose one."""
    return "logistic" if task == CLASSIFICATION else "linear"


def build(
    family: str,
    task: Task,
    settings: Mapping[str, Any],
    *,
    seed: int,
    threads: int | None,
    max_time: float | None,
    validates: bool,
) -> Any:
    """Return an unfitted estimator.

    Parameters
    ----------
    family : str
        A key of `FAMILIES`.
    task : {"classification", "regression"}
    settings : mapping
        Parameters by name, as the person gave them.
    seed : int
    threads : int or None
    max_time : float or None
        Seconds.
    validates : bool
        Whether validation rows will be given, on which SGD then stops early.

    Raises
    ------
    CommandError
        If a parameter is unknown or its value impossible.
    """
    name = FAMILIES[family].classes[task]
    estimator = getattr(import_module(HOME), name)()
    known = estimator.get_params()
    for parameter in settings:
        if parameter in _OPTIONS:
            raise CommandError(f"--set {parameter} is {_OPTIONS[parameter]} here")
        if parameter not in known:
            raise CommandError(f"{name} has no parameter {shown(parameter)}{nearest(parameter, known)}")
    chosen = {"random_state": seed, "n_threads": threads, "max_time": max_time}
    chosen |= FAMILIES[family].settings.get(task, {})
    if family == "sgd":
        chosen["early_stopping"] = validates
    chosen = {parameter: value for parameter, value in chosen.items() if parameter in known}
    estimator.set_params(**(chosen | dict(settings)))
    _check_parameters(estimator)
    return estimator


def _check_parameters(estimator: Any) -> None:
    """Check the values before the table is read: a typing mistake should not cost a minute."""
    from schuss._sklearn import check_parameters

    try:
        check_parameters(estimator)
    except ValueError as error:
        raise CommandError(str(error)) from error
