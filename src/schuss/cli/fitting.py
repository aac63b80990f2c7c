# SPDX-License-Identifier: BSD-3-Clause
"""The fit itself: watched while it runs, in order whatever ends it."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from inspect import signature
from typing import Any

from schuss.cli.errors import CommandError
from schuss.cli.progress import Progress
from schuss.cli.tables import Tables
from schuss.data.target import CLASSIFICATION

_PUBLISHED = ("coef_", "coefs_", "tree_", "_trees", "n_iter_")  # one of them is there once a fit has something


@dataclass(frozen=True, slots=True)
class Fit:
    """How a fit went.

    Attributes
    ----------
    interrupted : bool
        Whether Ctrl-C ended it; the model is then that of the last complete iteration.
    warnings : list of str
        What the estimator warned of, apart from a missing convergence, which the stop reason says.
    """

    interrupted: bool
    warnings: list[str]


def fit(estimator: Any, tables: Tables, progress: Progress) -> Fit:
    """Fit an estimator to the training part.

    Raises
    ------
    KeyboardInterrupt
        If Ctrl-C came before the first iteration was complete.
    CommandError
        If the fit diverged, or the model refuses its parameters or the data.
    """
    from sklearn.exceptions import ConvergenceWarning

    target = tables.target
    X, y = tables.training[0], target.fitted_to(tables.training[1])
    options: dict[str, Any] = {}
    if len(tables.validation[1]) and "X_val" in signature(estimator.fit).parameters:
        options = {"X_val": tables.validation[0], "y_val": target.fitted_to(tables.validation[1])}
    if hasattr(estimator, "set_callbacks"):
        estimator.set_callbacks(progress)
    interrupted = False
    with warnings.catch_warnings(record=True) as caught, progress:
        warnings.simplefilter("always")
        try:
            estimator.fit(X, y, **options)
        except KeyboardInterrupt:
            if not _n_iterations(estimator):
                raise
            interrupted = True
        except ValueError as error:
            raise _explained(estimator, error) from error
        progress.finish(estimator.history_)
    if hasattr(estimator, "set_callbacks"):
        estimator.set_callbacks()
    if not all(math.isfinite(value) for value in _ends(estimator)):
        raise _diverged(estimator)
    _label(estimator, tables)
    said = [str(w.message) for w in caught if not issubclass(w.category, ConvergenceWarning)]
    return Fit(interrupted, list(dict.fromkeys(said)))


def _explained(estimator: Any, error: ValueError) -> CommandError:
    if getattr(estimator, "stop_reason_", None) == "diverged":
        return _diverged(estimator)
    return CommandError(" ".join(str(error).split()))


def _diverged(estimator: Any) -> CommandError:
    rate = "learning_rate_init" if hasattr(estimator, "learning_rate_init") else "eta0"
    smaller = f"a smaller learning rate (--set {rate}=0.0001)"
    return CommandError(f"the fit diverged: the numbers ran away; try {smaller} or a stronger penalty")


def _n_iterations(estimator: Any) -> int:
    published = any(hasattr(estimator, name) for name in _PUBLISHED)
    return len(getattr(estimator, "history_", ())) if published else 0


def _ends(estimator: Any) -> list[float]:
    """The largest parameters of a model that has some; leaves of trees are means and cannot run away."""
    import numpy as np

    parameters = [getattr(estimator, name) for name in ("coef_", "intercept_") if hasattr(estimator, name)]
    parts = [part for name in ("coefs_", "intercepts_", "embeddings_") for part in getattr(estimator, name, ())]
    parameters += [part for part in parts if part is not None]
    return [float(np.abs(part).max()) for part in parameters]


def _label(estimator: Any, tables: Tables) -> None:
    """Give the estimator the table's labels.

    It was fitted to class numbers, since sorting a million texts takes longer than most fits; its classes
    are those numbers in order, so that the labels can take their place.
    """
    if tables.target.task == CLASSIFICATION:
        estimator.classes_ = tables.target.labels
