# SPDX-License-Identifier: BSD-3-Clause
"""The pictures of the report, as SVG that takes its colours from the page, light or dark.

No text of a table enters a picture: axes carry our own words only.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from cycler import cycler
from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from schuss.display import TrainingCurveDisplay
from schuss.history import History

# Colours that stand for those of the page, which is why each occurs once.
INK, MUTED, GRID, FIRST, SECOND = "#010101", "#020202", "#030303", "#040404", "#050505"
_VARIABLES = {INK: "--ink", MUTED: "--muted", GRID: "--line", FIRST: "--first", SECOND: "--second"}

_FEW_ITERATIONS = 30

_STYLE: Any = {
    "axes.prop_cycle": cycler(color=[FIRST, SECOND]),
    "svg.fonttype": "none",  # text stays text: small, sharp, readable aloud
    "font.size": 10.0,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
    "lines.linewidth": 2.0,
    "lines.solid_capstyle": "round",
}


def curves(history: History, best_iteration: int | None) -> Markup:
    """Draw training and validation loss over the iterations, beside a constant guess."""

    def draw(ax: Axes) -> None:
        dots = {"marker": "o", "markersize": 3.5} if len(history) <= _FEW_ITERATIONS else {}
        display = TrainingCurveDisplay.from_history(
            history, ax=ax, best_iteration=best_iteration, name="", line_kw=dots
        )
        if (legend := ax.get_legend()) is not None:
            legend.remove()  # the page has its own, in its own type
        for line in (*display.guess_lines_, display.best_line_):
            if line is not None:
                line.set(color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)))
        for value in list(display.guess.values())[:1]:
            ax.annotate(
                "constant guess",
                (1, value),
                (0, 4),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                ha="right",
                va="bottom",
                color=MUTED,
                fontsize=9,
            )
        for guess in display.guess_lines_[1:]:
            guess.remove()  # hardly ever apart from the first; one line reads better
        ax.set(xlabel="iteration", ylabel="loss")
        ax.grid(visible=True, alpha=1.0)
        ax.margins(x=0.03, y=0.12)

    return _svg(draw, "Training and validation loss over the iterations", "curves")


def truth_and_prediction(points: NDArray[np.float64]) -> Markup:
    """Draw predictions over the truth, with the line where they agree."""

    def draw(ax: Axes) -> None:
        low, high = float(points.min()), float(points.max())
        ax.plot([low, high], [low, high], color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)))
        ax.scatter(points[:, 0], points[:, 1], s=9, color=FIRST, alpha=0.45, linewidths=0)
        ax.set_xlabel("truth")
        ax.set_ylabel("prediction")

    return _svg(draw, "Predictions over the truth", "points")


def residuals(points: NDArray[np.float64]) -> Markup:
    """Draw how the errors are spread."""

    def draw(ax: Axes) -> None:
        errors = points[:, 1] - points[:, 0]
        limit = float(np.quantile(np.abs(errors), 0.995)) or 1.0
        ax.hist(np.clip(errors, -limit, limit), bins=31, range=(-limit, limit), color=FIRST, alpha=0.85, rwidth=0.86)
        ax.axvline(0.0, color=MUTED, linewidth=1.2)
        ax.set_xlabel("prediction - truth")
        ax.set_ylabel("rows")
        ax.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))

    return _svg(draw, "Distribution of the errors", "residuals")


def _svg(draw: Callable[[Axes], Any], title: str, salt: str) -> Markup:
    """Return a picture as an ``svg`` element that fits its place in the page."""
    with rc_context(_STYLE | {"svg.hashsalt": salt}):
        figure = Figure(figsize=(5.2, 3.2), layout="constrained")
        figure.patch.set_alpha(0.0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0.0)
        draw(axes)
        sink = io.StringIO()
        figure.savefig(sink, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    return Markup(_fitted(sink.getvalue(), title, salt))


def _fitted(svg: str, title: str, salt: str) -> str:
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(
        r'<svg [^>]*viewBox="([^"]+)"[^>]*>', rf'<svg viewBox="\1" role="img" aria-label="{title}">', svg, count=1
    )
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, f"var({variable})")
    svg = re.sub(r"font: ([\d.]+px) [^;\"]+", r"font-size: \1", svg)
    svg = svg.replace("xlink:href", "href")
    # Two pictures on one page must not share names.
    svg = re.sub(r'\bid="', f'id="{salt}-', svg)
    svg = re.sub(r'href="#', f'href="#{salt}-', svg)
    return re.sub(r"url\(#", f"url(#{salt}-", svg)
