# SPDX-License-Identifier: BSD-3-Clause
"""The generators spread and hit the edges: a test fed by a narrow generator passes without having tested anything."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import COLUMN_KINDS, LAYOUTS, SIZES, lay_out, problems, sgd_options

N_DRAWS = 400


def draws(strategy):
    """What N_DRAWS draws of a strategy produce, the same each time."""
    seen = []

    @settings(max_examples=N_DRAWS, derandomize=True, database=None, deadline=None)
    @given(strategy)
    def collect(value):
        seen.append(value)

    collect()
    return seen


@pytest.fixture(scope="module")
def drawn():
    return draws(problems(targets="class", n_outputs=3))


def test_every_size_layout_and_column_kind_comes_up(drawn):
    assert {p.shape[0] for p in drawn} == set(SIZES)
    assert {p.shape[1] for p in drawn} == set(SIZES)
    assert {p.layout for p in drawn} == set(LAYOUTS)
    assert {kind for p in drawn for kind in p.column_kinds} == set(COLUMN_KINDS)


def test_no_size_takes_over(drawn):
    most_common = Counter(p.shape for p in drawn).most_common(1)[0][1]
    assert most_common < N_DRAWS / 10


def test_seeds_differ(drawn):
    assert len({p.seed for p in drawn}) > N_DRAWS / 4


def test_weights_may_be_absent_real_or_partly_zero(drawn):
    weights = [p.weight for p in drawn]
    assert sum(w is None for w in weights) > N_DRAWS / 10
    assert sum(w is not None and bool((w == 0).any()) and bool((w > 0).any()) for w in weights) > N_DRAWS / 20
    assert sum(w is not None and bool((w % 1).any()) for w in weights) > N_DRAWS / 10


def test_every_class_and_zero_coefficients_come_up(drawn):
    assert {int(c) for p in drawn for c in p.y} == {0, 1, 2}
    assert 0 < sum(not p.coef.any() for p in drawn) < N_DRAWS


@pytest.mark.parametrize(("targets", "values"), [("01", {0, 1}), ("pm1", {-1, 1})])
def test_both_labels_come_up(targets, values):
    assert {int(v) for p in draws(problems(targets=targets)) for v in p.y} == values


def test_rows_are_contiguous_and_layouts_differ():
    x = np.arange(12.0).reshape(3, 4)
    views = {layout: lay_out(x, layout) for layout in LAYOUTS}
    for view in views.values():
        np.testing.assert_array_equal(view, x)
        assert view.strides[1] == view.itemsize
    assert views["offset"].ctypes.data % 16 != 0
    assert len({view.strides[0] for view in views.values()}) == 3  # offset: no gaps either


def test_every_sgd_option_takes_more_than_one_value():
    seen = draws(st.tuples(sgd_options(), sgd_options()))
    for name in set(seen[0][0]) - {"optimal_init"}:
        assert len({first[name] for first, _ in seen}) > 1, name
    pairs = {(first["schedule"], first["l1"] > 0, first["batch_size"] > 1) for first, _ in seen}
    assert len(pairs) == 3 * 2 * 2
