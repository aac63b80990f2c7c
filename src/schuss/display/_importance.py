# SPDX-License-Identifier: BSD-3-Clause
"""How much each feature matters to a model, as bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.inspection import permutation_importance
from sklearn.utils.validation import check_is_fitted

from schuss.display._axes import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.container import BarContainer
    from matplotlib.figure import Figure

Float64 = NDArray[np.float64]

_LABELS = {
    "gain": "Share of the gain of all splits",
    "split": "Share of all splits",
    "impurity": "Share of the decrease of impurity",
    "permutation": "Loss of score when shuffled",
}


class FeatureImportanceDisplay:
    """Bars of the features that matter most, the largest on top.

    Use `from_estimator` to make one; all parameters are stored as attributes, and `plot` draws them again.

    Parameters
    ----------
    importances : array-like of shape (n_features,)
    spread : array-like of shape (n_features,) or None, default=None
        Standard deviations, drawn as error bars.
    feature_names : sequence of str or None, default=None
        None for ``x0``, ``x1``, ...
    kind : str or None, default=None
        What the importances are, for the label of the axis.
    name : str or None, default=None
        Title.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    bars_ : matplotlib BarContainer
        From the least important to the most.
    shown_ : ndarray of int
        The features drawn, in the order of ``bars_``.

    Examples
    --------
    >>> from schuss.display import FeatureImportanceDisplay
    >>> from schuss.ensemble import HistGradientBoostingClassifier
    >>> model = HistGradientBoostingClassifier().fit(X, y)  # doctest: +SKIP
    >>> FeatureImportanceDisplay.from_estimator(model)  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        importances: ArrayLike,
        spread: ArrayLike | None = None,
        feature_names: Sequence[str] | None = None,
        kind: str | None = None,
        name: str | None = None,
    ) -> None:
        self.importances = np.asarray(importances, dtype=np.float64)
        self.spread = None if spread is None else np.asarray(spread, dtype=np.float64)
        self.feature_names = None if feature_names is None else [str(one) for one in feature_names]
        self.kind = kind
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any = None,
        y: Any = None,
        *,
        kind: str | None = None,
        max_features: int = 20,
        scoring: Any = None,
        n_repeats: int = 5,
        random_state: Any = None,
        name: str | None = None,
        ax: Any = None,
        bar_kw: Mapping[str, Any] | None = None,
    ) -> FeatureImportanceDisplay:
        """Plot the importances of a fitted model's features.

        Parameters
        ----------
        estimator : estimator
        X, y : array-like or None, default=None
            Data to shuffle the features of, for ``kind='permutation'``; better not those of training.
        kind : {'gain', 'split', 'impurity', 'permutation'} or None, default=None
            Gains or numbers of splits, of boosting; decrease of impurity, of other trees; or what the score loses
            when a feature is shuffled, of any model. None: permutation if there are data, else the first that the
            model has.
        max_features : int, default=20
            Draw no more than so many.
        scoring : str, callable or None, default=None
            The score of permutation; None for the model's own.
        n_repeats : int, default=5
            How often each feature is shuffled.
        random_state : int, RandomState instance or None, default=None
            For shuffling.
        name : str or None, default=None
            Title; None takes the name of the class.
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.
        bar_kw : mapping or None, default=None
            Passed to ``Axes.barh``.

        Returns
        -------
        FeatureImportanceDisplay

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        ValueError
            If the model has no importances of this kind, or data are missing.
        ImportError
            If matplotlib is not installed.
        """
        check_is_fitted(estimator)
        kind = _kind_of(estimator, X) if kind is None else kind
        spread = None
        if kind == "permutation":
            if X is None or y is None:
                raise ValueError("importances by permutation need X and y")
            options = {"scoring": scoring, "n_repeats": n_repeats, "random_state": random_state}
            shuffled = permutation_importance(estimator, X, y, **options)
            importances, spread = shuffled.importances_mean, shuffled.importances_std
        else:
            importances = _importances_of(estimator, kind)
        display = cls(
            importances=importances,
            spread=spread,
            feature_names=getattr(estimator, "feature_names_in_", None),
            kind=kind,
            name=type(estimator).__name__ if name is None else name,
        )
        return display.plot(ax=ax, max_features=max_features, bar_kw=bar_kw)

    def plot(
        self, ax: Any = None, *, max_features: int = 20, bar_kw: Mapping[str, Any] | None = None
    ) -> FeatureImportanceDisplay:
        """Draw the bars; the parameters are those of `from_estimator`.

        Returns
        -------
        FeatureImportanceDisplay
            This display, with its attributes set.
        """
        order = np.argsort(-self.importances, kind="stable")
        self.shown_ = order[:max_features][::-1]
        if ax is None:
            ax = new_axes(figsize=(6.4, 1.2 + 0.28 * len(self.shown_)), layout="constrained")
        self.ax_: Axes = ax
        self.figure_: Figure = ax.figure
        places = np.arange(len(self.shown_))
        style: dict[str, Any] = {"color": "C0", "height": 0.7, "error_kw": {"ecolor": "0.3", "elinewidth": 1.0}}
        if self.spread is not None:
            style["xerr"] = self.spread[self.shown_]
        self.bars_: BarContainer = ax.barh(places, self.importances[self.shown_], **{**style, **(bar_kw or {})})
        ax.set_yticks(places, [self._feature_name(j) for j in self.shown_])
        ax.set_ylim(-0.6, len(self.shown_) - 0.4)
        ax.axvline(0.0, color="0.4", linewidth=0.6)
        ax.grid(axis="x", alpha=0.25)
        ax.set_axisbelow(True)
        ax.set_xlabel(_LABELS.get(self.kind or "", "Importance"))
        left_out = len(order) - len(self.shown_)
        if left_out:
            ax.set_ylabel(f"the first {len(self.shown_)} of {len(order)} features")
        if self.name:
            ax.set_title(self.name)
        return self

    def _feature_name(self, j: int) -> str:
        return f"x{j}" if self.feature_names is None else self.feature_names[j]


def _kind_of(estimator: Any, X: Any) -> str:
    if X is not None:
        return "permutation"
    return "gain" if hasattr(estimator, "get_feature_importances") else "impurity"


def _importances_of(estimator: Any, kind: str) -> Float64:
    by_kind = hasattr(estimator, "get_feature_importances")
    if by_kind and kind in ("gain", "split"):
        return np.asarray(estimator.get_feature_importances(kind))
    if not by_kind and kind == "impurity" and hasattr(estimator, "feature_importances_"):
        return np.asarray(estimator.feature_importances_)
    raise ValueError(
        f"{type(estimator).__name__} has no importances of the kind {kind!r}; pass X and y for those by permutation"
    )
