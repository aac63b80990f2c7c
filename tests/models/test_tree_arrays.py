# SPDX-License-Identifier: BSD-3-Clause
"""Trees as arrays: added one by one, kept in part, scaled, continued."""

import numpy as np
import pytest

from schuss.tree._nodes import CATEGORICAL, MISSING_LEFT, NODE, TreesBuilder, category_sets

LEFT_OF_TWO = [(0.5, 1 | MISSING_LEFT, 1), (-1.0, -1, 0), (2.0, -1, 1)]
BY_CATEGORY = [(0.0, 2 | CATEGORICAL, 1), (3.0, -1, 0), (1.0, 0, 3), (4.0, -1, 1), (5.0, -1, 2)]


def tree(rows):
    return np.array(rows, NODE)


def built():
    builder = TreesBuilder(3)
    builder.append(tree(BY_CATEGORY), categories=category_sets([np.array([0, 70])]))
    builder.append(tree(LEFT_OF_TWO), gain=np.array([4.0, 0, 0]), weight=np.array([3.0, 1, 2]))
    builder.append(tree(BY_CATEGORY), categories=category_sets([np.array([254])]))
    return builder


def test_trees_stand_one_after_another():
    trees = built().build()
    assert trees.offsets.tolist() == [0, 5, 8, 13]
    assert trees.leaf_offsets.tolist() == [0, 3, 5, 8]
    assert trees.tree(2)["threshold"][0] == 1.0, "the second set of categories"
    assert trees.categories.tolist() == [[1, 1 << 6, 0, 0], [0, 0, 0, 1 << 62]]
    assert trees.gain_importances().tolist() == [0, 4, 0]
    assert trees.split_importances().tolist() == [2, 1, 2]


def test_a_leaf_is_numbered_within_its_tree():
    trees = built().build()
    for nodes in trees:
        leaves = nodes[nodes["feature"] < 0]
        assert leaves["left"].tolist() == list(range(len(leaves)))


def test_the_first_trees_are_those_of_a_shorter_run():
    builder = built()
    first = builder.build().first(2)
    builder.truncate(2)
    for name in ("nodes", "offsets", "leaf_offsets", "gain", "weight"):
        np.testing.assert_array_equal(getattr(first, name), getattr(builder.build(), name), name)


def test_going_on_from_trees_gives_the_same_arrays():
    trees = built().build()
    again = TreesBuilder(3)
    again.extend(trees)
    again.append(tree(BY_CATEGORY), categories=category_sets([np.array([7])]))
    longer = again.build()
    np.testing.assert_array_equal(longer.nodes[:13], trees.nodes)
    np.testing.assert_array_equal(longer.categories[:2], trees.categories)
    assert longer.tree(3)["threshold"][0] == 2.0


def test_scaling_the_leaves_leaves_thresholds_alone():
    builder = built()
    builder.scale_leaves(0, 2.0)
    assert builder.build().tree(0)["threshold"].tolist() == [0, 6, 1, 8, 10]
    apart = TreesBuilder(3, n_outputs=2)
    apart.append(tree(LEFT_OF_TWO), values=np.ones((2, 2)))
    apart.scale_leaves(0, 0.5)
    np.testing.assert_array_equal(apart.build().values, np.full((2, 2), 0.5))


def test_values_apart_are_there_for_all_trees_or_none():
    builder = built()
    builder.append(tree(LEFT_OF_TWO), values=np.ones((2, 1)))
    with pytest.raises(ValueError, match="either all trees"):
        builder.build()


def test_no_trees_at_all():
    trees = TreesBuilder(3).build()
    assert (len(trees), trees.nodes.dtype, trees.leaf_offsets.tolist()) == (0, NODE, [0])
