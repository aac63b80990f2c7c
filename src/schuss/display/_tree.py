# SPDX-License-Identifier: BSD-3-Clause
"""One tree of a model, drawn as questions and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from schuss.display._axes import new_axes
from schuss.display._shown_trees import ShownNode, shown_tree

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation, Text

_WIDTH, _HEIGHT = 1.45, 0.95  # inches for a leaf, for a level
_LEAST = 5.0
_NOTHING = 1e-6  # of the largest number: what is less comes from rounding


class TreeDisplay:
    """A tree as boxes: what a node asks, how many training samples came there, what it says.

    The left branch is for yes. Lines are as wide as the share of the samples that went there; boxes are coloured by
    the class that has most of them, the more the darker, or by the number that is said.

    Use `from_estimator` to make one; all parameters are stored as attributes, and `plot` draws them again.

    Parameters
    ----------
    root : ShownNode
        What to draw: the root with all that is below it.
    class_names : sequence of str or None, default=None
        For a node that holds shares of classes.
    name : str or None, default=None
        Title.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    boxes_ : list of matplotlib Annotation
        The nodes, each before those below it, the left ones first.
    branches_ : list of matplotlib Line2D
    texts_ : list of matplotlib Text
        What stands at the branches of the root.

    Examples
    --------
    >>> from schuss.display import TreeDisplay
    >>> from schuss.ensemble import HistGradientBoostingClassifier
    >>> model = HistGradientBoostingClassifier().fit(X, y)  # doctest: +SKIP
    >>> TreeDisplay.from_estimator(model, tree=0)  # doctest: +SKIP
    """

    def __init__(self, *, root: ShownNode, class_names: Sequence[str] | None = None, name: str | None = None) -> None:
        self.root = root
        self.class_names = None if class_names is None else [str(one) for one in class_names]
        self.name = name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        tree: int = 0,
        max_depth: int | None = 3,
        missing: bool = False,
        name: str | None = None,
        ax: Any = None,
    ) -> TreeDisplay:
        """Plot one tree of a fitted model.

        Parameters
        ----------
        estimator : estimator
            A decision tree, a forest, or gradient boosting.
        tree : int, default=0
            Which tree; negative ones count from the last. With several trees an iteration, as for the classes of
            boosting, they follow one another.
        max_depth : int or None, default=3
            Draw no more levels of questions; what is below is told as a number of leaves. None: all.
        missing : bool, default=False
            Whether to tell which way missing values go.
        name : str or None, default=None
            Title; None takes the name of the class, and which tree it is.
        ax : matplotlib Axes or None, default=None
            Where to draw; None makes a new figure, as large as the tree needs.

        Returns
        -------
        TreeDisplay

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the estimator is not fitted.
        ValueError
            If the model has no trees.
        IndexError
            If there is no such tree.
        ImportError
            If matplotlib is not installed.
        """
        check_is_fitted(estimator)
        shown = shown_tree(estimator, tree, max_depth, missing=missing)
        title = type(estimator).__name__ + ("" if shown.n_trees == 1 else f", tree {shown.number} of {shown.n_trees}")
        display = cls(root=shown.root, class_names=shown.class_names, name=title if name is None else name)
        return display.plot(ax=ax)

    def plot(self, ax: Any = None) -> TreeDisplay:
        """Draw the tree; the parameter is that of `from_estimator`.

        Returns
        -------
        TreeDisplay
            This display, with its attributes set.
        """
        width, depth = _leaves_of(self.root), _depth_of(self.root)
        if ax is None:
            size = (max(_LEAST, _WIDTH * width), max(2.0, _HEIGHT * (depth + 1) + 0.5))
            ax = new_axes(figsize=size, layout="constrained")
        self.ax_: Axes = ax
        self.figure_: Figure = ax.figure
        self.boxes_: list[Annotation] = []
        self.branches_: list[Any] = []
        self.texts_: list[Text] = []
        self._largest = max(float(np.abs(node.value).max()) for node in _nodes(self.root))
        self._colour = _colours(self.root, self.class_names)
        self._draw(self.root, 0, _places(self.root))
        ax.set_xlim(-0.6, width - 0.4)
        ax.set_ylim(-depth - 0.5, 0.5)
        ax.axis("off")
        if self.name:
            ax.set_title(self.name)
        return self

    def _draw(self, node: ShownNode, level: int, places: dict[int, float]) -> None:
        at = (places[id(node)], -level)
        box = {"boxstyle": "round,pad=0.35", "facecolor": self._colour(node), "edgecolor": "0.35", "linewidth": 0.8}
        if node.hidden:
            box["linestyle"] = "--"
        text = "\n".join([*node.lines(), self._said(node)])
        self.boxes_.append(self.ax_.annotate(text, at, ha="center", va="center", fontsize="small", bbox=box, zorder=3))
        for child, answer in ((node.left, "yes"), (node.right, "no")):
            if child is not None:
                self._branch(node, child, level, places, answer)
                self._draw(child, level + 1, places)

    def _branch(self, node: ShownNode, child: ShownNode, level: int, places: dict[int, float], answer: str) -> None:
        x, y = [places[id(node)], places[id(child)]], [-level, -level - 1]
        share = child.weight / node.weight if node.weight > 0.0 else 0.5
        self.branches_ += self.ax_.plot(x, y, color="0.6", linewidth=0.6 + 4.0 * share, zorder=1, solid_capstyle="butt")
        if level == 0:
            where = (0.5 * (x[0] + x[1]), 0.5 * (y[0] + y[1]))
            clear = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
            self.texts_.append(
                self.ax_.text(*where, answer, ha="center", va="center", fontsize="small", bbox=clear, zorder=2)
            )

    def _said(self, node: ShownNode) -> str:
        if self.class_names is not None:
            best = int(np.argmax(node.value))
            return f"{self.class_names[best]}: {100.0 * node.value[best]:.0f}%"
        said = np.where(np.abs(node.value) > _NOTHING * self._largest, node.value, 0.0)
        return ", ".join(f"{value:.3g}" for value in said[:3]) + (", ..." if len(said) > 3 else "")


def _nodes(node: ShownNode) -> Iterator[ShownNode]:
    yield node
    for child in (node.left, node.right):
        if child is not None:
            yield from _nodes(child)


def _leaves_of(root: ShownNode) -> int:
    return sum(node.left is None for node in _nodes(root))


def _depth_of(node: ShownNode) -> int:
    below = [child for child in (node.left, node.right) if child is not None]
    return 1 + max(map(_depth_of, below)) if below else 0


def _places(root: ShownNode) -> dict[int, float]:
    """Where nodes stand from left to right: leaves evenly, others above the middle of their children."""
    places: dict[int, float] = {}

    def place(node: ShownNode) -> float:
        if node.left is None or node.right is None:
            places[id(node)] = float(sum(1 for _ in leaves))
            leaves.append(node)
        else:
            places[id(node)] = 0.5 * (place(node.left) + place(node.right))
        return places[id(node)]

    leaves: list[ShownNode] = []
    place(root)
    return places


def _colours(root: ShownNode, class_names: Sequence[str] | None) -> Callable[[ShownNode], Any]:
    """Light enough for black text."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgb

    def mixed(colour: Any, strength: float) -> tuple[float, ...]:
        return tuple(1.0 - strength * (1.0 - part) for part in to_rgb(colour))

    if class_names is not None:

        def by_class(node: ShownNode) -> Any:
            best, chance = int(np.argmax(node.value)), 1.0 / len(node.value)
            return mixed(f"C{best % 10}", 0.08 + 0.5 * (node.value[best] - chance) / (1.0 - chance + 1e-12))

        return by_class
    said = np.array([node.value[0] for node in _nodes(root)])
    middle = float(root.value[0])
    reach = max(float(np.abs(said - middle).max()), 1e-300)

    def by_number(node: ShownNode) -> Any:
        signed = (float(node.value[0]) - middle) / reach
        return mixed(colormaps["coolwarm"](0.5 + 0.5 * signed)[:3], 0.15 + 0.5 * abs(signed))

    return by_number
