# SPDX-License-Identifier: BSD-3-Clause
"""Write a file so that a reader, a crash or a power cut sees the old content or the new, never a part of it."""

import contextlib
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path


def write_atomically(path: str | os.PathLike[str], pieces: Iterable[bytes | memoryview]) -> None:
    """Write the pieces to ``path``, replacing what is there in one step.

    Raises
    ------
    OSError
        Of the kind the system reported (no space, no permission, no such directory, ...), saying that nothing
        was changed. What was at ``path`` is then still there, and no temporary file stays behind.
    """
    target = Path(os.path.realpath(path))  # of a link, the file it points to is replaced, not the link
    try:
        temporary = _write_beside(target, pieces)
    except OSError as error:
        raise _explained(error, path) from error
    try:
        os.replace(temporary, target)
    except BaseException as error:
        _discard(temporary)
        if isinstance(error, OSError):
            raise _explained(error, path) from error
        raise
    _sync_directory(target.parent)


def _write_beside(target: Path, pieces: Iterable[bytes | memoryview]) -> Path:
    """Write to a new file in the target's directory (one file system, so that the last step is a rename)."""
    temporary = target.parent / f".{secrets.token_hex(8)}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o666)
    try:
        with open(descriptor, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            _keep_mode(target, descriptor)
            os.fsync(descriptor)
    except BaseException:
        _discard(temporary)
        raise
    return temporary


def _keep_mode(target: Path, descriptor: int) -> None:
    """A file that is replaced keeps its permissions."""
    if target.exists():
        os.fchmod(descriptor, stat.S_IMODE(target.stat().st_mode))


def _discard(temporary: Path) -> None:
    with contextlib.suppress(FileNotFoundError):  # it was moved, or never made
        os.unlink(temporary)


def _sync_directory(directory: Path) -> None:
    """Make the rename itself durable."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _explained(error: OSError, path: str | os.PathLike[str]) -> OSError:
    return type(error)(error.errno, f"{error.strerror}; nothing was written", os.fspath(path))
