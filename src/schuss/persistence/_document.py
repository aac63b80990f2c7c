# SPDX-License-Identifier: BSD-3-Clause
"""The JSON document of a model file: an estimator taken apart, and put together again."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from schuss.diagnosis import Verdict, diagnose
from schuss.history import History
from schuss.persistence._errors import ModelFileError
from schuss.persistence._extras import Extras, read_extras, write_extras
from schuss.persistence._json import dump
from schuss.persistence._reader import Reader
from schuss.persistence._registry import entry_for, entry_named
from schuss.persistence._writer import Writer

FORMAT = 1
REQUIRES = "0.1.0"  # the first release that reads this format
_KEYS = frozenset(
    {
        "format",
        "requires",
        "estimator",
        "params",
        "state",
        "history",
        "verdict",
        "versions",
        "extras",
    }
)


@dataclass(frozen=True)
class Origin:
    """Where a loaded model came from; holds until it is trained on.

    Attributes
    ----------
    history : History
        The history that came with the model: a new fit makes a new one.
    n_records : int
        Its length then: training on makes it longer.
    verdict : Verdict or None
    versions : dict of str to str
        Releases of the libraries that trained the model.
    """

    history: History | None
    n_records: int
    verdict: Verdict | None
    versions: dict[str, str]

    def holds_for(self, estimator: Any) -> bool:
        """Whether the estimator was not trained since it was loaded."""
        history = getattr(estimator, "history_", None)
        same = history is self.history
        return same and (history is None or len(history) == self.n_records)


def write_document(estimator: Any, extras: Extras | None) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Take a fitted estimator apart: the document and its arrays."""
    entry = entry_for(estimator)
    params = estimator.get_params(deep=False)
    entry.build(params)  # what is written must be readable
    origin = _origin(estimator)
    writer = Writer()
    document = {
        "format": FORMAT,
        "requires": REQUIRES,
        "estimator": entry.name,
        "params": _write_all("params.", params, writer),
        "state": _write_all("", entry.state_of(estimator), writer),
        "history": _write_history(origin.history, writer),
        "verdict": origin.verdict.to_dict() if origin.verdict else None,
        "versions": origin.versions,
        "extras": None if extras is None else write_extras(extras, writer),
    }
    return document, writer.arrays


def read_document(document: Any, arrays: Mapping[str, np.ndarray]) -> tuple[Any, Extras | None]:
    """Put an estimator together again, checking everything."""
    _check_format(document)
    entry = entry_named(document["estimator"])
    reader = Reader(arrays)
    estimator = entry.build(_read_all("params.", document["params"], reader))
    state = _read_all("", document["state"], reader)
    entry.check(state)
    vars(estimator).update(state)
    history = _read_history(document["history"], reader)
    if history is not None:
        estimator.history_ = history
    estimator._origin = Origin(
        history,
        0 if history is None else len(history),
        _read_verdict(document["verdict"]),
        _read_versions(document["versions"]),
    )
    stored = document["extras"]
    extras = None if stored is None else read_extras(stored, reader)
    reader.finish()
    return estimator, extras


def origin_of(estimator: Any) -> Origin:
    """Return the origin of a loaded or a just trained estimator."""
    return _origin(estimator)


def _origin(estimator: Any) -> Origin:
    origin = vars(estimator).get("_origin")
    if isinstance(origin, Origin) and origin.holds_for(estimator):
        return origin
    history = getattr(estimator, "history_", None)
    verdict = diagnose(estimator) if history else None
    return Origin(history, len(history or ()), verdict, current_versions())


def current_versions() -> dict[str, str]:
    """Return the releases of the libraries a model depends on."""
    libraries = ("schuss", "numpy", "scipy", "scikit-learn")
    return {"python": platform.python_version()} | {name: version(name) for name in libraries}


def _check_format(document: Any) -> None:
    """Check the version before all else: a later format may differ in everything else."""
    if not isinstance(document, dict) or type(document.get("format")) is not int:
        raise ModelFileError("the document of the file does not name its format")
    if document["format"] > FORMAT:
        release = str(document.get("requires"))[:20]
        raise ModelFileError(f"the file needs schuss {release} or newer (this is {version('schuss')})")
    if document["format"] < FORMAT or document.get("requires") != REQUIRES:
        raise ModelFileError("the file names a format that never was")
    if unknown := set(document) - _KEYS:
        raise ModelFileError(f"the document of the file has an unknown key {min(unknown)!r}")
    if missing := _KEYS - set(document):
        raise ModelFileError(f"the document of the file lacks {min(missing)!r}")


def _write_all(prefix: str, values: Mapping[str, Any], writer: Writer) -> dict[str, Any]:
    return {name: writer.value(prefix + name, value) for name, value in values.items()}


def _read_all(prefix: str, stored: Any, reader: Reader) -> dict[str, Any]:
    if not isinstance(stored, dict):
        raise ModelFileError("the document of the file is not in the form schuss writes")
    return {name: reader.value(prefix + name, form) for name, form in stored.items()}


def _write_history(history: History | None, writer: Writer) -> dict[str, Any] | None:
    if history is None:
        return None
    table = np.empty((len(history.columns), len(history)))
    for row, name in zip(table, history.columns, strict=True):
        row[:] = history[name]
    writer.arrays["history"] = table
    return {
        "columns": list(history.columns),
        "baseline": {name: writer.value(name, float(value)) for name, value in history.baseline.items()},
    }


def _read_history(stored: Any, reader: Reader) -> History | None:
    if stored is None:
        return None
    if not isinstance(stored, dict) or set(stored) != {"columns", "baseline"}:
        raise ModelFileError("the history of the file is not in the form schuss writes")
    names = stored["columns"]
    texts = isinstance(names, list) and all(isinstance(name, str) for name in names)
    table = reader.array("history", "float64")
    if not texts or table.ndim != 2 or len(table) != len(names) or len(set(names)) < len(names):
        raise ModelFileError("the history of the file does not fit the columns it names")
    columns = dict(zip(names, table.tolist(), strict=True))
    baseline = _read_baseline(stored["baseline"], reader)
    return History.from_dict({"n_records": table.shape[1], "columns": columns, "baseline": baseline})


def _read_baseline(stored: Any, reader: Reader) -> dict[str, float]:
    baseline = _read_all("history.baseline.", stored, reader)
    if not all(type(value) is float for value in baseline.values()):
        raise ModelFileError("the baseline of the history holds something but numbers")
    return baseline


def _read_verdict(stored: Any) -> Verdict | None:
    if stored is None:
        return None
    try:
        verdict = Verdict.from_dict(stored)
    except ValueError:
        verdict = None
    if verdict is None or dump(verdict.to_dict()) != dump(stored):  # for 1 is not 1.0 there
        raise ModelFileError("the verdict of the file is not in the form schuss writes")
    return verdict


def _read_versions(stored: Any) -> dict[str, str]:
    if isinstance(stored, dict) and all(isinstance(release, str) for release in stored.values()):
        return stored
    raise ModelFileError("the versions of the file are not in the form schuss writes")
