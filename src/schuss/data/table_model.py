# SPDX-License-Identifier: BSD-3-Clause
"""A model that takes tables: the estimator, its table's preparation and its target in one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from schuss.data.errors import DataError
from schuss.data.preparation import Preparation
from schuss.data.source import as_table
from schuss.data.target import CLASSIFICATION, Target

KIND = "table/1"


@dataclass(frozen=True, slots=True)
class TableModel:
    """A fitted estimator together with what turns a table into its features.

    Attributes
    ----------
    estimator : estimator
        Fitted to prepared features; a classifier's ``classes_`` are the labels of the table.
    preparation : Preparation
    target : Target
    run : mapping
        How it was trained (source, split, scores, seconds, ...), as JSON values.
    """

    estimator: Any
    preparation: Preparation
    target: Target
    run: Mapping[str, Any] = field(default_factory=dict)

    def predict(self, table: Any) -> NDArray[Any]:
        """Return labels or numbers for the rows of a table.

        Parameters
        ----------
        table : pandas, polars or Arrow table
            With the columns of the training table, in any order; others are ignored.

        Returns
        -------
        ndarray of shape (n_rows,)
            Labels as in the training table, or float64 numbers in the target's unit.
        """
        return self.predict_prepared(self.preparation.transform(as_table(table)))

    def predict_proba(self, table: Any) -> NDArray[Any]:
        """Return the probability of each class, in the order of ``target.classes``.

        Raises
        ------
        DataError
            If the model has no probabilities.
        """
        if not self.has_probabilities:
            what = "numbers have" if self.target.task != CLASSIFICATION else "this model's loss gives"
            raise DataError(f"{what} no class probabilities")
        return np.asarray(self.estimator.predict_proba(self.preparation.transform(as_table(table))))

    @property
    def has_probabilities(self) -> bool:
        """Whether the model can say how probable each class is."""
        return self.target.task == CLASSIFICATION and hasattr(self.estimator, "predict_proba")

    def predict_prepared(self, features: NDArray[np.float32]) -> NDArray[Any]:
        """Return labels or numbers for prepared features."""
        found = self.estimator.predict(features)
        return np.asarray(found) if self.target.task == CLASSIFICATION else self.target.restore(found)

    def largest_coefficients(self, most: int) -> list[tuple[str, float]]:
        """Return the features that move the prediction most, with their coefficients.

        Numbers are scaled, so that coefficients compare. With several classes it is the largest over them,
        without its sign.

        Parameters
        ----------
        most : int
            How many to return at most.
        """
        coef = np.atleast_2d(np.asarray(self.estimator.coef_, dtype=np.float64))
        strength = coef[0] if len(coef) == 1 else np.abs(coef).max(axis=0)
        order = np.argsort(-np.abs(strength), kind="stable")[:most]
        names = self.preparation.feature_names
        return [(names[j], float(strength[j])) for j in order]

    def largest_importances(self, most: int) -> list[tuple[str, float]]:
        """Return the features that a model of trees gains most by, with their shares of the gain.

        Parameters
        ----------
        most : int
            How many to return at most; those without any gain are left out.
        """
        gain = np.asarray(self.estimator.feature_importances_, dtype=np.float64)
        shares = gain / (gain.sum() or 1.0)
        order = [j for j in np.argsort(-shares, kind="stable")[:most] if shares[j] > 0.0]
        names = self.preparation.feature_names
        return [(names[j], float(shares[j])) for j in order]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model to one file, atomically."""
        from schuss.persistence import Extras, save

        info = {
            "preparation": self.preparation.to_info(),
            "target": self.target.to_info(),
            "run": dict(self.run),
        }
        save(self.estimator, path, extras=Extras(KIND, info))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> TableModel:
        """Read a model back; it predicts the same bits.

        Raises
        ------
        ModelFileError
            If the file is broken, or holds a model that was not made from a table.
        """
        from schuss.persistence import ModelFileError, load_with_extras

        estimator, extras = load_with_extras(path)
        if extras is None or extras.kind != KIND:
            raise ModelFileError(
                f"{Path(path).name} holds a model of arrays, not of a table; use schuss.load in Python"
            )
        try:
            return cls._from_info(estimator, extras.info)
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise ModelFileError(f"{Path(path).name} describes its table wrongly: {error}") from error

    @classmethod
    def _from_info(cls, estimator: Any, info: Mapping[str, Any]) -> TableModel:
        preparation = Preparation.from_info(info["preparation"])
        target, run = Target.from_info(info["target"]), info["run"]
        n_features = len(preparation.feature_names)
        if estimator.n_features_in_ != n_features:
            raise ValueError(f"{n_features} features for a model of {estimator.n_features_in_}")
        if target.task == CLASSIFICATION and not np.array_equal(estimator.classes_, target.labels):
            raise ValueError("the classes are not those of the model")
        if not isinstance(run, dict):
            raise ValueError("the run is not described")
        return cls(estimator, preparation, target, run)


def rows_of(table: pa.Table, rows: NDArray[np.intp]) -> pa.Table:
    """Return some rows of a table, or the table itself if these are all of them."""
    return table if len(rows) == table.num_rows else table.take(pa.array(rows))
