# SPDX-License-Identifier: BSD-3-Clause
"""What a network looks like: its layers, and how its parameters lie in one block."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.neural_network._columns import Column

Array = NDArray[Any]

# Losses whose reported value is the mean over the outputs, as scikit-learn's is; the others are sums.
_MEAN_OVER_OUTPUTS = ("squared", "absolute", "huber", "quantile")
_OUT_ACTIVATION = {"softmax": "softmax", "logistic": "logistic", "poisson": "exp", "gamma": "exp"}


@dataclass(frozen=True, slots=True)
class Head:
    """The loss, as the kernels know it.

    Attributes
    ----------
    loss : str
        Name among ``kernels.NN_LOSSES``.
    param : float
        Threshold of 'huber', level of 'quantile'.
    smoothing : float
        Share of a label that is given to all classes alike.
    focal : float
        Exponent of the focal loss; 0 for none.
    """

    loss: str
    param: float = 0.0
    smoothing: float = 0.0
    focal: float = 0.0

    @property
    def out_activation(self) -> str:
        """scikit-learn's name of what makes predictions of raw outputs."""
        return _OUT_ACTIVATION.get(self.loss, "identity")

    def reported(self, loss: float, n_outputs: int) -> float:
        """The loss of a row, summed over outputs, on the scale on which it is reported."""
        return loss / n_outputs if self.loss in _MEAN_OVER_OUTPUTS else loss


@dataclass(slots=True)
class Weights:
    """Parameters by layer, the running statistics of batch normalisation, and the tables of categories by feature."""

    coefs: list[Array]
    intercepts: list[Array]
    gains: list[Array]
    shifts: list[Array]
    means: list[Array]
    variances: list[Array]
    tables: list[Array | None] = field(default_factory=list, kw_only=True)


@dataclass(frozen=True, slots=True)
class Spec:
    """A network without its parameters.

    Attributes
    ----------
    units : tuple of int
        Units of the input, of the hidden layers, of the output.
    activations : tuple of str
        One per hidden layer.
    dropout : tuple of float
        One per hidden layer.
    norm : {None, "batch", "layer"}
    head : Head
    columns : tuple of Column
        One per feature if there are categories, else none.
    """

    units: tuple[int, ...]
    activations: tuple[str, ...]
    dropout: tuple[float, ...]
    norm: str | None
    head: Head
    columns: tuple[Column, ...] = ()

    @property
    def tables(self) -> list[tuple[int, int]]:
        """Shapes of the tables of categories."""
        return [column.table for column in self.columns if column.table]

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """Shapes of all parameters in their order within the block: tables, then weights first."""
        hidden = [(u,) for u in self.units[1:-1]] if self.norm else []
        return [*self.tables, *pairwise(self.units), *((u,) for u in self.units[1:]), *hidden, *hidden]

    @property
    def n_weights(self) -> int:
        """Those parameters that penalties are on."""
        return sum(a * b for a, b in (*self.tables, *pairwise(self.units)))

    @property
    def n_parameters(self) -> int:
        return sum(math.prod(shape) for shape in self.shapes)

    def split(self, block: Array, means: list[Array], variances: list[Array]) -> Weights:
        """Views of a block, by layer."""
        parts: list[Array] = []
        at = 0
        for shape in self.shapes:
            size = math.prod(shape)
            parts.append(block[at : at + size].reshape(shape))
            at += size
        n, hidden = len(self.units) - 1, len(self.units) - 2
        tables, parts = iter(parts), parts[len(self.tables) :]
        by_feature = [next(tables) if column.table else None for column in self.columns]
        rest = parts[2 * n :]
        return Weights(parts[:n], parts[n : 2 * n], rest[:hidden], rest[hidden:], means, variances, tables=by_feature)

    def statistics(self, dtype: Any) -> tuple[list[Array], list[Array]]:
        """Running means and variances to begin with; empty without batch normalisation."""
        hidden = self.units[1:-1] if self.norm == "batch" else ()
        return [np.zeros(u, dtype) for u in hidden], [np.ones(u, dtype) for u in hidden]

    def column_options(self, weights: Weights) -> dict[str, Any]:
        """What the kernels are told of the columns."""
        return {"levels": [column.levels for column in self.columns], "tables": weights.tables}

    def network(self, weights: Weights, *, frozen: bool = False) -> kernels.Network:
        """The network as the kernels see it, on these very arrays; frozen, they may be read-only."""
        return kernels.Network(
            weights.coefs,
            weights.intercepts,
            activations=[kernels.NN_ACTIVATIONS[name] for name in self.activations],
            dropout=self.dropout,
            norm=self.norm,
            gains=weights.gains,
            shifts=weights.shifts,
            means=weights.means,
            variances=weights.variances,
            **self.column_options(weights),
            loss=kernels.NN_LOSSES[self.head.loss],
            loss_param=self.head.param,
            smoothing=self.head.smoothing,
            focal=self.head.focal,
            frozen=frozen,
        )


def empty_block(n: int, dtype: Any) -> Array:
    """Uninitialised memory for `n` numbers that begins at a cache line, so that no register lies across two lines."""
    return kernels.aligned_bytes(n * np.dtype(dtype).itemsize).view(dtype)


def flatten(arrays: Sequence[Array], dtype: Any) -> Array:
    """One block of these arrays' elements, in their order."""
    return np.concatenate([np.asarray(array, dtype=dtype).ravel() for array in arrays])
