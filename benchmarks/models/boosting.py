# SPDX-License-Identifier: BSD-3-Clause
"""Gradient boosting: how each library is asked for 100 trees of 31 leaves on at most 255 bins.

The learning rate is 0.1, a leaf has at least 20 rows, nothing is regularised, and nothing stops early. What a fit takes
includes the binning. XGBoost has no bound on a leaf's rows, only on the sum of its hessians, left at its default,
and grows leaf by leaf as asked or in levels as is its default; CatBoost's trees are symmetric, 32 leaves each.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.models.libraries import OURS, Build, Candidate, Fit
from benchmarks.models.problems import Problem
from benchmarks.models.tables import N_CATEGORICAL

TREES, LEAVES, RATE, IN_LEAF = 100, 31, 0.1, 20
_HISTOGRAM = {
    "max_iter": TREES, "max_leaf_nodes": LEAVES, "learning_rate": RATE, "min_samples_leaf": IN_LEAF,
    "early_stopping": False, "random_state": 0,
}  # fmt: skip


def candidates(*, categorical: bool = False) -> list[Candidate]:
    """Ours, and each peer in those of its ways that may be the fastest."""

    def candidate(library: str, variant: str, make: Callable[[int, bool, bool], Any]) -> Candidate:
        def build(problem: Problem, _: float | None, n_threads: int) -> Fit:
            model = make(n_threads, categorical, problem.n_classes == 2)
            return lambda: scores(model.fit(problem.X, problem.y), classes=problem.n_classes == 2)

        return Candidate(library, variant, build)

    lightgbm = [
        ("row-wise", {"force_row_wise": True}),
        ("column-wise", {"force_col_wise": True}),
        ("quantised", {"use_quantized_grad": True}),
    ]
    return [
        candidate(OURS, "", ours),
        *(candidate("lightgbm", name, _with(lightgbm_model, **more)) for name, more in lightgbm),
        candidate("xgboost-cpu", "leaf by leaf", _with(xgboost_model, max_leaves=LEAVES, max_depth=0)),
        candidate("xgboost-cpu", "in levels", _with(xgboost_model, depth_wise=True, max_depth=5)),
        Candidate("catboost", "", _catboost(categorical)),
        candidate("scikit-learn", "", sklearn_model),
    ]


def scores(model: Any, *, classes: bool) -> Callable[[Any], Any]:
    """What is asked of a model to judge it: probabilities of the second class, or numbers."""
    return (lambda X: model.predict_proba(X)[:, 1]) if classes else model.predict


def _with(make: Callable[..., Any], **settings: Any) -> Callable[[int, bool, bool], Any]:
    return lambda n_threads, categorical, classes: make(n_threads, categorical, classes, **settings)


def ours(n_threads: int, categorical: bool, classes: bool) -> Any:
    settings = {"categorical_features": list(range(N_CATEGORICAL)) if categorical else None, "n_threads": n_threads}
    return _named("schuss.ensemble", "HistGradientBoosting", classes, **_HISTOGRAM, **settings)


def sklearn_model(n_threads: int, categorical: bool, classes: bool) -> Any:
    settings = {"categorical_features": list(range(N_CATEGORICAL)) if categorical else None}
    return _named("sklearn.ensemble", "HistGradientBoosting", classes, **_HISTOGRAM, **settings)


def lightgbm_model(n_threads: int, categorical: bool, classes: bool, **more: Any) -> Any:
    settings = {
        "n_estimators": TREES, "num_leaves": LEAVES, "learning_rate": RATE, "min_child_samples": IN_LEAF,
        "min_child_weight": 0.0, "n_jobs": n_threads, "random_state": 0, "verbose": -1,
    }  # fmt: skip
    if categorical:
        settings["categorical_feature"] = list(range(N_CATEGORICAL))
    return _named("lightgbm", "LGBM", classes, **settings, **more)


def xgboost_model(n_threads: int, categorical: bool, classes: bool, depth_wise: bool = False, **more: Any) -> Any:
    settings = {
        "n_estimators": TREES, "learning_rate": RATE, "tree_method": "hist", "max_bin": 255, "reg_lambda": 0.0,
        "grow_policy": "depthwise" if depth_wise else "lossguide", "n_jobs": n_threads, "random_state": 0,
    }  # fmt: skip
    if categorical:
        settings |= {"enable_categorical": True, "feature_types": ["c"] * N_CATEGORICAL + ["q"] * 18}
    return _named("xgboost", "XGB", classes, **settings, **more)


def catboost_model(n_threads: int, classes: bool, **more: Any) -> Any:
    settings = {
        "iterations": TREES, "depth": 5, "learning_rate": RATE, "max_bin": 255, "thread_count": n_threads,
        "random_seed": 0, "verbose": False, "allow_writing_files": False,
    }  # fmt: skip
    return _named("catboost", "CatBoost", classes, **settings, **more)


def _catboost(categorical: bool) -> Build:
    """It takes categories as a frame of whole numbers and real ones; making that is not timed."""

    def frame(X: Any) -> Any:
        if not categorical:
            return X
        table = import_module("pandas").DataFrame(X)
        return table.astype(dict.fromkeys(range(N_CATEGORICAL), np.int32))

    def build(problem: Problem, _: float | None, n_threads: int) -> Fit:
        model = catboost_model(n_threads, True, cat_features=list(range(N_CATEGORICAL)) if categorical else None)
        X = frame(problem.X)

        def fit() -> Callable[[Any], Any]:
            model.fit(X, problem.y)
            return lambda rows: model.predict_proba(frame(rows))[:, 1]

        return fit

    return build


def _named(module: str, stem: str, classes: bool, **settings: Any) -> Any:
    return getattr(import_module(module), stem + ("Classifier" if classes else "Regressor"))(**settings)
