# SPDX-License-Identifier: BSD-3-Clause
"""Memory for bins is aligned, writable, and of the size asked for, whether small or on pages of its own."""

import mmap

import numpy as np
import pytest

from schuss import _kernels as kernels

LARGE = 2 << 20


@pytest.mark.parametrize("size", [1, 63, 64, 4096, LARGE - 1, LARGE, LARGE + 1])
def test_memory_is_aligned_and_writable(size):
    block = kernels.aligned_bytes(size)
    assert block.shape == (size,)
    assert block.ctypes.data % 64 == 0
    block[:] = 7
    assert int(block.sum(dtype=np.int64)) == 7 * size


def test_two_blocks_do_not_overlap():
    first, second = kernels.aligned_bytes(LARGE), kernels.aligned_bytes(LARGE)
    first[:], second[:] = 1, 2
    assert (first == 1).all()


def test_a_system_without_large_pages_will_do(monkeypatch):
    monkeypatch.delattr(mmap, "MADV_HUGEPAGE", raising=False)
    block = kernels.aligned_bytes(LARGE)
    block[:] = 7
    assert block.shape == (LARGE,)
    assert block.ctypes.data % 64 == 0
