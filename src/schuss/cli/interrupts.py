# SPDX-License-Identifier: BSD-3-Clause
"""Ctrl-C that Python would lose."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SOON = 0.01  # seconds


def _raise_again(unraisable: Any) -> None:
    if isinstance(unraisable.exc_value, KeyboardInterrupt):
        # Not from here, where it would be swallowed once more.
        threading.Timer(_SOON, os.kill, (os.getpid(), signal.SIGINT)).start()
    else:
        sys.__unraisablehook__(unraisable)


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """Raise a `KeyboardInterrupt` again that came where nothing can be raised.

    In destructors and callbacks of weak references, of which imports have many, Python prints an exception and goes on.
    """
    previous, sys.unraisablehook = sys.unraisablehook, _raise_again
    try:
        yield
    finally:
        sys.unraisablehook = previous
