# SPDX-License-Identifier: BSD-3-Clause
"""Which features a model goes by, whatever it is: coefficients, importances, or nothing that can be listed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from schuss.data import TableModel
from schuss.data.errors import printable
from schuss.report import words


@dataclass(frozen=True, slots=True)
class Influence:
    """A list of features with numbers.

    Attributes
    ----------
    title, column : str
        Of the list, and of its numbers.
    rows : list of (str, float)
        Features and numbers, largest first.
    note : str
        What the numbers and their signs mean.
    shares : bool
        Whether the numbers are shares of a whole.
    """

    title: str
    column: str
    rows: list[tuple[str, float]]
    note: str
    shares: bool = False

    def text(self, value: float, digits: int = 4) -> str:
        """Return a number of the list as people read it."""
        return words.percent(value) if self.shares else words.number(value, digits)


def influence_of(model: TableModel, most: int) -> Influence | None:
    """Return what a model goes by, or None if it cannot be said feature by feature.

    Parameters
    ----------
    model : TableModel
    most : int
        How many features to list at most.
    """
    if hasattr(model.estimator, "coef_"):
        rows = model.largest_coefficients(most)
        note = f"Numbers are scaled, so that coefficients compare. {_sign(model)}"
        return Influence("Largest coefficients", "coefficient", rows, note)
    if hasattr(model.estimator, "feature_importances_"):
        note = "Shares of what all splits have gained on the training rows; many-valued columns gain more easily."
        return Influence("Most important features", "share of gain", model.largest_importances(most), note, shares=True)
    return None


def _sign(model: TableModel) -> str:
    """Say what the colours of the bars mean."""
    if np.atleast_2d(model.estimator.coef_).shape[0] > 1:
        return "Shown is the largest over the classes, without its sign."
    if model.target.classes:
        return f"Blue speaks for {printable(str(model.target.classes[1]))}, orange against it."
    return "Blue raises the prediction, orange lowers it."
