# SPDX-License-Identifier: BSD-3-Clause
"""The rows of the table: which problem, which libraries, what counts as equally good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.models import l1_logistic, lasso, lasso_cv, libraries, linear_svm, logistic, networks, poisson, problems
from benchmarks.models.optimum import logistic_optimum, squares_optimum
from benchmarks.models.problems import Problem
from benchmarks.models.quality import (
    held_out_log_loss,
    held_out_squares,
    logistic_objective,
    squares_objective,
)
from benchmarks.models.row import Row, fewer
from benchmarks.models.tree_rows import TREE_ROWS

WITHIN = 1e-6  # of the optimum, relative to it
_QUICK = 200  # by what a dry run divides the rows


def _sgd(title: str, goal: float, n: int, d: int, n_classes: int = 2) -> Row:
    def make(divide: int) -> Problem:
        rows, unit_length = fewer(n, divide), d**-0.5  # the default rate is made for rows of about that length
        return problems.classes(rows, d, "float32", n_classes, n_test=rows // 5, scale=unit_length)

    return Row(f"SGDClassifier, {title}, float32, 5 epochs", goal, make, libraries.sgd(), held_out_log_loss)


def _sgd_sparse(goal: float) -> Row:
    def make(divide: int) -> Problem:
        rows = fewer(200_000, divide)
        return problems.sparse_classes(rows, 50_000, 30, "float32", n_test=rows // 5)

    title = "SGDClassifier, CSR 200k x 50k with 30 a row, float32, 5 epochs"
    return Row(title, goal, make, libraries.sgd(), held_out_log_loss)


def _logistic(title: str, goal: float, n: int, d: int, dtype: str, n_classes: int = 2, **more: Any) -> Row:
    return Row(
        f"LogisticRegression, {title}, {dtype}",
        goal,
        lambda divide: problems.classes(fewer(n, divide), d, dtype, n_classes),
        libraries.logistic(multinomial=n_classes > 2),
        logistic_objective,
        logistic_optimum,
        **more,
    )


def _logistic_scaled(goal: float) -> Row:
    return Row(
        "LogisticRegression, 200k x 100, columns scaled from 1e-3 to 1e3, float64",
        goal,
        lambda divide: logistic.scaled_classes(fewer(200_000, divide), 100, "float64"),
        logistic.scaled_candidates(),
        logistic_objective,
        logistic_optimum,
    )


def _logistic_sparse(goal: float) -> Row:
    return Row(
        "LogisticRegression, CSR 200k x 50k with 50 a row, float64",
        goal,
        lambda divide: problems.sparse_classes(fewer(200_000, divide), 50_000, 50, "float64", n_test=0),
        logistic.sparse_candidates(),
        logistic_objective,
        logistic.sparse_optimum,
    )


def _poisson(goal: float) -> Row:
    return Row(
        "PoissonRegressor, 500k x 50, float64",
        goal,
        lambda divide: poisson.counts(fewer(500_000, divide), 50, "float64"),
        poisson.candidates(),
        poisson.objective,
        poisson.optimum,
    )


def _linear_svc(goal: float) -> Row:
    return Row(
        "LinearSVC, 100k x 100, float64",
        goal,
        lambda divide: problems.classes(fewer(100_000, divide), 100, "float64"),
        linear_svm.candidates(),
        linear_svm.objective,
        linear_svm.optimum,
    )


def _squares(title: str, goal: float, dtype: str, alpha: float) -> Row:
    return Row(
        title,
        goal,
        lambda divide: problems.numbers(fewer(1_000_000, divide), 100, dtype),
        libraries.least_squares(alpha),
        squares_objective(alpha),
        squares_optimum(alpha),
    )


def _l1_logistic(title: str, goal: float, l1: float, make: Callable[[int], Problem]) -> Row:
    return Row(
        f"LogisticRegression, L1, {title}, float64",
        goal,
        make,
        l1_logistic.candidates(l1),
        l1_logistic.objective(l1),
        l1_logistic.optimum(l1),
    )


def _lasso(title: str, goal: float, n: int, d: int, informative: int, divisor: float) -> Row:
    return Row(
        f"Lasso, {title}, float64",
        goal,
        lambda divide: lasso.problem(fewer(n, divide), d, informative),
        lasso.candidates(divisor, given_gram=n > d),
        lasso.objective(divisor),
        lasso.optimum(divisor),
    )


def _lasso_cv(dtype: str) -> Row:
    return Row(
        f"LassoCV, 50k x 100, 5 folds of 100 penalties, {dtype}",
        8.0,
        lambda divide: lasso_cv.problem(fewer(50_000, divide), 100, dtype),
        lasso_cv.candidates(),
        held_out_squares,
    )


def _network(goal: float, n: int, d: int, n_classes: int, work: networks.Work) -> Row:
    size = f"{n // 1000}k x {d}, layers {work.hidden}, {n_classes} classes, batches of {work.batch_size}"
    return Row(
        f"MLPClassifier, {size}, float32, {work.epochs} {'epoch' if work.epochs == 1 else 'epochs'}",
        goal,
        lambda divide: networks.problem(fewer(n, divide), d, n_classes),
        networks.candidates(work),
        networks.held_out_loss,
    )


def _network_single_row(goal: float) -> Row:
    return Row(
        "MLPClassifier, layers (64, 64): predict for one row, a thousand times",
        goal,
        lambda divide: networks.problem(fewer(20_000, divide), 28, 2),
        networks.single_row_candidates((64, 64)),
        networks.share_of_errors,
    )


ROWS: dict[str, Row] = {
    "sgd_100": _sgd("1M x 100", 10.0, 1_000_000, 100),
    "sgd_20": _sgd("1M x 20", 10.0, 1_000_000, 20),
    "sgd_1000": _sgd("100k x 1000", 10.0, 100_000, 1000),
    "sgd_10_classes": _sgd("200k x 100, 10 classes", 25.0, 200_000, 100, 10),
    "sgd_csr": _sgd_sparse(4.0),
    "logistic_f32": _logistic("500k x 100", 3.0, 500_000, 100, "float32"),
    "logistic_f64": _logistic("500k x 100", 3.0, 500_000, 100, "float64"),
    "logistic_small": _logistic("1000 x 20", 5.0, 1_000, 20, "float64", least_seconds=0.05),
    "logistic_scaled": _logistic_scaled(5.0),
    "logistic_csr": _logistic_sparse(2.0),
    "multinomial": _logistic("100k x 60, 10 classes", 3.0, 100_000, 60, "float64", 10),
    "logistic_l1": _l1_logistic(
        "100k x 100, some 60 coefficients not zero",
        5.0,
        1e-3,
        lambda divide: l1_logistic.half_of_no_use(fewer(100_000, divide), 100),
    ),
    "logistic_l1_csr": _l1_logistic(
        "CSR text 200k x 50k, some 800 coefficients not zero",
        3.0,
        2.5e-5,
        lambda divide: l1_logistic.texts(fewer(200_000, divide), 50_000),
    ),
    "poisson": _poisson(4.0),
    "linear_svc": _linear_svc(5.0),
    "ols_f32": _squares("LinearRegression, 1M x 100, float32", 1.2, "float32", 0.0),
    "ridge_f64": _squares("Ridge, 1M x 100, float64", 1.2, "float64", 1.0),
    "lasso_long": _lasso("100k x 200, a hundredth of the largest alpha", 4.0, 100_000, 200, 20, 100.0),
    "lasso_wide": _lasso("2000 x 10000, a twentieth of the largest alpha", 2.0, 2_000, 10_000, 100, 20.0),
    "lasso_cv_f32": _lasso_cv("float32"),
    "lasso_cv_f64": _lasso_cv("float64"),
    **TREE_ROWS,
    "network_small": _network(10.0, 20_000, 28, 2, networks.Work((64, 64), 32, 5)),
    "network_100": _network(1.8, 60_000, 784, 10, networks.Work((100,), 200, 2)),
    "network_256": _network(1.5, 60_000, 784, 10, networks.Work((256,), 128, 1)),
    "network_large": _network(1.0, 20_000, 512, 10, networks.Work((1024, 1024), 256, 1)),
    "network_single_row": _network_single_row(3.0),
}


def make_problem(row: Row, *, quick: bool) -> Problem:
    """The problem in full, or small enough for a dry run."""
    return row.make(_QUICK if quick else 1)
