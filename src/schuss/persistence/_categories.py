# SPDX-License-Identifier: BSD-3-Clause
"""Categorical features in fitted states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from schuss.persistence._errors import ModelFileError
from schuss.persistence._fields import Array, Choice, Either, Field, Sizes, bind


@dataclass(frozen=True)
class Vocabulary:
    """For each feature its categories, sorted and different, or None.

    Parameters
    ----------
    most : int
        Of a feature.
    """

    most: int

    def check(self, name: str, value: Any, sizes: Sizes) -> None:
        if not isinstance(value, list):
            raise ModelFileError(f"{name} is not a list")
        bind(name, "n_features", len(value), sizes)
        for categories in value:
            if categories is not None and not self._are_categories(categories):
                raise ModelFileError(f"{name} holds something that are no categories")

    def _are_categories(self, value: Any) -> bool:
        if not isinstance(value, np.ndarray) or value.ndim != 1 or len(value) > self.most:
            return False
        if value.dtype == object:
            proper = all(isinstance(one, str) for one in value)
        else:
            proper = value.dtype == np.float64 and bool(np.all(np.isfinite(value)))
        return proper and bool(np.all(value[1:] > value[:-1]))


def categorical_state(most: int) -> dict[str, Field]:
    """Attributes of an estimator whose features may have up to so many categories."""
    return {
        "is_categorical_": Either((Choice((None,)), Array(("n_features",), dtypes=("bool",)))),
        "_vocabulary": Either((Choice((None,)), Vocabulary(most))),
    }


def check_categories(state: Mapping[str, Any]) -> None:
    """Insist on categories where features are categorical, and only there."""
    mask, vocabulary = state.get("is_categorical_"), state.get("_vocabulary")
    known = None if vocabulary is None else [categories is not None for categories in vocabulary]
    if known != (None if mask is None else mask.tolist()):
        raise ModelFileError("the categories are not those of the categorical columns")
