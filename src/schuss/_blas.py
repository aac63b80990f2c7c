# SPDX-License-Identifier: BSD-3-Clause
"""Keeps the BLAS library to one thread while a solver factorises its small matrices.

A threaded factorisation gives other bits than a serial one, and its idle threads spin on the cores that
our own pool is about to use.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from threadpoolctl import ThreadpoolController

_SERIAL_ANYWAY = 48  # matrices up to this order no BLAS splits


class _Limit:
    """The limit is the library's, hence the process's: the first to come sets it, the last to go lifts it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._before: list[int] = []

    def acquire(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._before = [library.num_threads for library in _libraries()]
                for library in _libraries():
                    library.set_num_threads(1)

    def release(self) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                for library, count in zip(_libraries(), self._before, strict=True):
                    library.set_num_threads(count)

    def forget_lock(self) -> None:
        """A forked child must not wait for a thread that only its parent has."""
        self._lock = threading.Lock()


_limit = _Limit()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_limit.forget_lock)


@lru_cache(maxsize=1)
def _libraries() -> list[Any]:
    """The BLAS libraries in this process, looked for once: it takes some milliseconds."""
    return list(ThreadpoolController().select(user_api="blas").lib_controllers)


@contextmanager
def one_blas_thread(order: int) -> Iterator[None]:
    """Run BLAS on one thread inside a ``with`` block.

    Parameters
    ----------
    order : int
        Order of the largest matrix in the block; small ones need no limit.
    """
    if order <= _SERIAL_ANYWAY:
        yield
        return
    _limit.acquire()
    try:
        yield
    finally:
        _limit.release()
