# SPDX-License-Identifier: BSD-3-Clause
"""Files on a disk: written whole or not at all, and foreign ones told apart."""

from __future__ import annotations

import errno
import itertools
import os
import pickle
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
import zipfile

import numpy as np
import pytest
import safetensors.numpy
from saved_models import MODELS

import schuss
from schuss.persistence import to_bytes
from schuss.persistence._atomic import write_atomically

OLD, NEW = b"what was there", [b"what ", memoryview(b"comes"), b""]


def _files(directory):
    return {path.name: path.read_bytes() for path in directory.iterdir()}


# -- atomic writing -----------------------------------------------------------------------


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "model"
    for _ in range(2):
        write_atomically(path, NEW)
        assert _files(tmp_path) == {"model": b"what comes"}


CALLS = ["open", "fsync", "replace", "fsync#2", "close"]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize(("call", "existing"), [("fchmod", True), *itertools.product(CALLS, [True, False])])
def test_a_failure_anywhere_leaves_the_old_or_the_new_file(call, existing, error, tmp_path, monkeypatch):
    path = tmp_path / "model"
    if existing:
        path.write_bytes(OLD)
    name, _, number = call.partition("#")
    _fail_at(monkeypatch, name, int(number or 1), error)
    with pytest.raises(type(error)) as caught:
        write_atomically(path, NEW)
    monkeypatch.undo()
    before = {"model": OLD} if existing else {}
    renamed = call in ("fsync#2", "close")
    assert _files(tmp_path) == ({"model": b"what comes"} if renamed else before)
    if isinstance(error, OSError):
        assert caught.value.errno == errno.ENOSPC
        assert renamed or "No space left on device; nothing was written" in str(caught.value)


def _fail_at(monkeypatch, name, number, error):
    """Make the n-th call of a function of os fail."""
    real, calls = getattr(os, name), []

    def failing(*args, **kwargs):
        calls.append(args)
        if len(calls) == number:
            if name == "close":
                real(*args)
            raise error
        return real(*args, **kwargs)

    monkeypatch.setattr(os, name, failing)


def test_a_failure_while_writing_leaves_the_old_file(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(OLD)

    def pieces():
        yield b"half of what comes"
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(OSError, match="Input/output error; nothing was written"):
        write_atomically(path, pieces())
    assert _files(tmp_path) == {"model": OLD}


def test_a_full_disk_leaves_the_old_file(tmp_path):
    """The system itself refuses: files of this process may not grow beyond a limit."""
    path = tmp_path / "model"
    path.write_bytes(OLD)
    code = textwrap.dedent(
        """
        import resource, signal, sys
        from schuss.persistence._atomic import write_atomically
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            write_atomically(sys.argv[1], [bytes(50_000)] * 5)
        except OSError as error:
            print(error)
        """
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    assert "File too large; nothing was written" in done.stdout
    assert _files(tmp_path) == {"model": OLD}


def test_a_killed_process_leaves_a_whole_file(tmp_path):
    path = tmp_path / "model"
    code = textwrap.dedent(
        """
        import itertools, sys
        from schuss.persistence._atomic import write_atomically
        for i in itertools.count():
            write_atomically(sys.argv[1], [bytes([i % 256]) * 1000] * 500)
            print(i, flush=True)
        """
    )
    for wait in (0.0, 0.003, 0.011):
        process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
        assert process.stdout.readline()
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        data = path.read_bytes()
        assert len(data) == 500_000
        assert len(set(data)) == 1


def test_two_writers_at_once_do_not_mix(tmp_path):
    path = tmp_path / "model"
    contents = [bytes([i]) * 100_000 for i in range(4)]

    def write(content):
        for _ in range(10):
            write_atomically(path, [content[:50_000], content[50_000:]])

    threads = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(_files(tmp_path)) == ["model"]
    assert path.read_bytes() in contents


def test_permissions_and_links_are_kept(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(OLD)
    target.chmod(0o640)
    link.symlink_to(target)
    write_atomically(link, NEW)
    assert link.is_symlink()
    assert target.read_bytes() == b"what comes"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


def test_new_files_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "model", NEW)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "model").stat().st_mode) == 0o640


def test_wrong_places_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"No such file or directory; nothing was written: .*/missing/model"):
        schuss.save(MODELS["Ridge"](), tmp_path / "missing" / "model")
    with pytest.raises(IsADirectoryError, match="nothing was written"):
        schuss.save(MODELS["Ridge"](), tmp_path)
    assert not list(tmp_path.iterdir())


# -- foreign files ------------------------------------------------------------------------


def _zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a", "b")


def _png(path):
    from matplotlib.figure import Figure

    Figure().savefig(path, format="png")


FOREIGN = {
    "a pickle": lambda path: path.write_bytes(pickle.dumps(np.arange(1000))),
    "a PNG picture": _png,
    "a zip archive": _zip,
    "a NumPy array file": lambda path: np.save(path.open("wb"), np.arange(3)),
    "an HTML page": lambda path: path.write_text("<!DOCTYPE html><p>"),
    "is empty": lambda path: path.touch(),
    "is a directory": lambda path: path.mkdir(),
    "not a regular file": lambda path: os.mkfifo(path),
    "does not start like one": lambda path: path.write_text("a,b\n1,2\n" * 100),
    "schuss did not write it": lambda path: safetensors.numpy.save_file({"a": np.zeros(3)}, path),
    "cut short": lambda path: path.write_bytes(to_bytes(MODELS["Ridge"]())[:-1]),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign_files_are_named(kind, tmp_path):
    path = tmp_path / "foreign"
    FOREIGN[kind](path)
    with pytest.raises(schuss.ModelFileError, match=rf"cannot load {path}: .*{kind}"):
        schuss.load(path)


def test_a_pickle_is_not_loaded(tmp_path):
    """Not even one that begins like a model file of 640 bytes of header."""
    path, mark = tmp_path / "evil", tmp_path / "mark"

    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(mark),)

    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(schuss.ModelFileError, match="pickle"):
        schuss.load(path)
    assert not mark.exists()


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing"):
        schuss.load(tmp_path / "missing")


def test_a_large_foreign_file_is_not_read(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.write(b"PAR1")
        file.truncate(1 << 40)  # takes no room on the disk, but would in memory
    with pytest.raises(schuss.ModelFileError, match="a Parquet file"):
        schuss.load(path)
