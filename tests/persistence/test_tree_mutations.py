# SPDX-License-Identifier: BSD-3-Clause
"""Trees with damaged arrays: each is refused, or every kernel that applies trees ends within its arrays."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

# In another process, as what is looked for are crashes. Each line but the last names what was done next.
SCRIPT = textwrap.dedent(
    """
    import faulthandler, sys, warnings
    from dataclasses import fields, replace
    import numpy as np
    from schuss import _kernels as kernels
    from schuss.tree._masks import masks_of
    from schuss.tree._structure import check_structure
    from tree_cases import random_trees, table_for

    def mutant(trees, rng):
        parts = {f.name: getattr(trees, f.name) for f in fields(trees)}
        parts = {name: part.copy() if isinstance(part, np.ndarray) else part for name, part in parts.items()}
        nodes, kind = parts["nodes"], int(rng.integers(7))
        at = int(rng.integers(len(nodes)))
        near, far = int(rng.integers(-3, 40)), int(rng.integers(-(2**31), 2**31))
        number = near if rng.random() < 0.7 else far
        if kind == 0:
            nodes["left"][at] = number
        elif kind == 1:
            nodes["feature"][at] = number if rng.random() < 0.5 else number & 0x600000FF
        elif kind == 2:
            nodes["threshold"][at] = rng.choice([np.nan, np.inf, -np.inf, 1e308, 0.5, -1.0, 1.0, 2.0, 3.0])
        elif kind == 3:
            parts["offsets"][int(rng.integers(len(parts["offsets"])))] += near
        elif kind == 4:
            raw = nodes.view(np.uint8)
            raw[int(rng.integers(len(raw)))] ^= 1 << int(rng.integers(8))
        elif kind == 5:
            parts["categories"].view(np.uint8).ravel()[: 8 * near if near > 0 else None] ^= 255
        else:
            parts["weight"][at] = rng.choice([0.0, -1.0, np.nan, np.inf, 1e300, 1e-300])
        leaves = np.concatenate([[0], np.cumsum(nodes["feature"] < 0)])
        inside = parts["offsets"].min() >= 0 and parts["offsets"].max() <= len(nodes)
        parts["leaf_offsets"] = leaves[parts["offsets"]] if inside else np.zeros(0, np.int64)
        return kind, replace(trees, **parts)

    def use(trees, x):
        options = {"n_features": trees.n_features, "n_out": trees.n_outputs, "values": trees.values,
                   "leaf_offsets": trees.leaf_offsets, "categories": trees.categories,
                   "known_categories": trees.known_categories}
        walker = kernels.Predictor(trees.nodes, trees.offsets, **options)
        masker = kernels.Predictor(trees.nodes, trees.offsets, masks=lambda: masks_of(trees), masks_from=0, **options)
        walked = kernels.trees_predict(walker, x)
        assert walked.tobytes() == kernels.trees_predict(masker, x).tobytes()
        kernels.trees_leaves(masker, x)
        assert walker.predict_few(x[:3]).tobytes() == walked[:3].tobytes()
        kernels.trees_contributions(walker, x[:3], weight=trees.weight, max_depth=trees.max_depth)

    faulthandler.enable()
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(int(sys.argv[1]))
    outcomes = {"refused": 0, "accepted": 0}
    for case in range(400):
        options = {"categorical": (1,), "known": True} if case % 2 else {"n_outputs": 2, "apart": True}
        trees = random_trees(rng, 4, 12, 3, **options)
        x = table_for(rng, trees, 40, missing=0.1, categorical=options.get("categorical", ()))
        kind, damaged = mutant(trees, rng)
        print(case, kind, flush=True)
        try:
            check_structure(damaged)
        except ValueError:
            outcomes["refused"] += 1
            continue
        use(damaged, x)
        outcomes["accepted"] += 1
    print(*outcomes.values())
    """
)


def test_damaged_trees_never_crash(seed):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(seed)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=Path(__file__).parents[1],  # for tree_cases
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, f"after {lines[-1:]}: {done.stderr[-3000:]}"
    refused, accepted = map(int, lines[-1].split())
    assert refused > 50
    assert accepted > 50
