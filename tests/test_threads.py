# SPDX-License-Identifier: BSD-3-Clause
"""How many threads, and why."""

import os

import pytest

from schuss import _threads
from schuss._threads import effective_n_threads, explain_n_threads


@pytest.fixture(autouse=True)
def machine(monkeypatch, tmp_path):
    """Eight CPUs, no limits, no environment."""
    for variable in ("SCHUSS_NUM_THREADS", "OMP_NUM_THREADS"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    monkeypatch.setattr(_threads, "_CGROUP", tmp_path)
    _threads._cgroup_quota.cache_clear()
    yield
    _threads._cgroup_quota.cache_clear()


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_all_cpus_by_default():
    assert explain_n_threads() == (8, "CPUs of this machine")
    assert effective_n_threads() == 8


def test_affinity(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 5, 6}, raising=False)
    count, reason = explain_n_threads()
    assert count == 3
    assert "affinity" in reason


@pytest.mark.parametrize(("text", "count"), [("200000 100000", 2), ("250000 100000", 3), ("10000 100000", 1)])
def test_cgroup_2(tmp_path, text, count):
    write(tmp_path / "cpu.max", text)
    assert explain_n_threads()[0] == count
    assert "cgroup" in explain_n_threads()[1]


def test_cgroup_2_without_a_quota(tmp_path):
    write(tmp_path / "cpu.max", "max 100000")
    assert explain_n_threads()[0] == 8


@pytest.mark.parametrize(("quota", "count"), [("150000", 2), ("-1", 8)])
def test_cgroup_1(tmp_path, quota, count):
    write(tmp_path / "cpu" / "cpu.cfs_quota_us", quota)
    write(tmp_path / "cpu" / "cpu.cfs_period_us", "100000")
    assert explain_n_threads()[0] == count


def test_environment(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "4,2")
    assert explain_n_threads() == (4, "OMP_NUM_THREADS=4,2")
    monkeypatch.setenv("SCHUSS_NUM_THREADS", "3")
    assert explain_n_threads() == (3, "SCHUSS_NUM_THREADS=3")


@pytest.mark.parametrize("value", ["", "0", "-2", "many"])
def test_what_makes_no_sense_to_OpenMP_is_no_limit(monkeypatch, value):
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    monkeypatch.setenv("SCHUSS_NUM_THREADS", "")
    assert effective_n_threads() == 8


@pytest.mark.parametrize("value", ["0", "-2", "many"])
def test_what_makes_no_sense_to_us_is_said(monkeypatch, value):
    monkeypatch.setenv("SCHUSS_NUM_THREADS", value)
    with pytest.raises(ValueError, match=f"SCHUSS_NUM_THREADS='{value}': expected a positive whole number"):
        effective_n_threads()
    assert effective_n_threads(2) == 2


@pytest.mark.parametrize(("asked", "count"), [(1, 1), (3, 3), (20, 20), (-1, 8), (-2, 7), (-100, 1)])
def test_asking(asked, count):
    assert effective_n_threads(asked) == count
    assert effective_n_threads(None, n_jobs=asked) == count
    assert effective_n_threads(asked, n_jobs=5) == count


def test_no_threads_at_all_make_no_sense():
    with pytest.raises(ValueError, match="n_threads == 0"):
        effective_n_threads(0)
    with pytest.raises(ValueError, match="n_jobs == 0"):
        effective_n_threads(None, n_jobs=0)
