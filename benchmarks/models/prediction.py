# SPDX-License-Identifier: BSD-3-Clause
"""Prediction with 100 trees of 31 leaves: of many rows, and of a single one from Python.

Each library trains its own model, which is not timed. The single row is asked as users ask it, of the estimator's
``predict``; onnxruntime has no estimators, its session runs a model that was exported before.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.models import boosting
from benchmarks.models.libraries import OURS, Candidate, Fit
from benchmarks.models.problems import Problem

_MODELS: dict[str, Callable[[int], Any]] = {
    OURS: lambda n_threads: boosting.ours(n_threads, False, False),
    "catboost": lambda n_threads: boosting.catboost_model(n_threads, False),
    "xgboost-cpu": lambda n_threads: boosting.xgboost_model(
        n_threads, False, False, max_leaves=boosting.LEAVES, max_depth=0
    ),
    "lightgbm": lambda n_threads: boosting.lightgbm_model(n_threads, False, False),
    "scikit-learn": lambda n_threads: boosting.sklearn_model(n_threads, False, False),
    "onnxruntime": lambda n_threads: _Onnx(n_threads),
}


def candidates(*libraries: str, one_row: bool) -> list[Candidate]:
    """Ours and some of the libraries that predict with boosted trees, or all."""

    def candidate(library: str) -> Candidate:
        def build(problem: Problem, _: float | None, n_threads: int) -> Fit:
            predict = _MODELS[library](n_threads).fit(problem.X, problem.y).predict
            rows = problem.X_test[:1] if one_row else problem.X_test

            def fit() -> Any:
                predict(rows)
                return predict

            return fit

        return Candidate(library, "", build)

    return [candidate(library) for library in ((OURS, *libraries) if libraries else _MODELS)]


class _Onnx:
    """LightGBM's model, run by onnxruntime."""

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any) -> _Onnx:
        runtime, types = import_module("onnxruntime"), import_module("onnxmltools.convert.common.data_types")
        model = boosting.lightgbm_model(self.n_threads, False, False).fit(X, y)
        inputs = [("X", types.FloatTensorType([None, X.shape[1]]))]
        graph = import_module("onnxmltools").convert_lightgbm(model, initial_types=inputs, target_opset=15)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = self.n_threads
        self.session = runtime.InferenceSession(graph.SerializeToString(), options, ["CPUExecutionProvider"])
        return self

    def predict(self, X: Any) -> Any:
        return np.ravel(self.session.run(None, {"X": X})[0])
