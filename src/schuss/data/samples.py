# SPDX-License-Identifier: BSD-3-Clause
"""scikit-learn's bundled tables, so that anyone can train at once."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa

from schuss.data.errors import DataError, nearest, shown
from schuss.data.source import Source

# name -> (loader in sklearn.datasets, target column)
SAMPLES = {
    "breast_cancer": ("load_breast_cancer", "diagnosis"),
    "diabetes": ("load_diabetes", "progression"),
    "digits": ("load_digits", "digit"),
    "iris": ("load_iris", "species"),
    "wine": ("load_wine", "cultivar"),
}


def read_sample(name: str) -> Source:
    """Return a bundled table; classes carry their names where they have some.

    Raises
    ------
    DataError
        If there is no table of that name.
    """
    if name not in SAMPLES:
        raise DataError(f"there is no bundled table {shown(name)}{nearest(name, SAMPLES)}")
    from sklearn import datasets

    loader, target = SAMPLES[name]
    bunch = getattr(datasets, loader)()
    names = [_plain(str(feature)) for feature in bunch.feature_names]
    columns: dict[str, Any] = dict(zip(names, np.ascontiguousarray(bunch.data.T), strict=True))
    columns[target] = _target(bunch)
    table = pa.table(columns)
    return Source(f"sample:{name}", "sample", table, _fingerprint(table), target=target)


def _plain(name: str) -> str:
    return name.replace(" (cm)", "").replace(" ", "_").replace("/", "_")


def _target(bunch: Any) -> pa.Array:
    labels = getattr(bunch, "target_names", None)
    if labels is None or np.asarray(labels).dtype.kind != "U":
        return pa.array(bunch.target)
    return pa.array(np.asarray(labels)[bunch.target])


def _fingerprint(table: pa.Table) -> str:
    digest = hashlib.sha256()
    with pa.ipc.new_stream(sink := pa.BufferOutputStream(), table.schema) as writer:
        writer.write_table(table)
    digest.update(sink.getvalue())
    return digest.hexdigest()
