# SPDX-License-Identifier: BSD-3-Clause
"""save and load."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from schuss.persistence import _container as container
from schuss.persistence._atomic import write_atomically
from schuss.persistence._document import origin_of, read_document, write_document
from schuss.persistence._errors import ModelFileError
from schuss.persistence._extras import Extras
from schuss.persistence._json import dump, parse_canonical

Path = str | os.PathLike[str]
_MAX_MESSAGE = 300


def save(estimator: Any, path: Path, *, extras: Extras | None = None) -> None:
    """Store a fitted estimator in a file.

    The file is replaced in one step: at every instant, ``path`` holds either what was
    there before or the whole new model. What the class's fitted state consists of is
    stored, with its parameters and its history; other attributes that were set on the
    estimator (callbacks, metadata requests, one's own notes) are not.

    Parameters
    ----------
    estimator : estimator
        A fitted estimator of this package.
    path : str or path-like
        Usually ends in ``.schuss``; any name will do.
    extras : Extras or None, default=None
        What else to store in the file.

    Raises
    ------
    sklearn.exceptions.NotFittedError
        If the estimator is not fitted.
    ModelFileError
        If the estimator is of a class that cannot be stored, or holds something that
        cannot (for example a coefficient that is not finite).
    OSError
        If the system cannot write the file; what was there stays.

    Examples
    --------
    >>> import schuss
    >>> from schuss.linear_model import Ridge
    >>> ridge = Ridge().fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
    >>> schuss.save(ridge, "ridge.schuss")  # doctest: +SKIP
    >>> schuss.load("ridge.schuss").predict([[3.0]])  # doctest: +SKIP
    """
    with _naming(path, "cannot write"):
        pieces = _pack(estimator, extras)
    write_atomically(path, pieces)


def load(path: Path) -> Any:
    """Return the fitted estimator that `save` stored in a file.

    Everything in the file is checked before it is used, and nothing in it is executed,
    so that a file from anywhere can be loaded; whether its predictions are worth
    anything is another question.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    estimator
        It predicts the same bits as the one that was saved, and goes on training from
        where that one was.

    Raises
    ------
    ModelFileError
        If the file is damaged, foreign, or needs a newer release.
    OSError
        If the system cannot read the file.
    """
    return load_with_extras(path)[0]


def load_with_extras(path: Path) -> tuple[Any, Extras | None]:
    """Return the estimator in a file, and what was stored beside it.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    estimator : estimator
    extras : Extras or None

    Raises
    ------
    ModelFileError, OSError
        As `load` does.
    """
    data = _read(path)
    with _naming(path, "cannot load"):
        return from_bytes(data)


def describe(path: Path) -> dict[str, Any]:
    """Return what a model file says about itself, after checking all of it.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    dict
        ``estimator`` (class name), ``params``, ``n_features``, ``feature_names`` and
        ``classes`` (lists or None; of several outputs a list each), ``stop_reason``,
        ``history`` (`History` or None), ``verdict`` (`Verdict` or None), ``versions`` (of
        the libraries that trained the model), ``extras`` (`Extras` or None) and ``bytes``
        (size of the file).

    Raises
    ------
    ModelFileError, OSError
        As `load` does.
    """
    estimator, extras = load_with_extras(path)
    origin = origin_of(estimator)
    names = getattr(estimator, "feature_names_in_", None)
    classes = getattr(estimator, "classes_", None)
    return {
        "estimator": type(estimator).__name__,
        "params": estimator.get_params(deep=False),
        "n_features": estimator.n_features_in_,
        "feature_names": None if names is None else names.tolist(),
        "classes": _listed(classes),
        "stop_reason": getattr(estimator, "stop_reason_", None),
        "history": origin.history,
        "verdict": origin.verdict,
        "versions": dict(origin.versions),
        "extras": extras,
        "bytes": os.stat(path).st_size,
    }


def to_bytes(estimator: Any, *, extras: Extras | None = None) -> bytes:
    """Return what `save` would write.

    Parameters
    ----------
    estimator : estimator
    extras : Extras or None, default=None

    Returns
    -------
    bytes

    Raises
    ------
    sklearn.exceptions.NotFittedError, ModelFileError
        As `save` does.
    """
    return b"".join(_pack(estimator, extras))


def from_bytes(data: bytes) -> tuple[Any, Extras | None]:
    """Return the estimator and the extras in the content of a model file.

    Parameters
    ----------
    data : bytes

    Returns
    -------
    estimator : estimator
    extras : Extras or None

    Raises
    ------
    ModelFileError
        If the content is damaged, foreign, or needs a newer release.
    """
    content = container.unpack(data)
    document = parse_canonical(content.document, what="document")
    return read_document(document, content.arrays)


def _pack(estimator: Any, extras: Extras | None) -> list[bytes | memoryview]:
    from sklearn.utils.validation import check_is_fitted

    check_is_fitted(estimator)
    document, arrays = write_document(estimator, extras)
    return container.pack(container.Content(dump(document), arrays))


def _read(path: Path) -> bytes:
    """Read a regular file: a pipe could block for ever, and a device never end."""
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
        raise ModelFileError(f"cannot load {os.fspath(path)}: it is {kind}")
    with open(path, "rb") as file, _naming(path, "cannot load"):
        container.check_start(file.read(16), os.fstat(file.fileno()).st_size)
        file.seek(0)
        return file.read()


@contextmanager
def _naming(path: Path, action: str) -> Iterator[None]:
    """Begin the messages of model files with the file; make what they quote fit for a terminal."""
    try:
        yield
    except ModelFileError as error:
        quoted = "".join(sign if sign.isprintable() else "?" for sign in str(error)[:_MAX_MESSAGE])
        raise ModelFileError(f"{action} {os.fspath(path)}: {quoted}") from error.__cause__


def _listed(classes: Any) -> list[Any] | None:
    """Classes as plain lists, of several outputs one each."""
    if classes is None:
        return None
    return [one.tolist() for one in classes] if isinstance(classes, list) else list(classes.tolist())
