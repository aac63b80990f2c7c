# SPDX-License-Identifier: BSD-3-Clause
"""Hypothesis strategies for kernel inputs: hypothesis chooses shapes, kinds and a seed, NumPy draws the numbers.

The sizes stand around the widths of vector registers, where remainder loops go wrong. `test_strategies.py` checks
that what comes out really spreads over all this.
"""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from scipy import sparse

SIZES = (1, 3, 4, 7, 8, 15, 16, 17, 33)
COLUMN_KINDS = ("normal", "integers", "constant", "zero", "large", "small", "mostly_zero")
LAYOUTS = ("contiguous", "offset", "every_other_row", "wide_rows")

seeds = st.integers(0, 2**32 - 1)


@dataclass(frozen=True)
class Problem:
    """A small table with targets, parameters and perhaps weights, all in float64 until `cast`."""

    x: np.ndarray  # (n, d)
    y: np.ndarray  # (n,)
    coef: np.ndarray  # (k, d)
    intercept: np.ndarray  # (k,)
    weight: np.ndarray | None  # (n,)
    layout: str
    column_kinds: tuple
    seed: int

    @property
    def shape(self):
        return self.x.shape

    def cast(self, dtype):
        """The same problem in numbers of this dtype, x laid out as `layout` says."""
        weight = None if self.weight is None else self.weight.astype(dtype)
        x = lay_out(self.x.astype(dtype), self.layout)
        return Problem(
            x, self.y.astype(dtype), self.coef.astype(dtype), self.intercept.astype(dtype), weight, self.layout,
            self.column_kinds, self.seed,
        )  # fmt: skip

    def csr(self, index_dtype=np.int32, halved=False):
        """x as CSR without its zeros; `halved` stores every entry as two halves, columns in falling order."""
        values, columns = self.x, np.arange(self.x.shape[1])
        if halved:
            values, columns = np.repeat(self.x / 2, 2, axis=1)[:, ::-1], np.repeat(columns, 2)[::-1]
        stored = values != 0
        starts = np.concatenate([[0], np.cumsum(stored.sum(axis=1))]).astype(index_dtype)
        indices = np.broadcast_to(columns, stored.shape)[stored].astype(index_dtype)
        return sparse.csr_array((values[stored], indices, starts), shape=self.x.shape)


def lay_out(x, layout):
    """The same values with contiguous rows, but shifted by one element or with gaps between the rows."""
    n, d = x.shape
    if layout == "contiguous":
        return np.ascontiguousarray(x)
    if layout == "offset":
        flat = np.empty(n * d + 1, x.dtype)
        view = flat[1:].reshape(n, d)
    elif layout == "every_other_row":
        view = np.full((2 * n, d), np.nan, x.dtype)[::2]
    elif layout == "wide_rows":
        view = np.full((n, d + 3), np.nan, x.dtype)[:, 1 : d + 1]
    else:
        raise ValueError(layout)
    view[...] = x
    return view


def _column(kind, n, rng):
    normal = rng.standard_normal(n)
    return {
        "normal": normal,
        "integers": rng.integers(-3, 4, n).astype(float),
        "constant": np.full(n, rng.standard_normal()),
        "zero": np.zeros(n),
        "large": 30 * normal,
        "small": normal / 1000,
        "mostly_zero": normal * (rng.random(n) < 0.15),
    }[kind]


def _target(kind, n, n_outputs, rng):
    if kind == "real":
        return rng.standard_normal(n) * 2
    if kind == "class":
        return rng.integers(0, n_outputs, n).astype(float)
    positive = rng.random(n) < 0.5
    return np.where(positive, 1.0, 0.0 if kind == "01" else -1.0)


def _weight(kind, n, rng):
    if kind == "none":
        return None
    if kind == "zeros":
        return rng.integers(0, 2, n).astype(float)
    return rng.random(n) * 3


@st.composite
def problems(draw, targets="real", n_outputs=1, sizes=SIZES, layouts=LAYOUTS):
    """A `Problem` whose shape, column kinds, weights and memory layout hypothesis chooses."""
    n, d = draw(st.sampled_from(sizes)), draw(st.sampled_from(sizes))
    kinds = tuple(draw(st.lists(st.sampled_from(COLUMN_KINDS), min_size=1, max_size=4)))
    weight_kind = draw(st.sampled_from(("none", "real", "zeros")))
    layout = draw(st.sampled_from(layouts))
    seed = draw(seeds)
    rng = np.random.default_rng(seed)
    kinds = tuple(kinds[j % len(kinds)] for j in range(d))
    return Problem(
        x=np.column_stack([_column(kind, n, rng) for kind in kinds]),
        y=_target(targets, n, n_outputs, rng),
        coef=rng.standard_normal((n_outputs, d)) * draw(st.sampled_from((0.0, 0.3))),
        intercept=rng.standard_normal(n_outputs),
        weight=_weight(weight_kind, n, rng),
        layout=layout,
        column_kinds=kinds,
        seed=seed,
    )


@st.composite
def sgd_options(draw, schedules=("constant", "optimal", "invscaling")):
    """Keyword arguments of one epoch other than the data, the loss and what depends on the number of outputs."""
    return {
        "schedule": draw(st.sampled_from(schedules)),
        "rate": draw(st.sampled_from((0.003, 0.05))),  # of the largest stable step; see `stable_eta`
        "power_t": draw(st.sampled_from((0.25, 0.5))),
        "optimal_init": 0.0,  # follows from the rate
        "t": float(draw(st.sampled_from((1, 2, 130)))),
        "l1": draw(st.sampled_from((0.0, 1e-3, 0.5))),
        "l2": draw(st.sampled_from((0.0, 1e-3, 0.5, 1e9))),
        "fit_intercept": draw(st.booleans()),
        "intercept_decay": draw(st.sampled_from((1.0, 0.01))),
        "intercept_slope": draw(st.sampled_from((0.0, 0.5))),
        "average_start": draw(st.sampled_from((0, 1, 5, 140))),
        "batch_size": draw(st.sampled_from((1, 1, 2, 7, 64))),
        "shuffle": draw(st.booleans()),
        "seed": draw(st.integers(0, 2**31 - 1)),
        "epoch": draw(st.integers(0, 5)),
        "class_weights": draw(st.booleans()),
        "subset_of_rows": draw(st.booleans()),
    }
