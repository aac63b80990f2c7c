# SPDX-License-Identifier: BSD-3-Clause
"""Rows of the table without a peer: a kernel's read of X beside the fastest plain read of the same array."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.kernels.data import dense
from benchmarks.timing import fixed_threads, interleave
from schuss import _kernels as kernels

GOAL = 0.75
ROWS = {"glm_pass_f32": "float32", "glm_pass_f64": "float64"}
_COLUMNS = 100


def race(name: str, *, repeats: int, n_threads: int, quick: bool) -> dict[str, Any]:
    """glm_pass without Gram on a table that no cache holds, in the form of the other rows."""
    dtype = ROWS[name]
    x = dense((8 if quick else 512) << 20, _COLUMNS, dtype)
    flat, table, scratch = x.reshape(-1), kernels.Table(x), kernels.Scratch()
    y, coef, intercept = (x[:, 0] > 0).astype(dtype), np.full((1, _COLUMNS), 0.01), np.zeros(1)
    gradient = np.empty((1, _COLUMNS + 1))
    candidates = {
        "glm_pass": lambda: kernels.glm_pass(
            table, y, coef, intercept, loss=kernels.LOSSES["logistic"], gradient=gradient, n_threads=n_threads,
            scratch=scratch,
        ),
        "all_finite": lambda: kernels.all_finite(flat, n_threads=n_threads),
        "numpy.dot": lambda: np.dot(flat, flat),
    }  # fmt: skip
    with fixed_threads(n_threads):
        times = interleave(candidates, repeats=repeats, least_seconds=0.05, pause=0.1)
    reading = min((way for way in times if way != "glm_pass"), key=lambda way: times[way].median)
    ours, read = times["glm_pass"], times[reading]
    return {
        "id": name,
        "title": f"glm_pass, logistic loss and gradient, {x.nbytes >> 20} MiB of {dtype}",
        "shape": list(x.shape),
        "goal": GOAL,
        "threads": n_threads,
        "optimum": None,
        "against": f"reading X once ({reading})",
        "ratio_of_medians": read.median / ours.median,
        "ratio_of_minima": read.best / ours.best,
        "equal_quality": True,
        "gb_per_s": {way: x.nbytes / time.median / 1e9 for way, time in times.items()},
        "candidates": [
            {"name": way, "library": "schuss" if way == "glm_pass" else "", "status": "ok", "times": time.to_dict()}
            for way, time in times.items()
        ],
    }
