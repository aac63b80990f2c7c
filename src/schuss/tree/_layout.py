# SPDX-License-Identifier: BSD-3-Clause
"""How a node of a tree is laid out in memory; sch/tree.h says the same in C."""

from __future__ import annotations

import numpy as np

# Inner node: x[feature] <= threshold goes to `left`, the rest to `left` + 1. Leaf: `feature` is -1, `threshold` its
# value where trees have one output, `left` its number among the leaves of its tree.
NODE = np.dtype([("threshold", np.float64), ("feature", np.int32), ("left", np.int32)])

# Flags in `feature` of inner nodes.
MISSING_LEFT = 1 << 30
CATEGORICAL = 1 << 29
FEATURE = CATEGORICAL - 1

N_CATEGORIES = 255  # codes 0 .. 254; what is beyond is treated as missing
WORDS = 4  # of 64 bits, in a set of categories
