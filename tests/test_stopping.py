# SPDX-License-Identifier: BSD-3-Clause
"""Rules that end a training run."""

import math

import pytest

from schuss.history import History
from schuss.stopping import Patience, Plateau
from schuss.training import StopReason


def first_stop(rule, column, values):
    """Index of the value after which the rule stops, or None."""
    history = History()
    for i, value in enumerate(values):
        history.append({column: value})
        if rule(history) is not None:
            return i
    return None


def test_patience_counts_in_a_row():
    patience = Patience(tol=0.1, limit=2)
    assert [patience.update(v) for v in (1.0, 0.95, 0.8, 0.75, 0.74)] == [False] * 4 + [True]


def test_small_improvements_still_move_the_best_value():
    # each step is below tol, and so is the way from the last best one
    patience = Patience(tol=0.1, limit=3)
    assert [patience.update(v) for v in (1.0, 0.94, 0.88, 0.82)] == [False, False, False, True]


def test_an_improvement_by_exactly_tol_counts():
    patience = Patience(tol=0.25, limit=1)
    assert [patience.update(v) for v in (1.0, 0.75, 0.75)] == [False, False, True]


def test_without_tolerance_patience_is_endless():
    patience = Patience(tol=None, limit=1)
    assert not any(patience.update(1.0) for _ in range(10))


def test_a_nan_is_no_improvement():
    patience = Patience(tol=0.0, limit=1)
    assert patience.update(math.nan)


@pytest.mark.parametrize(("maximise", "values"), [(False, [1.0, 0.5, 0.5, 0.5]), (True, [0.0, 0.5, 0.5, 0.5])])
def test_plateau(maximise, values):
    rule = Plateau("x", tol=1e-3, patience=2, maximise=maximise, reason=StopReason.NO_IMPROVEMENT)
    assert first_stop(rule, "x", values) == 3


def test_plateau_gives_its_reason():
    rule = Plateau("x", tol=0.0, patience=1, reason=StopReason.NO_IMPROVEMENT)
    history = History([{"x": 1.0}])
    assert rule(history) is None
    history.append({"x": 2.0})
    assert rule(history) is StopReason.NO_IMPROVEMENT
