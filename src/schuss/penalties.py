# SPDX-License-Identifier: BSD-3-Clause
"""Penalties on the coefficients: two numbers, zero meaning absent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Penalty:
    """``l1 * |coef|_1 + l2 / 2 * |coef|_2^2``, on the scale of a mean loss.

    The intercept is never penalised.

    Attributes
    ----------
    l1, l2 : float
        Strength of the absolute and of the squared part.
    """

    l1: float = 0.0
    l2: float = 0.0

    @classmethod
    def from_name(cls, name: str | None, alpha: float, l1_ratio: float | None) -> Penalty:
        """Translate scikit-learn's ``penalty``, ``alpha`` and ``l1_ratio``."""
        ratio = {None: None, "l2": 0.0, "l1": 1.0, "elasticnet": l1_ratio}[name]
        if ratio is None:
            return cls()
        return cls(l1=alpha * ratio, l2=alpha * (1.0 - ratio))

    def values(self, coef: NDArray[Any]) -> NDArray[np.float64]:
        """Return the penalty of each row of ``coef``, of shape (n_outputs, n_features)."""
        total = np.zeros(coef.shape[0])
        if self.l2:
            total += 0.5 * self.l2 * np.einsum("kd,kd->k", coef, coef, dtype=np.float64)
        if self.l1:
            total += self.l1 * np.abs(coef).sum(axis=1, dtype=np.float64)
        return total
