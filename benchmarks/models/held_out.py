# SPDX-License-Identifier: BSD-3-Clause
"""Boosting's loss on rows held out, beside LightGBM's and scikit-learn's at the same settings, on real and made tables.

    python -m benchmarks.models.held_out [--repeats 3] [--table FILE.csv --target COLUMN [--regression]]

Each table is split five ways, some times over; all libraries get the same splits. What counts is the difference on the
same part, of which the mean and its standard error are printed. With ``--table`` a file of one's own is added; columns
that hold no numbers become categories.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import datasets
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import KFold, StratifiedKFold

from benchmarks.environment import installed
from benchmarks.models import boosting, tables

Array = NDArray[Any]
Table = tuple[Array, Array, bool]  # X, y, whether y holds classes

_THREADS = 2


def _waves() -> Table:
    problem = tables.waves(8000, 12, n_test=0)
    return problem.X, problem.y, True


def _zeros() -> Table:
    problem = tables.zeros_and_categories(8000, 28, n_test=0)
    return problem.X, problem.y, True


def _bundled(load: Callable[..., Any], *, classes: bool) -> Callable[[], Table]:
    return lambda: (*load(return_X_y=True), classes)


TABLES: dict[str, Callable[[], Table]] = {
    "breast cancer": _bundled(datasets.load_breast_cancer, classes=True),
    "wine, 3 classes": _bundled(datasets.load_wine, classes=True),
    "digits, 10 classes": _bundled(datasets.load_digits, classes=True),
    "diabetes": _bundled(datasets.load_diabetes, classes=False),
    "Friedman's first, 5000 rows": lambda: (*datasets.make_friedman1(5000, noise=1.0, random_state=0), False),
    "waves, 8000 rows": _waves,
    "zeros and codes, 8000 rows": _zeros,
}

LIBRARIES: dict[str, Callable[[bool], Any]] = {
    "schuss": lambda classes: boosting.ours(_THREADS, False, classes),
    "lightgbm": lambda classes: boosting.lightgbm_model(_THREADS, False, classes, force_col_wise=True),
    "scikit-learn": lambda classes: boosting.sklearn_model(_THREADS, False, classes),
}


def losses(library: str, table: Table, repeats: int) -> Array:
    """Held-out losses of all parts of all repeats: log loss for classes, squared error for numbers."""
    X, y, classes = table
    found = []
    for train, test in _parts(X, y, classes, repeats):
        model = LIBRARIES[library](classes).fit(X[train], y[train])
        if classes:
            found.append(log_loss(y[test], model.predict_proba(X[test]), labels=np.unique(y)))
        else:
            found.append(mean_squared_error(y[test], model.predict(X[test])))
    return np.array(found)


def _parts(X: Array, y: Array, classes: bool, repeats: int) -> Iterator[tuple[Array, Array]]:
    for repeat in range(repeats):
        kind = StratifiedKFold if classes else KFold
        yield from kind(5, shuffle=True, random_state=repeat).split(X, y)


def difference(ours: Array, theirs: Array) -> tuple[float, float]:
    """Mean of our loss less theirs, relative to theirs, and its standard error."""
    apart = (ours - theirs) / theirs.mean()
    return float(apart.mean()), float(apart.std(ddof=1) / np.sqrt(len(apart)))


def main(arguments: Sequence[str] | None = None) -> None:
    options = _options(arguments)
    chosen = {name: load() for name, load in TABLES.items()}
    if options.table:
        chosen[options.table] = _read(options.table, options.target, classes=not options.regression)
    peers = [library for library in LIBRARIES if library != boosting.OURS and installed(library)]
    print(f"{'table':30} {'schuss':>10}  " + "  ".join(f"less {peer}, in %" for peer in peers))
    for name, table in chosen.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # LightGBM on names of columns
            ours = losses(boosting.OURS, table, options.repeats)
            apart = [difference(ours, losses(peer, table, options.repeats)) for peer in peers]
        columns = "  ".join(f"{100 * mean:+9.2f} +- {100 * error:.2f}" for mean, error in apart)
        print(f"{name:30} {ours.mean():10.5g}  {columns}", flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Held-out loss of boosting beside its peers.")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--table", help="a CSV file")
    parser.add_argument("--target", help="its column to predict")
    parser.add_argument("--regression", action="store_true", help="the target is a number, not a class")
    return parser.parse_args(arguments)


def _read(path: str, target: str, *, classes: bool) -> Table:
    frame = import_module("pandas").read_csv(path)
    y = frame.pop(target)
    for name in frame.columns[[dtype.kind not in "biuf" for dtype in frame.dtypes]]:
        frame[name] = frame[name].astype("category").cat.codes
    return frame.to_numpy(np.float64), y.astype("category").cat.codes.to_numpy() if classes else y.to_numpy(), classes


if __name__ == "__main__":
    main()
