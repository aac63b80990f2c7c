# SPDX-License-Identifier: BSD-3-Clause
"""What the parameters of LogisticRegressionCV mean, and which of them get along."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from numbers import Integral, Number
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss.linear_model._logistic.parameters import check_solver

_L1_RATIOS_CHANGE = (
    "The default value for l1_ratios will change from None to (0.0,) in version 1.10. From "
    "version 1.10 onwards, only array-like with values in [0, 1] will be allowed, None will "
    "be forbidden. To avoid this warning, explicitly set a value, e.g. l1_ratios=(0,)."
)
_L1_RATIOS_NONE = (
    "'l1_ratios=None' was deprecated in version 1.8 and will trigger an error in 1.10. Use an "
    "array-like with values in [0, 1] instead."
)
_PENALTY_DEPRECATED = (
    "'penalty' was deprecated in version 1.8 and will be removed in 1.10. To avoid this "
    "warning, leave 'penalty' set to its default value and use 'l1_ratios' and 'Cs' instead. "
    "Use l1_ratios=(0,) instead of penalty='l2', l1_ratios=(1,) instead of penalty='l1', "
    "l1_ratios set to floats between 0 and 1 instead of penalty='elasticnet', and "
    "Cs=(np.inf,) instead of penalty=None."
)
_SCORING_CHANGE = (
    "The default value of the parameter 'scoring' will change from None, i.e. accuracy, to "
    "'neg_log_loss' in version 1.11. To silence this warning, explicitly set the scoring "
    "parameter: scoring='neg_log_loss' for the new, scoring='accuracy' or scoring=None for "
    "the old default."
)
_LEGACY_CHANGE = (
    "The fitted attributes of {name} will be simplified in scikit-learn 1.10 to remove "
    "redundancy. Set `use_legacy_attributes=False` to enable the new behavior now, or set it "
    "to `True` to silence this warning during the transition period while keeping the "
    "deprecated behavior for the time being. The default value of use_legacy_attributes will "
    "change from True to False in scikit-learn 1.10. See the docstring of {name} for more "
    "details."
)


@dataclass(frozen=True, slots=True)
class Settings:
    """The grid to search, and in which form to publish what was found.

    Attributes
    ----------
    Cs : ndarray of shape (n_cs,)
    shares : ndarray of shape (n_l1_ratios,)
        Shares of the L1 penalty to fit with.
    l1_ratios : sequence of float or None
        As the user gave them; None if not at all.
    penalty : str
        'l1', 'l2' or 'elasticnet'.
    legacy : bool
        Whether attributes are of the old shapes.
    """

    Cs: NDArray[np.float64]
    shares: NDArray[np.float64]
    l1_ratios: Any
    penalty: str
    legacy: bool


def settings_of(estimator: Any, *, stacklevel: int = 4) -> Settings:
    """Read an estimator's parameters.

    Warns and complains as scikit-learn does about what is deprecated or contradictory.

    Raises
    ------
    ValueError
        If the parameters exclude each other or the grid is none.
    """

    def warn(message: str, category: type[Warning] = FutureWarning) -> None:
        warnings.warn(message, category, stacklevel=stacklevel + 1)

    l1_ratios = estimator.l1_ratios
    if isinstance(l1_ratios, str):
        warn(_L1_RATIOS_CHANGE)
        l1_ratios = None
    if estimator.penalty == "deprecated":
        if estimator.l1_ratios is None:
            warn(_L1_RATIOS_NONE)
        penalty = _penalty_name(l1_ratios)
    else:
        penalty = estimator.penalty
        warn(_PENALTY_DEPRECATED)
    if isinstance(estimator.scoring, str) and estimator.scoring == "warn":
        warn(_SCORING_CHANGE)
    legacy = estimator.use_legacy_attributes
    if isinstance(legacy, str):
        warn(_LEGACY_CHANGE.format(name=type(estimator).__name__))
        legacy = True
    check_solver(estimator.solver, penalty, estimator.dual)
    if penalty == "elasticnet":
        _check_l1_ratios(l1_ratios)
    elif l1_ratios is not None and estimator.penalty != "deprecated":
        warn(f"l1_ratios parameter is only used when penalty is 'elasticnet'. Got (penalty={penalty})", UserWarning)
    return Settings(_grid(estimator.Cs), _shares(penalty, l1_ratios), l1_ratios, penalty, bool(legacy))


def _penalty_name(l1_ratios: Any) -> str:
    if l1_ratios is None or np.all(np.asarray(l1_ratios) == 0):
        return "l2"
    return "l1" if np.all(np.asarray(l1_ratios) == 1) else "elasticnet"


def _check_l1_ratios(l1_ratios: Any) -> None:
    def is_share(value: Any) -> bool:
        return isinstance(value, Number) and 0 <= value <= 1  # type: ignore[operator]

    if l1_ratios is None or not len(l1_ratios) or not all(map(is_share, l1_ratios)):
        raise ValueError(f"l1_ratios must be an array-like of numbers between 0 and 1; got (l1_ratios={l1_ratios!r})")


def _shares(penalty: str, l1_ratios: Any) -> NDArray[np.float64]:
    """The share of L1 of every path: a penalty called by its name overrules ``l1_ratios``."""
    if penalty == "elasticnet":
        return np.asarray(l1_ratios, dtype=np.float64)
    n = 1 if l1_ratios is None else len(l1_ratios)
    return np.full(n, 1.0 if penalty == "l1" else 0.0)


def _grid(Cs: Any) -> NDArray[np.float64]:
    grid = np.logspace(-4, 4, Cs) if isinstance(Cs, Integral) else np.asarray(Cs, dtype=np.float64)
    if grid.ndim != 1 or not len(grid) or not np.all(grid > 0):
        raise ValueError(f"Cs must be a number of values, or an array-like of positive numbers; got (Cs={Cs!r})")
    return grid
