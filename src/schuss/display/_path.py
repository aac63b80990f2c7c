# SPDX-License-Identifier: BSD-3-Clause
"""Coefficients, and held-out errors, against the strength of the penalty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from schuss import linear_model
from schuss.display._axes import new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

Matrix = NDArray[np.float64]

_NAMED = 10  # features that get a colour and a name: those largest at the penalty of choice
_DECADES = (2.0, 2.0)  # below and above the penalty of a model without a path
_POINTS = 60


class RegularizationPathDisplay:
    """Coefficients along a path of penalties; below them, if known, the cross-validated errors.

    Use `from_estimator` or `from_path` to make one; all parameters are stored as attributes, and `plot` draws them
    again.

    Parameters
    ----------
    alphas : array-like of shape (n_alphas,)
        Penalties, in any order.
    coefs : array-like of shape (n_features, n_alphas) or (n_targets, n_features, n_alphas), or None, default=None
        Of several targets, each feature's norm is drawn.
    errors : array-like of shape (n_alphas, n_folds) or None, default=None
        Held-out mean squared errors.
    alpha : float or None, default=None
        The penalty of choice, to mark.
    feature_names : sequence of str or None, default=None
        Names for the legend; None for ``x0``, ``x1``, ...
    name : str or None, default=None
        Title.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
        One for the coefficients and one for the errors, as far as there are any.
    figure_ : matplotlib Figure
    lines_ : list of matplotlib Line2D
        One for each feature.
    error_line_ : matplotlib Line2D or None
        The mean error over folds; ``error_band_`` is one standard deviation to either side, ``fold_lines_`` are the
        single folds.
    alpha_lines_ : list of matplotlib Line2D
        The marks of the penalty of choice.

    Examples
    --------
    >>> from schuss.display import RegularizationPathDisplay
    >>> from schuss.linear_model import LassoCV
    >>> model = LassoCV().fit(X, y)  # doctest: +SKIP
    >>> RegularizationPathDisplay.from_estimator(model, X, y)  # doctest: +SKIP
    """

    def __init__(
        self,
        *,
        alphas: ArrayLike,
        coefs: ArrayLike | None = None,
        errors: ArrayLike | None = None,
        alpha: float | None = None,
        feature_names: Sequence[str] | None = None,
        name: str | None = None,
    ) -> None:
        self.alphas = np.asarray(alphas, dtype=np.float64)
        self.coefs = None if coefs is None else np.asarray(coefs, dtype=np.float64)
        self.errors = None if errors is None else np.asarray(errors, dtype=np.float64)
        self.alpha = alpha
        self.feature_names = None if feature_names is None else [str(one) for one in feature_names]
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any = None,
        y: Any = None,
        *,
        sample_weight: Any = None,
        alphas: ArrayLike | None = None,
        name: str | None = None,
        ax: Any = None,
        line_kw: Mapping[str, Any] | None = None,
    ) -> RegularizationPathDisplay:
        """Plot the path of a fitted estimator.

        Parameters
        ----------
        estimator : estimator
            One that searched a path (`LassoCV`, `ElasticNetCV` and their multi-task kin), or any with a parameter
            ``alpha`` (`Lasso`, `ElasticNet`, `Ridge`, ...).
        X, y : array-like or None, default=None
            To fit the coefficients of all penalties; without them only the errors of a search are drawn.
        sample_weight : array-like or None, default=None
        alphas : array-like of shape (n_alphas,) or None, default=None
            Penalties for the coefficients; None for those of the search, or else from a hundredth to a hundred
            times ``alpha``.
        name : str or None, default=None
            Title; None takes the name of the class.
        ax : matplotlib Axes, sequence of them or None, default=None
            Where to draw, one for the coefficients and one for the errors; None makes a new figure.
        line_kw : mapping or None, default=None
            Passed to ``Axes.plot`` for every coefficient.

        Returns
        -------
        RegularizationPathDisplay

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        ValueError
            If there is no path to draw.
        ImportError
            If matplotlib is not installed.
        """
        check_is_fitted(estimator, "coef_")
        searched = hasattr(estimator, "mse_path_")
        if not searched and (X is None or not hasattr(estimator, "alpha")):
            raise ValueError(
                f"{type(estimator).__name__} has no path of its own: pass X and y, and an estimator with a "
                "parameter `alpha`, to have one fitted."
            )
        chosen = float(estimator.alpha_ if searched else estimator.alpha)
        grid, errors = _search_of(estimator) if searched else (_around(chosen), None)
        if alphas is not None:
            grid, errors = np.sort(np.asarray(alphas, dtype=np.float64))[::-1], None
        coefs = None if X is None else _fitted_coefs(_single(estimator), grid, X, y, sample_weight)
        display = cls(
            alphas=grid,
            coefs=coefs,
            errors=errors,
            alpha=chosen,
            feature_names=getattr(estimator, "feature_names_in_", None),
            name=type(estimator).__name__ if name is None else name,
        )
        return display.plot(ax=ax, line_kw=line_kw)

    @classmethod
    def from_path(
        cls,
        alphas: ArrayLike,
        coefs: ArrayLike,
        *,
        errors: ArrayLike | None = None,
        alpha: float | None = None,
        feature_names: Sequence[str] | None = None,
        name: str | None = None,
        ax: Any = None,
        line_kw: Mapping[str, Any] | None = None,
    ) -> RegularizationPathDisplay:
        """Plot what `lasso_path` or `enet_path` returned; the parameters are those of the class."""
        display = cls(alphas=alphas, coefs=coefs, errors=errors, alpha=alpha, feature_names=feature_names, name=name)
        return display.plot(ax=ax, line_kw=line_kw)

    def plot(self, ax: Any = None, *, line_kw: Mapping[str, Any] | None = None) -> RegularizationPathDisplay:
        """Draw the path; the parameters are those of `from_estimator`.

        Returns
        -------
        RegularizationPathDisplay
            This display, with its attributes set.
        """
        panels = [kind for kind in ("coefs", "errors") if getattr(self, kind) is not None]
        if not panels:
            raise ValueError("there is neither a coefficient nor an error to draw; pass X and y, or errors")
        self.axes_ = _axes_for(ax, len(panels))
        self.figure_: Figure = self.axes_[0].figure
        self.lines_: list[Line2D] = []
        self.fold_lines_: list[Line2D] = []
        self.error_line_: Line2D | None = None
        self.error_band_: Any = None
        if self.coefs is not None:
            self._draw_coefs(self.axes_[0], self.coefs, line_kw or {})
        if self.errors is not None:
            self._draw_errors(self.axes_[-1], self.errors)
        self.alpha_lines_ = [] if self.alpha is None else [self._mark(axes, self.alpha) for axes in self.axes_]
        self._dress()
        return self

    def _draw_coefs(self, axes: Axes, coefs: Matrix, line_kw: Mapping[str, Any]) -> None:
        several = coefs.ndim == 3
        values = np.sqrt(np.square(coefs).sum(axis=0)) if several else coefs
        named = self._to_name(values)
        for j, row in enumerate(values):
            style: dict[str, Any] = {"color": "0.75", "linewidth": 0.8, "zorder": 1}
            if j in named:
                style = {"color": f"C{named.index(j)}", "label": self._feature_name(j)}
            if len(self.alphas) < 3:
                style["marker"] = "o"  # a line needs two points to be seen
            self.lines_.extend(axes.plot(self.alphas, row, **{**style, **line_kw}))
        axes.set_ylabel("Norm of the coefficients" if several else "Coefficient")
        if not several:
            axes.axhline(0.0, color="0.4", linewidth=0.6, zorder=0)

    def _draw_errors(self, axes: Axes, errors: Matrix) -> None:
        mean, spread = errors.mean(axis=1), errors.std(axis=1)
        for fold in errors.T:
            self.fold_lines_.extend(axes.plot(self.alphas, fold, color="0.75", linewidth=0.8, zorder=1))
        (self.error_line_,) = axes.plot(self.alphas, mean, color="C0", label=f"mean of {errors.shape[1]} folds")
        band: dict[str, Any] = {"color": "C0", "alpha": 0.2, "linewidth": 0.0, "label": "standard deviation"}
        self.error_band_ = axes.fill_between(self.alphas, mean - spread, mean + spread, **band)
        axes.set_ylabel("Mean squared error")

    def _mark(self, axes: Axes, alpha: float) -> Line2D:
        label = f"alpha = {alpha:.3g}"
        mark: Line2D = axes.axvline(alpha, color="0.4", linestyle="--", linewidth=1.0, label=label)
        return mark

    def _to_name(self, values: Matrix) -> list[int]:
        """The features that stand out where the choice is, or else where coefficients are largest."""
        if len(values) <= _NAMED:
            return list(range(len(values)))
        size = np.abs(values)
        if self.alpha is not None:
            size = size[:, [int(np.abs(self.alphas - self.alpha).argmin())]]
        largest = size.max(axis=1)
        order = np.argsort(-largest, kind="stable")[:_NAMED]
        return sorted(int(j) for j in order if largest[j] > 0.0)

    def _feature_name(self, j: int) -> str:
        return f"x{j}" if self.feature_names is None else self.feature_names[j]

    def _dress(self) -> None:
        positive = self.alphas[self.alphas > 0.0]
        for axes in self.axes_:
            if len(positive) == len(self.alphas):
                axes.set_xscale("log")
            elif len(positive):
                axes.set_xscale("symlog", linthresh=float(positive.min()))
            axes.grid(alpha=0.25)
            axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False)
        self.axes_[-1].set_xlabel("alpha")
        if self.name:
            self.axes_[0].set_title(self.name)


def _axes_for(ax: Any, count: int) -> Any:
    if ax is None:
        size = (7.5, 1.2 + 3.0 * count)
        return np.atleast_1d(new_axes(n_rows=count, sharex=True, figsize=size, layout="constrained"))
    axes = np.atleast_1d(np.asarray(ax, dtype=object))
    if len(axes) != count:
        raise ValueError(
            f"{count} axes are needed, for coefficients and errors as far as there are any, not {len(axes)}"
        )
    return axes


def _search_of(estimator: Any) -> tuple[Matrix, Matrix]:
    """Penalties and errors of the mixture that a search chose."""
    alphas = np.asarray(estimator.alphas_)
    errors = np.asarray(estimator.mse_path_)
    ratios = np.atleast_1d(getattr(estimator, "l1_ratio", 1.0))
    errors = errors.reshape(len(ratios), alphas.shape[-1], -1)
    path = int(np.argmin(np.abs(ratios - getattr(estimator, "l1_ratio_", ratios[0]))))
    there = ~np.isnan(errors[path]).any(axis=1)  # a search may have run out of time
    return (alphas[path] if alphas.ndim == 2 else alphas)[there], errors[path][there]


def _around(alpha: float) -> Matrix:
    """Penalties about that of a single model."""
    if alpha <= 0.0:
        raise ValueError("a path about alpha=0 has no scale: pass `alphas`")
    below, above = _DECADES
    return alpha * np.logspace(above, -below, _POINTS)


def _single(estimator: Any) -> Any:
    """The estimator for one penalty that belongs to one with a search."""
    name = type(estimator).__name__
    if not hasattr(estimator, "mse_path_"):
        return clone(estimator)
    single = getattr(linear_model, name.removesuffix("CV"))()
    params = {k: v for k, v in estimator.get_params().items() if k in single.get_params() and k != "precompute"}
    if "l1_ratio" in params:
        params["l1_ratio"] = estimator.l1_ratio_
    return single.set_params(**params)


def _fitted_coefs(model: Any, alphas: Matrix, X: Any, y: Any, sample_weight: Any) -> Matrix:
    weights = {} if sample_weight is None else {"sample_weight": sample_weight}
    if "warm_start" in model.get_params():
        model.set_params(warm_start=True)
    coefs = [np.array(model.set_params(alpha=float(a)).fit(X, y, **weights).coef_) for a in alphas]
    return np.stack(coefs, axis=-1)
