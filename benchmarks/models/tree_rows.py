# SPDX-License-Identifier: BSD-3-Clause
"""The rows of the table that concern models of trees."""

from __future__ import annotations

from benchmarks.models import boosting, forest, prediction, tables
from benchmarks.models.libraries import Candidate
from benchmarks.models.problems import Problem
from benchmarks.models.quality import held_out_log_loss_of, held_out_squares_of
from benchmarks.models.row import Row, fewer

_SHORT = 0.3  # seconds: what is done sooner is repeated
_CHANCE = 1.6  # over the root of the number of rows: by what losses differ when equals are trained on few of them
_ESTIMATORS = ("catboost", "xgboost-cpu", "lightgbm", "scikit-learn")
_ONNX = "onnxruntime"


def _boosting(title: str, goal: float, n: int, d: int) -> Row:
    def make(divide: int) -> Problem:
        rows = fewer(n, divide)
        return tables.waves(rows, d, n_test=max(20_000 // divide, rows // 5))

    return Row(
        f"HistGradientBoostingClassifier, {title}, 100 trees", goal, make, boosting.candidates(), held_out_log_loss_of,
        same_loss=max(0.01, _CHANCE * n**-0.5), least_seconds=_SHORT,
    )  # fmt: skip


def _zeros(goal: float) -> Row:
    def make(divide: int) -> Problem:
        rows = fewer(200_000, divide)
        return tables.zeros_and_categories(rows, 28, n_test=rows // 5)

    title = "HistGradientBoostingClassifier, 200k x 28, 10 columns categorical, the others 95 % zeros, 100 trees"
    return Row(title, goal, make, boosting.candidates(categorical=True), held_out_log_loss_of)


def _of_classes(title: str, goal: float, candidates: list[Candidate]) -> Row:
    def make(divide: int) -> Problem:
        rows = fewer(100_000, divide)
        return tables.waves(rows, 28, n_test=rows // 5)

    return Row(title, goal, make, candidates, held_out_squares_of)


def _prediction(title: str, goal: float, *libraries: str, one_row: bool) -> Row:
    def make(divide: int) -> Problem:
        n_test = 200 if one_row else fewer(200_000, divide)
        return tables.waves(fewer(50_000, divide), 28, n_test=n_test, regression=True)

    candidates = prediction.candidates(*libraries, one_row=one_row)
    return Row(title, goal, make, candidates, held_out_squares_of, least_seconds=0.1 if one_row else 0.0)


TREE_ROWS: dict[str, Row] = {
    "boosting_1m": _boosting("1M x 28", 2.5, 1_000_000, 28),
    "boosting_200_columns": _boosting("100k x 200", 2.0, 100_000, 200),
    "boosting_10k": _boosting("10k x 28", 3.0, 10_000, 28),
    "boosting_1k": _boosting("1k x 28", 5.0, 1_000, 28),
    "boosting_zeros": _zeros(2.0),
    "forest": _of_classes("RandomForestClassifier, 100k x 28, 50 trees", 2.0, forest.candidates()),
    "forest_sklearn": _of_classes(
        "RandomForestClassifier, the same, beside scikit-learn alone", 8.0, forest.candidates(only_sklearn=True)
    ),
    "tree": _of_classes("DecisionTreeClassifier, exact, 100k x 28, depth 10", 5.0, forest.tree_candidates()),
    "predict_batch": _prediction("HistGradientBoostingRegressor.predict, 200k rows", 2.0, one_row=False),
    "predict_row": _prediction("HistGradientBoostingRegressor.predict, one row", 20.0, *_ESTIMATORS, one_row=True),
    "predict_row_onnx": _prediction(f"the same, beside a session of {_ONNX}", 1.0, _ONNX, one_row=True),
}
