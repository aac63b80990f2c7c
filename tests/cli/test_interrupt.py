# SPDX-License-Identifier: BSD-3-Clause
"""Ctrl-C: answered at once, with the last complete iteration kept; on a terminal and elsewhere."""

import json
import os
import pty
import select
import signal
import subprocess
import time
import weakref

import numpy as np
import pytest
from command_line import COMMAND, environment

from schuss.cli.interrupts import interrupts_kept
from schuss.data import TableModel

ENDLESS = ("-m", "sgd", "--set", "tol=none", "--set", "max_iter=100000000")
DEADLINE = 60.0
# The promise is 0.2 s; a machine that runs many tests at once is allowed to be late.
PATIENCE = 2.0


def start(tmp_path, *arguments, **streams):
    return subprocess.Popen(
        [*COMMAND, "train", "sample:digits", *ENDLESS, *arguments], cwd=tmp_path, env=environment(), **streams
    )


def wait_for(descriptor, words):
    """Read a stream until some words have appeared; returns what was read."""
    read, limit = b"", time.monotonic() + DEADLINE
    while words not in read:
        assert time.monotonic() < limit, read
        if select.select([descriptor], [], [], 0.1)[0]:
            read += os.read(descriptor, 65536)
    return read


def stop(process):
    process.send_signal(signal.SIGINT)
    begin = time.monotonic()
    out, err = process.communicate(timeout=DEADLINE)
    return out, err, time.monotonic() - begin


def test_the_last_complete_iteration_is_kept(tmp_path):
    process = start(tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(process.stderr.fileno(), b"iteration   3")
    _, err, seconds = stop(process)
    assert process.returncode == 130
    assert b"stopped; the model of " in err.splitlines()[-1]
    assert b"kept in model.schuss" in err
    assert b"Traceback" not in err
    assert seconds < PATIENCE
    model = TableModel.load(tmp_path / "model.schuss")
    assert model.run["stop"]["reason"] == "interrupted"
    assert np.isfinite(model.estimator.coef_).all()
    assert len(model.estimator.history_) >= 3
    assert [path.name for path in tmp_path.iterdir()] == ["model.schuss"]


def test_json_tells_of_the_interruption(tmp_path):
    process = start(tmp_path, "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(0.1)
    deadline = time.monotonic() + DEADLINE
    while process.poll() is None and _processor_seconds(process.pid) < 3.0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    out, err, _ = stop(process)
    assert process.returncode == 130
    assert json.loads(out)["stop"]["reason"] == "interrupted"
    assert len(err.splitlines()) == 1


def _processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_on_a_terminal(tmp_path):
    ours, theirs = pty.openpty()
    process = start(tmp_path, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    read = wait_for(ours, b"validation loss")
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGINT)
    while True:
        try:
            if not (more := os.read(ours, 65536)):
                break
        except OSError:  # how Linux says that the other side is gone
            break
        read += more
    assert process.wait(timeout=DEADLINE) == 130
    os.close(ours)
    assert b"kept in model.schuss" in read
    assert b"\x1b[?25h" in read[read.rindex(b"\x1b[?25l") :]  # the cursor is back
    assert (tmp_path / "model.schuss").exists()


@pytest.mark.parametrize("delay", [0.3, 0.6, 1.0])
def test_before_the_first_iteration_nothing_is_kept(tmp_path, delay):
    rows = "\n".join(f"{i % 977},{i % 89},{'ab'[i % 2]}" for i in range(1_500_000))
    (tmp_path / "t.csv").write_text(f"x,z,y\n{rows}\n")
    command = [*COMMAND, "train", "t.csv", "-t", "y", *ENDLESS]
    process = subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(delay)
    _, err, seconds = stop(process)
    assert seconds < PATIENCE
    assert process.returncode in (130, -signal.SIGINT)
    kept = (tmp_path / "model.schuss").exists()
    assert kept == (b"kept in model.schuss" in err)


def swallow_an_interrupt():
    class Thing:
        pass

    def interrupt(_):
        raise KeyboardInterrupt

    thing = Thing()
    reference = weakref.ref(thing, interrupt)
    del thing  # runs the callback, from which nothing is raised
    assert reference() is None


def wait_after(what):
    what()
    time.sleep(DEADLINE)


@pytest.fixture
def answers_ctrl_c():
    """Workers that run tests side by side ignore Ctrl-C."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


@pytest.mark.usefixtures("answers_ctrl_c")
def test_what_comes_in_a_callback_is_not_lost():
    begin = time.monotonic()
    with pytest.raises(KeyboardInterrupt), interrupts_kept():
        wait_after(swallow_an_interrupt)
    assert time.monotonic() - begin < PATIENCE
