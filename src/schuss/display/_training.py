# SPDX-License-Identifier: BSD-3-Clause
"""Curves of a training run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from schuss.diagnosis import check_has_history
from schuss.display._axes import new_axes
from schuss.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

# Metrics that show a training and a validation curve: the first column there is of each.
_PAIRS = {
    "loss": (("training_loss", "data_loss", "objective"), ("validation_loss",)),
    "score": (("training_score",), ("validation_score",)),
}
_STYLES = {
    "training": {"color": "C0"},
    "validation": {"color": "C1"},
}
_ALWAYS_LOG = ("gradient_norm",)
_DECADES_FOR_LOG = 1.5


class TrainingCurveDisplay:
    """Curves of a training run over its iterations.

    Use `from_estimator` or `from_history` to make one; all parameters are stored as
    attributes, and `plot` draws them again.

    Parameters
    ----------
    curves : mapping of str to array-like of shape (n_iterations,)
        Values by label.
    metric : str, default="loss"
        What the values are; labels the y axis.
    guess : mapping of str to float or None, default=None
        Loss of the best constant guess, by the label of the curve it belongs to.
    best_iteration : int or None, default=None
        Iteration to mark, from 0.
    name : str or None, default=None
        Title.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        One for each curve.
    guess_lines_ : list of matplotlib Line2D
        The constant guesses, dotted.
    best_line_ : matplotlib Line2D or None
        The mark of the best iteration.

    Examples
    --------
    >>> from schuss.display import TrainingCurveDisplay
    >>> from schuss.linear_model import LogisticRegression
    >>> model = LogisticRegression().fit(X, y, X_val=X_val, y_val=y_val)  # doctest: +SKIP
    >>> TrainingCurveDisplay.from_estimator(model)  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        curves: Mapping[str, ArrayLike],
        metric: str = "loss",
        guess: Mapping[str, float] | None = None,
        best_iteration: int | None = None,
        name: str | None = None,
    ) -> None:
        self.curves = {label: np.asarray(values) for label, values in curves.items()}
        self.metric = metric
        self.guess = dict(guess or {})
        self.best_iteration = best_iteration
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        metric: str = "loss",
        ax: Axes | None = None,
        name: str | None = None,
        log_scale: bool | str = "auto",
        line_kw: Mapping[str, Any] | None = None,
    ) -> TrainingCurveDisplay:
        """Plot the training run of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            With a ``history_``.
        metric : str, default="loss"
            ``"loss"`` and ``"score"`` show training and, if recorded, validation data;
            the loss of the best constant guess is drawn beside the losses. Any column of
            the history (``"objective"``, ``"gradient_norm"``, ``"learning_rate"``,
            ``"seconds"``, ...) will do as well.
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure.
        name : str or None, default=None
            Title; None takes the name of the class.
        log_scale : bool or "auto", default="auto"
            Whether the y axis is logarithmic; "auto" where positive values span more than
            one and a half decades, and for gradient norms.
        line_kw : mapping or None, default=None
            Passed to ``Axes.plot`` for every curve.

        Returns
        -------
        TrainingCurveDisplay

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        TypeError
            If it keeps no history, as a pipeline does not.
        ValueError
            If nothing of this metric was recorded.
        ImportError
            If matplotlib is not installed.
        """
        check_has_history(estimator)
        return cls.from_history(
            estimator.history_,
            metric=metric,
            best_iteration=getattr(estimator, "best_iteration_", None),
            name=type(estimator).__name__ if name is None else name,
            ax=ax,
            log_scale=log_scale,
            line_kw=line_kw,
        )

    @classmethod
    def from_history(
        cls,
        history: History,
        *,
        metric: str = "loss",
        best_iteration: int | None = None,
        name: str | None = None,
        ax: Axes | None = None,
        log_scale: bool | str = "auto",
        line_kw: Mapping[str, Any] | None = None,
    ) -> TrainingCurveDisplay:
        """Plot a history; the parameters are those of `from_estimator`."""
        curves = _curves(history, metric)
        guess = _guess(history, curves) if metric == "loss" else {}
        display = cls(
            curves=curves,
            metric=metric,
            guess=guess,
            best_iteration=best_iteration if "validation" in curves else None,
            name=name,
        )
        return display.plot(ax=ax, log_scale=log_scale, line_kw=line_kw)

    def plot(
        self,
        ax: Axes | None = None,
        *,
        log_scale: bool | str = "auto",
        line_kw: Mapping[str, Any] | None = None,
    ) -> TrainingCurveDisplay:
        """Draw the curves; the parameters are those of `from_estimator`.

        Returns
        -------
        TrainingCurveDisplay
            This display, with its attributes set.
        """
        if log_scale not in (True, False, "auto"):
            raise ValueError(f"log_scale must be True, False or 'auto', not {log_scale!r}")
        self.ax_ = new_axes() if ax is None else ax
        self.figure_: Figure = self.ax_.figure  # type: ignore[assignment]
        self.lines_: list[Line2D] = [self._draw(label, values, line_kw or {}) for label, values in self.curves.items()]
        self.guess_lines_ = [self._draw_guess(label, y) for label, y in self.guess.items()]
        self.best_line_ = self._mark_best()
        self._dress(self._is_log() if log_scale == "auto" else bool(log_scale))
        return self

    def _draw(self, label: str, values: NDArray[Any], line_kw: Mapping[str, Any]) -> Line2D:
        style: dict[str, Any] = {"label": label, **_STYLES.get(label, {})}
        if len(values) < 3:
            style["marker"] = "o"  # a line needs two points to be seen
        iterations = np.arange(1, len(values) + 1)
        (line,) = self.ax_.plot(iterations, values, **{**style, **line_kw})
        return line

    def _draw_guess(self, label: str, value: float) -> Line2D:
        line: Line2D = self.ax_.axhline(
            value,
            color=_STYLES[label]["color"],
            linestyle=":",
            linewidth=1.0,
            label=f"constant guess, {label}",
        )
        return line

    def _mark_best(self) -> Line2D | None:
        if self.best_iteration is None:
            return None
        at = self.best_iteration + 1
        mark: Line2D = self.ax_.axvline(at, color="0.4", linestyle="--", linewidth=1.0, label=f"best iteration ({at})")
        return mark

    def _is_log(self) -> bool:
        values = np.concatenate([*self.curves.values(), [*self.guess.values()]])
        values = values[np.isfinite(values)]
        if not len(values) or values.min() <= 0.0:
            return False
        decades = np.log10(values.max() / values.min())
        return bool(self.metric in _ALWAYS_LOG or decades > _DECADES_FOR_LOG)

    def _dress(self, log: bool) -> None:
        from matplotlib.ticker import MaxNLocator

        if log:
            self.ax_.set_yscale("log")
        self.ax_.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        self.ax_.set(xlabel="Iteration", ylabel=self.metric.replace("_", " ").capitalize())
        self.ax_.grid(alpha=0.25)
        if self.name:
            self.ax_.set_title(self.name)
        if len(self.ax_.get_legend_handles_labels()[1]) > 1:
            self.ax_.legend()


def _curves(history: History, metric: str) -> dict[str, NDArray[np.float64]]:
    """Return the curves of a metric, by label."""
    if metric in _PAIRS:
        choices = zip(("training", "validation"), _PAIRS[metric], strict=True)
        found = {
            label: next((history[name] for name in names if name in history.columns), None) for label, names in choices
        }
        curves = {label: values for label, values in found.items() if values is not None}
    else:
        curves = {metric: history[metric]} if metric in history.columns else {}
    if not curves:
        known = ", ".join(history.columns) or "nothing"
        raise ValueError(f"no {metric!r} was recorded during training, but: {known}")
    return curves


def _guess(history: History, curves: Mapping[str, Any]) -> dict[str, float]:
    """Return the loss of the constant guess, by the curve it belongs to."""
    named = {label: history.baseline.get(f"{label}_loss") for label in curves}
    known = {label: value for label, value in named.items() if value is not None}
    return {label: value for label, value in known.items() if np.isfinite(value)}
