# SPDX-License-Identifier: BSD-3-Clause
"""What this build can do and what it does now: version, compiler, instruction sets, threads."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

from schuss import _kernels
from schuss._threads import explain_n_threads


def config() -> dict[str, Any]:
    """Facts about this installation, for reports and bug reports.

    Returns
    -------
    dict
        Keys ``version``, ``python``, ``platform``, ``compiler``, ``isa_compiled``, ``isa_supported``,
        ``isa_in_use``, ``n_threads`` and ``n_threads_reason``.
    """
    n_threads, reason = explain_n_threads()
    return {
        "version": version("schuss"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "compiler": _kernels.compiler(),
        "isa_compiled": _kernels.isa_compiled(),
        "isa_supported": _kernels.isa_supported(),
        "isa_in_use": _kernels.isa_in_use(),
        "n_threads": n_threads,
        "n_threads_reason": reason,
    }


def show_config() -> None:
    """Print :func:`config` as ``name: value`` lines."""
    for name, value in config().items():
        print(f"{name}: {', '.join(value) if isinstance(value, list) else value}")


@contextmanager
def use_isa(name: str) -> Iterator[None]:
    """Run the kernels of one instruction set inside a ``with`` block, in the whole process.

    Parameters
    ----------
    name : str
        One of ``config()["isa_supported"]``.

    Raises
    ------
    ValueError
        If the instruction set is not compiled in, or this CPU cannot run it.
    """
    before = _kernels.isa_in_use()
    _kernels.select_isa(name)
    try:
        yield
    finally:
        _kernels.select_isa(before)
