# SPDX-License-Identifier: BSD-3-Clause
"""Numbers and names as people read them; used by the terminal and by the report alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

_BARS = "▁▂▃▄▅▆▇█"
_STOPS = {
    "converged": "the loss no longer falls in earnest",
    "no_improvement": "what was watched no longer improves",
    "max_iter": "the limit of iterations was reached",
    "max_time": "the time was up",
    "callback": "a callback asked to",
    "diverged": "the numbers ran away",
    "interrupted": "Ctrl-C",
}

_TITLES = {
    "DecisionTreeClassifier": "Decision tree, classes",
    "DecisionTreeRegressor": "Decision tree, numbers",
    "ElasticNet": "Elastic net",
    "ElasticNetCV": "Elastic net, penalty by cross-validation",
    "GammaRegressor": "Gamma regression",
    "GeneralizedLinearRegressor": "Generalised linear model",
    "HistGradientBoostingClassifier": "Gradient boosting, classes",
    "HistGradientBoostingRegressor": "Gradient boosting, numbers",
    "HuberRegressor": "Huber regression",
    "Lasso": "Lasso",
    "LassoCV": "Lasso, penalty by cross-validation",
    "LinearRegression": "Linear regression",
    "LinearSVC": "Linear support vector machine, classes",
    "LinearSVR": "Linear support vector machine, numbers",
    "MLPClassifier": "Neural network, classes",
    "MLPRegressor": "Neural network, numbers",
    "LogisticRegression": "Logistic regression",
    "LogisticRegressionCV": "Logistic regression, penalty by cross-validation",
    "Perceptron": "Perceptron",
    "PoissonRegressor": "Poisson regression",
    "QuantileRegressor": "Quantile regression",
    "RandomForestClassifier": "Random forest, classes",
    "RandomForestRegressor": "Random forest, numbers",
    "Ridge": "Ridge regression",
    "RidgeCV": "Ridge regression, penalty by cross-validation",
    "RidgeClassifier": "Ridge regression on classes",
    "RidgeClassifierCV": "Ridge regression on classes, penalty by cross-validation",
    "SGDClassifier": "Stochastic gradient descent, classes",
    "SGDRegressor": "Stochastic gradient descent, numbers",
    "TweedieRegressor": "Tweedie regression",
}


def number(value: float | None, digits: int = 4) -> str:
    """Return a number with a few significant digits; a dash if there is none.

    Examples
    --------
    >>> number(0.123456), number(12345678.0), number(None)
    ('0.1235', '12,345,678', '-')
    """
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    if value == 0:
        return "0"
    size = math.floor(math.log10(abs(value)))
    if size >= 15 or size < -4:
        return f"{value:.{digits - 1}e}"
    return f"{value:,.{max(0, digits - 1 - size)}f}"


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share in percent.

    Examples
    --------
    >>> percent(0.8534)
    '85.3%'
    """
    return "-" if share is None or math.isnan(share) else f"{100 * share:.{digits}f}%"


def seconds(value: float) -> str:
    """Return a time.

    Examples
    --------
    >>> seconds(0.0123), seconds(3.25), seconds(125.0)
    ('12 ms', '3.25 s', '2 min 5 s')
    """
    if value < 0.0095:
        return f"{1000 * value:.1f} ms"
    if value < 0.995:
        return f"{1000 * value:.0f} ms"
    if value < 59.95:
        return f"{value:.3g} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest} s"


def size(n_bytes: int) -> str:
    """Return a file's size.

    Examples
    --------
    >>> size(12_345)
    '12.3 kB'
    """
    if n_bytes < 1000:
        return f"{n_bytes} bytes"
    units = ("kB", "MB", "GB", "TB")
    power = min(int(math.log10(n_bytes) // 3), len(units))
    return f"{n_bytes / 1000**power:.3g} {units[power - 1]}"


def count(n: int, one: str, many: str | None = None) -> str:
    """Return a number of things.

    Examples
    --------
    >>> count(1, "row"), count(32561, "row"), count(2, "class", "classes")
    ('1 row', '32,561 rows', '2 classes')
    """
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def listing(items: Sequence[str], most: int = 6) -> str:
    """Join some texts, saying how many were left out.

    Examples
    --------
    >>> listing(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    if len(items) > most:
        return f"{', '.join(items[:most])} and {len(items) - most} more"
    return ", ".join(items)


def stop_sentence(stop: Mapping[str, Any]) -> str:
    """Say why a fit ended: ``reason``, after how many ``iterations``, or of which ``unit``.

    Examples
    --------
    >>> stop_sentence({"reason": "converged", "iterations": 7})
    'Converged after 7 iterations: the loss no longer falls in earnest.'
    >>> stop_sentence({"reason": "converged", "iterations": 4, "unit": "level"})
    'Grown to the end: no leaf may be split any further.'
    """
    reason, unit = stop["reason"], stop.get("unit", "iteration")
    if reason == "converged" and unit != "iteration":
        return "Grown to the end: no leaf may be split any further."
    verb = {"converged": "Converged", "diverged": "Diverged", "interrupted": "Stopped by Ctrl-C"}.get(reason, "Stopped")
    why = "" if reason == "interrupted" else f": {_STOPS.get(reason, reason)}"
    return f"{verb} after {count(stop['iterations'], unit)}{why}."


def sparkline(values: Sequence[float], width: int = 40) -> str:
    """Draw a curve in one line of text.

    Examples
    --------
    >>> sparkline([3.0, 2.0, 1.0])
    '█▅▁'
    """
    drawn = [value for value in values if math.isfinite(value)]
    if len(drawn) > width:
        drawn = [drawn[round(i * (len(drawn) - 1) / (width - 1))] for i in range(width)]
    if not drawn:
        return ""
    low, high = min(drawn), max(drawn)
    span = (high - low) or 1.0
    return "".join(_BARS[round((value - low) / span * (len(_BARS) - 1))] for value in drawn)


def score_text(name: str, value: float | None, digits: int = 4) -> str:
    """Return a score in the form that suits it."""
    return percent(value) if "accuracy" in name else number(value, digits)


def parameter_text(value: Any) -> str:
    """Return a parameter's value as one would write it."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def title(estimator: object) -> str:
    """Return the name of an estimator's class in words."""
    return _TITLES.get(type(estimator).__name__, type(estimator).__name__)
