# SPDX-License-Identifier: BSD-3-Clause
"""A network in a table: its layers and how many parameters each has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from schuss.neural_network._spec import Spec


@dataclass(frozen=True)
class Summary:
    """Tables of categories and layers of a network.

    Attributes
    ----------
    layers : tuple of dict
        With the keys "layer", "units", "activation", "norm", "dropout" and "parameters".
    n_parameters : int
    """

    layers: tuple[dict[str, Any], ...]
    n_parameters: int

    def __str__(self) -> str:
        header = ("layer", "units", "activation", "norm", "dropout", "parameters")
        rows = [header, *(tuple(_text(layer[name]) for name in header) for layer in self.layers)]
        widths = [max(len(row[k]) for row in rows) for k in range(len(header))]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
        return "\n".join([*lines, f"{self.n_parameters:,} parameters"])

    __repr__ = __str__


def summary_of(spec: Spec, names: Sequence[str] | None = None) -> Summary:
    """Describe a network whose features have these names."""
    layers = [
        _plain(f"table of {'feature ' + str(j) if names is None else names[j]}", column.table[1], prod(column.table))
        for j, column in enumerate(spec.columns)
        if column.table
    ]
    layers.append(_plain("input", spec.units[0], 0))
    last = len(spec.units) - 1
    for k in range(1, len(spec.units)):
        hidden = k < last
        units = spec.units[k]
        layers.append(
            {
                "layer": f"hidden {k}" if hidden else "output",
                "units": units,
                "activation": spec.activations[k - 1] if hidden else spec.head.out_activation,
                "norm": spec.norm if hidden else None,
                "dropout": spec.dropout[k - 1] if hidden else 0.0,
                "parameters": (spec.units[k - 1] + 1) * units + (2 * units if hidden and spec.norm else 0),
            }
        )
    return Summary(tuple(layers), spec.n_parameters)


def _plain(name: str, units: int, parameters: int) -> dict[str, Any]:
    """The line of something that has no activation."""
    nothing = {"activation": None, "norm": None, "dropout": 0.0}
    return {"layer": name, "units": units, **nothing, "parameters": parameters}


def _text(value: Any) -> str:
    if value is None or value == 0.0:
        return "-"
    return f"{value:,}" if isinstance(value, int) else str(value)
