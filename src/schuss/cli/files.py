# SPDX-License-Identifier: BSD-3-Clause
"""Files that commands write: checked before the work begins, so that nobody waits for a refusal."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from schuss.cli.errors import CommandError
from schuss.data.errors import shown

_LOOK = 4096
MODEL_MARK, REPORT_MARK = b"schuss", b'<meta name="generator" content="schuss'


def check_output(where: str, option: str, inputs: Iterable[str | None], mark: bytes | None = None) -> Path:
    """Return the path of a file to be written.

    Parameters
    ----------
    where : str
    option : str
        The option that named it, for messages.
    inputs : iterable of str or None
        Files that must not be overwritten, sources among them.
    mark : bytes or None, default=None
        What an existing file must hold near its start to be replaced: the mark of files of its kind.

    Raises
    ------
    CommandError
        If it cannot or should not be written.
    """
    path = Path(where)
    if not path.parent.is_dir():
        raise CommandError(f"{option}: there is no directory {shown(str(path.parent), 300)}")
    if path.is_dir() or not path.name:
        raise CommandError(f"{option}: {shown(where, 300)} is a directory")
    if not os.access(path if path.exists() else path.parent, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise CommandError(f"{option}: no permission to write {shown(where, 300)}")
    for source in inputs:
        if source is not None and _same(path, Path(source)):
            raise CommandError(f"{option}: that would overwrite {shown(source, 300)}, which is needed")
    if path.exists() and not path.is_file():
        raise CommandError(f"{option}: {shown(where, 300)} is not an ordinary file")
    if mark and path.exists() and not _bears(path, mark):
        raise CommandError(f"{option}: {shown(where, 300)} exists and was not written by schuss; it stays as it is")
    return path


def _same(path: Path, other: Path) -> bool:
    if path.exists() and other.exists():
        return path.samefile(other)
    return os.path.abspath(path) == os.path.abspath(other)


def _bears(path: Path, mark: bytes) -> bool:
    with path.open("rb") as file:
        start = file.read(_LOOK)
    return not start or mark in start
