# SPDX-License-Identifier: BSD-3-Clause
"""Boosting is as good on rows held out as scikit-learn's with the same settings, and as LightGBM's if that is there."""

from importlib import import_module

import numpy as np
import pytest
from sklearn import datasets
from sklearn import ensemble as peer
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import KFold

from schuss import ensemble as ours

SETTINGS = {"max_iter": 40, "max_leaf_nodes": 15, "early_stopping": False, "random_state": 0}
LIGHTGBM = {
    "n_estimators": 40, "num_leaves": 15, "min_child_weight": 0.0, "min_data_in_bin": 1, "n_jobs": 1, "verbose": -1,
}  # fmt: skip
TABLES = {
    "breast_cancer": lambda: datasets.load_breast_cancer(return_X_y=True),
    "wine": lambda: datasets.load_wine(return_X_y=True),
    "four_digits": lambda: tuple(part[:600] for part in datasets.load_digits(n_class=4, return_X_y=True)),
    "diabetes": lambda: datasets.load_diabetes(return_X_y=True),
    "friedman": lambda: datasets.make_friedman1(1500, noise=1.0, random_state=0),
    "made_classes": lambda: datasets.make_classification(1500, 15, n_informative=6, flip_y=0.1, random_state=0),
}


def model(library, classes):
    stem = "Classifier" if classes else "Regressor"
    if library == "lightgbm":
        return getattr(import_module("lightgbm"), f"LGBM{stem}")(**LIGHTGBM)
    threads = {"n_threads": 1} if library == "schuss" else {}
    module = ours if library == "schuss" else peer
    return getattr(module, f"HistGradientBoosting{stem}")(**SETTINGS, **threads)


def losses(library, X, y, classes):
    found = []
    for train, test in KFold(4, shuffle=True, random_state=0).split(X):
        fitted = model(library, classes).fit(X[train], y[train])
        if classes:
            found.append(log_loss(y[test], fitted.predict_proba(X[test]), labels=np.unique(y)))
        else:
            found.append(mean_squared_error(y[test], fitted.predict(X[test])))
    return np.array(found)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("library", ["scikit-learn", "lightgbm"])
@pytest.mark.parametrize("name", TABLES)
def test_held_out_loss_is_within_noise(name, library):
    if library == "lightgbm":
        pytest.importorskip("lightgbm", reason="comes with the bench extra")
    X, y = TABLES[name]()
    classes = y.dtype.kind in "iu"
    mine, theirs = losses("schuss", X, y, classes), losses(library, X, y, classes)
    apart = mine - theirs
    noise = apart.std(ddof=1) / np.sqrt(len(apart))
    assert apart.mean() <= 3.0 * noise + 0.02 * theirs.mean()
