# SPDX-License-Identifier: BSD-3-Clause
"""Fixtures that every test may ask for: the instruction set, the dtype, the number of threads and a seed."""

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import schuss
from schuss import _kernels as kernels

settings.register_profile("dev", max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True)
settings.register_profile("nightly", settings.get_profile("dev"), max_examples=1000)
settings.load_profile(os.environ.get("SCHUSS_TEST_PROFILE", "ci"))


@pytest.fixture(scope="module", params=kernels.isa_supported())
def isa(request):
    """Each instruction set that is compiled in and that this CPU can run, in use during the test."""
    with schuss.use_isa(request.param):
        yield request.param


@pytest.fixture(scope="module", params=[np.float32, np.float64], ids=["float32", "float64"])
def dtype(request):
    return request.param


@pytest.fixture(scope="module", params=[2, 3, 5])
def n_threads(request):
    """Thread counts to hold against a run on one thread; more than most test machines have cores."""
    return request.param


def _seeds():
    """SCHUSS_TEST_SEED: a number, a range "0-9", or unset for 42."""
    first, _, last = os.environ.get("SCHUSS_TEST_SEED", "42").partition("-")
    return range(int(first), int(last or first) + 1)


@pytest.fixture(scope="session", params=_seeds(), ids=lambda s: f"seed{s}")
def seed(request):
    """A statistical test has to pass for every seed, not for a lucky one."""
    return request.param


@pytest.fixture
def rng(seed):
    return np.random.default_rng(seed)
