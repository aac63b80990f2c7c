# SPDX-License-Identifier: BSD-3-Clause
"""The one training loop."""

import time

import pytest

from schuss.history import History
from schuss.training import StopReason, run


def losses(*values):
    """A sweep that reports these losses, one after the other."""
    return lambda iteration: {"data_loss": values[iteration]}


def raising(error, at):
    def sweep(iteration):
        if iteration == at:
            raise error
        return {"data_loss": 1.0}

    return sweep


def test_runs_to_the_limit():
    history = History()
    outcome = run(losses(3.0, 2.0, 1.0), max_iter=3, history=history)
    assert (outcome.reason, outcome.n_iter, outcome.interrupt) == (StopReason.MAX_ITER, 3, None)
    assert history["data_loss"].tolist() == [3.0, 2.0, 1.0]


def test_times_every_sweep():
    history = History()
    run(lambda i: time.sleep(0.01) or {}, max_iter=2, history=history)
    assert (history["seconds"] >= 0.01).all()


def test_a_rule_stops():
    def rule(history):
        return StopReason.CONVERGED if history[-1]["data_loss"] < 2.5 else None

    outcome = run(losses(3.0, 2.0, 1.0), max_iter=3, history=History(), rules=[rule])
    assert (outcome.reason, outcome.n_iter) == (StopReason.CONVERGED, 2)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(True, StopReason.CALLBACK), (StopReason.NO_IMPROVEMENT, StopReason.NO_IMPROVEMENT)],
)
def test_a_hook_stops_after_all_hooks_were_called(answer, reason):
    called = []
    hooks = [lambda i, h: answer, lambda i, h: called.append(i)]
    outcome = run(losses(3.0, 2.0), max_iter=2, history=History(), hooks=hooks)
    assert (outcome.reason, outcome.n_iter, called) == (reason, 1, [0])


@pytest.mark.parametrize("answer", [None, False])
def test_other_answers_of_hooks_do_not_stop(answer):
    outcome = run(losses(3.0, 2.0), max_iter=2, history=History(), hooks=[lambda i, h: answer])
    assert outcome.reason is StopReason.MAX_ITER


def test_max_time_ends_before_the_next_sweep():
    start = time.perf_counter()
    outcome = run(lambda i: time.sleep(0.02) or {}, max_iter=10_000, history=History(), max_time=0.05)
    assert outcome.reason is StopReason.MAX_TIME
    assert 0.05 <= time.perf_counter() - start < 1.0


@pytest.mark.parametrize("at", [0, 2])
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (KeyboardInterrupt(), StopReason.INTERRUPTED),
        (FloatingPointError("inf"), StopReason.DIVERGED),
    ],
)
def test_an_iteration_cut_short_is_rolled_back(error, reason, at):
    history, rolled_back = History(), []
    outcome = run(
        raising(error, at),
        max_iter=5,
        history=history,
        rollback=lambda: rolled_back.append(len(history)),
    )
    assert (outcome.reason, outcome.n_iter, outcome.interrupt) == (reason, at, error)
    assert rolled_back == [at]


def test_an_interrupt_after_an_iteration_keeps_it():
    def hook(iteration, history):
        raise KeyboardInterrupt

    outcome = run(losses(1.0), max_iter=1, history=History(), hooks=[hook], rollback=pytest.fail)
    assert (outcome.reason, outcome.n_iter) == (StopReason.INTERRUPTED, 1)


@pytest.mark.parametrize("error", [ValueError, FloatingPointError])
def test_the_errors_of_others_pass_through(error):
    def hook(iteration, history):
        raise error("in a hook")

    with pytest.raises(error, match="in a hook"):
        run(losses(1.0), max_iter=1, history=History(), hooks=[hook])


def test_continues_a_history():
    history = History()
    run(losses(2.0), max_iter=1, history=history)
    outcome = run(losses(1.0), max_iter=1, history=history)
    assert outcome.n_iter == 1
    assert history["data_loss"].tolist() == [2.0, 1.0]
