# SPDX-License-Identifier: BSD-3-Clause
"""Nodes and bins as sch/tree.h has them, where all of this is explained, under Python's names."""

from __future__ import annotations

from schuss import _kernels as kernels

# Inner node: x[feature] <= threshold goes to `left`, the rest to `left` + 1. Leaf: `feature` is -1, `threshold` its
# value where trees have one output, `left` its number among the leaves of its tree.
NODE = kernels.TREE_NODE

# Flags in `feature` of inner nodes.
MISSING_LEFT = kernels.NODE_MISSING_LEFT
CATEGORICAL = kernels.NODE_CATEGORICAL
FEATURE = kernels.NODE_FEATURE

N_BINS = kernels.MAX_BINS + 1  # the last one holds what is missing
N_CATEGORIES = kernels.MAX_BINS  # codes 0 .. 254; what is beyond is treated as missing
WORDS = kernels.SET_WORDS  # of 64 bits, in a set of categories
