# SPDX-License-Identifier: BSD-3-Clause
"""From a family's name to an estimator: the only place that knows which class stands behind which name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from schuss.cli.errors import CommandError
from schuss.data.errors import nearest, shown
from schuss.data.plain import Form
from schuss.data.target import CLASSIFICATION, REGRESSION, Task

# Parameters that have an option of their own, so that it is said once.
_OPTIONS = {"random_state": "--seed", "n_threads": "--threads", "n_jobs": "--threads", "max_time": "--max-time"}


@dataclass(frozen=True, slots=True)
class Family:
    """Classes of one family, by task, and what the command line sets differently from the class.

    Attributes
    ----------
    classes : mapping of task to str
    settings : mapping of task to mapping
        Parameters that differ from the class's own defaults.
    home : str
        Module of the classes.
    stops_early : bool
        Whether validation rows should end the fit.
    watched : mapping
        Parameters that differ besides if they do.
    power : float or None
        Of the Tweedie distribution that the target is taken to follow: 1 for counts, 2 for positive
        amounts, 0 for numbers that are fitted as they are; None for numbers that are scaled for fitting.
    form : Form
        What the features have to be.
    """

    classes: Mapping[Task, str]
    settings: Mapping[Task, Mapping[str, Any]] = field(default_factory=dict)
    home: str = "schuss.linear_model"
    stops_early: bool = False
    watched: Mapping[str, Any] = field(default_factory=dict)
    power: float | None = None
    form: Form = Form.SCALED


_STEADY = {"learning_rate": "adaptive"}  # the columns are scaled: a modest step that shrinks once the loss settles
_LEGIBLE = {"max_depth": 4, "min_samples_leaf": 20}  # a person can read it, and it does not learn rows by heart

FAMILIES = {
    "linear": Family({REGRESSION: "Ridge"}),
    "ridge": Family({CLASSIFICATION: "RidgeClassifier", REGRESSION: "Ridge"}),
    "ridge-cv": Family({CLASSIFICATION: "RidgeClassifierCV", REGRESSION: "RidgeCV"}),
    "lasso": Family({REGRESSION: "Lasso"}, {REGRESSION: {"alpha": 0.01}}),  # of a target scaled to one
    "lasso-cv": Family({REGRESSION: "LassoCV"}),
    "elasticnet": Family({REGRESSION: "ElasticNet"}, {REGRESSION: {"alpha": 0.01}}),
    "elasticnet-cv": Family({REGRESSION: "ElasticNetCV"}),
    "logistic": Family({CLASSIFICATION: "LogisticRegression"}),
    "logistic-cv": Family({CLASSIFICATION: "LogisticRegressionCV"}),
    "poisson": Family({REGRESSION: "PoissonRegressor"}, power=1.0),
    "gamma": Family({REGRESSION: "GammaRegressor"}, power=2.0),
    "tweedie": Family({REGRESSION: "TweedieRegressor"}, {REGRESSION: {"power": 1.5}}, power=1.5),
    "glm": Family({REGRESSION: "GeneralizedLinearRegressor"}, power=0.0),
    "huber": Family({REGRESSION: "HuberRegressor"}),
    "quantile": Family({REGRESSION: "QuantileRegressor"}, {REGRESSION: {"alpha": 0.0}}),
    "svm": Family({CLASSIFICATION: "LinearSVC", REGRESSION: "LinearSVR"}, home="schuss.svm"),
    "perceptron": Family({CLASSIFICATION: "Perceptron"}, stops_early=True),
    "sgd": Family(
        {CLASSIFICATION: "SGDClassifier", REGRESSION: "SGDRegressor"},
        # The class's own default, hinge, has no probabilities.
        {CLASSIFICATION: {"loss": "log_loss"} | _STEADY, REGRESSION: _STEADY},
        stops_early=True,
    ),
    "tree": Family(
        {CLASSIFICATION: "DecisionTreeClassifier", REGRESSION: "DecisionTreeRegressor"},
        {CLASSIFICATION: _LEGIBLE, REGRESSION: _LEGIBLE},
        home="schuss.tree",
        power=0.0,
        form=Form.PLAIN,
    ),
    "forest": Family(
        {CLASSIFICATION: "RandomForestClassifier", REGRESSION: "RandomForestRegressor"},
        home="schuss.ensemble",
        power=0.0,
        form=Form.CODES,
    ),
    "boosting": Family(
        {CLASSIFICATION: "HistGradientBoostingClassifier", REGRESSION: "HistGradientBoostingRegressor"},
        home="schuss.ensemble",
        stops_early=True,
        watched={"max_iter": 1000},  # validation rows say when it is enough
        power=0.0,
        form=Form.CODES,
    ),
    "mlp": Family(
        {CLASSIFICATION: "MLPClassifier", REGRESSION: "MLPRegressor"},
        home="schuss.neural_network",
        stops_early=True,
        # As for boosting, and by the loss: on few rows the score stands still long before the network is done.
        watched={"max_iter": 1000, "scoring": "loss"},
        form=Form.SCALED_CODES,
    ),
}


def load_classes(family: str | None) -> None:
    """Import the classes of a family, or of all that may be tried, so that it does not pass for fitting."""
    wanted = ("logistic", "boosting", "mlp") if family == "auto" else (family or "logistic",)
    for name in wanted:
        import_module(FAMILIES[name].home)


def form_of(family: str | None) -> Form:
    """Return what the features of a family have to be."""
    return FAMILIES[family].form if family in FAMILIES else Form.SCALED


def task_of(family: str | None) -> Task | None:
    """Return the task a family is for, or None if the target decides."""
    tasks = list(FAMILIES[family].classes) if family in FAMILIES else []
    return tasks[0] if len(tasks) == 1 else None


_POWERS = {"poisson": 1.0, "gamma": 2.0}  # of the families of a GLM, as far as their targets are limited by it


def power_of(family: str | None, settings: Mapping[str, Any]) -> float | None:
    """Return the power of the distribution that a family takes the target to follow, or None."""
    usual = FAMILIES[family].power if family in FAMILIES else None
    if family == "glm":
        return _POWERS.get(str(settings.get("family")), usual)
    given = settings.get("power", usual)
    return usual if usual is None or isinstance(given, bool) or not isinstance(given, int | float) else float(given)


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
        Whether validation rows will be given, on which some families then stop early.

    Raises
    ------
    CommandError
        If a parameter is unknown or its value impossible.
    """
    name = FAMILIES[family].classes[task]
    estimator = getattr(import_module(FAMILIES[family].home), name)()
    known = estimator.get_params()
    for parameter in settings:
        if parameter in _OPTIONS:
            raise CommandError(f"--set {parameter} is {_OPTIONS[parameter]} here")
        if parameter not in known:
            raise CommandError(f"{name} has no parameter {shown(parameter)}{nearest(parameter, known)}")
    chosen = {"random_state": seed, "n_threads": threads, "max_time": max_time}
    chosen |= FAMILIES[family].settings.get(task, {})
    if FAMILIES[family].stops_early:
        chosen["early_stopping"] = validates
        chosen |= FAMILIES[family].watched if validates else {}
    chosen = {parameter: value for parameter, value in chosen.items() if parameter in known}
    estimator.set_params(**(chosen | dict(settings)))
    _check_parameters(estimator)
    return estimator


def tell_categories(estimator: Any, coded: list[int], settings: Mapping[str, Any]) -> None:
    """Say which features are codes of categories, unless the person did."""
    if "categorical_features" in estimator.get_params() and "categorical_features" not in settings:
        estimator.set_params(categorical_features=coded or None)


def _check_parameters(estimator: Any) -> None:
    """Check the values before the table is read: a typing mistake should not cost a minute."""
    from schuss._sklearn import check_parameters

    try:
        check_parameters(estimator)
    except ValueError as error:
        raise CommandError(str(error)) from error
