# SPDX-License-Identifier: BSD-3-Clause
"""Memory for bins is aligned, writable, and of the size asked for, large or small; what was freed can be given back."""

import mmap
import os
import platform
import subprocess
import sys

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


PAGES_OF_A_PROCESS = """
import numpy as np
from schuss import _kernels as kernels

def pages():
    return int(open("/proc/self/statm").read().split()[1])

blocks = [np.ones(8000) for _ in range(1000)]
kept = blocks[::10]
before = pages()
del blocks
freed = pages()
kernels.give_back()
print(before, freed, pages())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc keeps what is freed below something that is used")
def test_freed_memory_is_given_back():
    ran = subprocess.run([sys.executable, "-c", PAGES_OF_A_PROCESS], capture_output=True, check=True)
    before, freed, given_back = map(int, ran.stdout.split())
    size = 1000 * 8000 * 8 // os.sysconf("SC_PAGE_SIZE")
    assert before - freed < 0.1 * size
    assert before - given_back > 0.8 * size
