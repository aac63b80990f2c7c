# SPDX-License-Identifier: BSD-3-Clause
"""All that is measured of the kernels."""

from __future__ import annotations

from benchmarks.kernels.binning import BINNING_CASES
from benchmarks.kernels.boosting import BOOSTING_CASES
from benchmarks.kernels.case import Build
from benchmarks.kernels.columns import COLUMN_CASES
from benchmarks.kernels.dual import DUAL_CASES
from benchmarks.kernels.exact_trees import EXACT_TREE_CASES
from benchmarks.kernels.forests import FOREST_CASES
from benchmarks.kernels.networks import NETWORK_CASES
from benchmarks.kernels.passes import PASS_CASES
from benchmarks.kernels.sgd import SGD_CASES
from benchmarks.kernels.trees import TREE_CASES
from benchmarks.kernels.vectors import VECTOR_CASES

CASES: dict[str, Build] = {
    **SGD_CASES,
    **PASS_CASES,
    **COLUMN_CASES,
    **DUAL_CASES,
    **VECTOR_CASES,
    **NETWORK_CASES,
    **TREE_CASES,
    **BINNING_CASES,
    **FOREST_CASES,
    **BOOSTING_CASES,
    **EXACT_TREE_CASES,
}
