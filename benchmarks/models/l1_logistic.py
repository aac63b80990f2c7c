# SPDX-License-Identifier: BSD-3-Clause
"""Logistic regression with an L1 penalty: the problems, how each library is asked for the model, and the optimum.

The common problem is the mean log loss plus l1 |coef|_1, without an intercept: liblinear would penalise it, celer has
none. scikit-learn and celer minimise C times the sum of the losses plus |coef|_1, so C = 1 / (l1 n); skglm's alpha is
l1. What each calls ``tol`` differs, so it is searched for. celer and skglm get columns (CSC, column-major arrays), as
that is what they iterate over; the conversion is not timed, nor is numba's compilation.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from importlib import import_module

import numpy as np
from scipy import sparse
from scipy.special import expit
from sklearn.linear_model import LogisticRegression as SklearnLogisticRegression

from benchmarks.models.libraries import HALF_DECADES, OURS, Build, Candidate, Fit
from benchmarks.models.problems import Problem
from benchmarks.models.quality import Parameters, Quality, logistic_objective, parameters_of
from schuss.linear_model import LogisticRegression

_DECADES = tuple(10.0**-exponent for exponent in range(1, 8))
_MOST_EPOCHS = {"liblinear": 10_000, "saga": 100}  # saga needs hundreds where others need ten
_WORDS_A_TEXT = 90  # on average
_FREQUENT = 5000  # words, among which are
_TELLING = 1000  # words that say something of the class


def texts(n: int, d: int) -> Problem:
    """Tf-idf of made-up texts: word r is used in proportion to 1 / (r + 10), as Zipf's law has it; unit rows.

    The classes come from a logistic model of a thousand of the more frequent words.
    """
    rng = np.random.default_rng(0)
    frequency = np.cumsum(1.0 / (np.arange(d) + 10.0))
    lengths = np.maximum(rng.poisson(_WORDS_A_TEXT, n), 5)
    words = np.minimum(np.searchsorted(frequency, frequency[-1] * rng.random(lengths.sum())), d - 1).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    counts = sparse.csr_array((np.ones(len(words)), words, starts), shape=(n, d))
    counts.sum_duplicates()
    X = _tf_idf(counts)
    coef = np.zeros(d)
    telling = rng.permutation(min(_FREQUENT, d))[: min(_TELLING, d)]
    coef[telling] = 8.0 * rng.standard_normal(len(telling))
    score = X @ coef
    y = (rng.random(n) < expit(score - score.mean())).astype(np.int64)
    return Problem(X, y, X[:0], y[:0], 2)


def _tf_idf(counts: sparse.csr_array) -> sparse.csr_array:
    """Rows of unit length of (1 + log tf) times log((1 + n) / (1 + df)) + 1."""
    n, d = counts.shape
    rarity = np.log((1.0 + n) / (1.0 + np.bincount(counts.indices, minlength=d))) + 1.0
    values = (1.0 + np.log(counts.data)) * rarity[counts.indices]
    rows = np.repeat(np.arange(n), np.diff(counts.indptr))
    values /= np.sqrt(np.bincount(rows, weights=values * values, minlength=n))[rows]
    return sparse.csr_array((values, counts.indices, counts.indptr), shape=(n, d))


def half_of_no_use(n: int, d: int) -> Problem:
    """Normal columns with five factors in common, every other one without influence on the class."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d)) + rng.standard_normal((n, 5)) @ (0.4 * rng.standard_normal((5, d)))
    coef = 2.0 / np.sqrt(d) * rng.standard_normal(d) * (np.arange(d) % 2)
    y = (rng.random(n) < expit(X @ coef)).astype(np.int64)
    return Problem(X, y, X[:0], y[:0], 2)


def objective(l1: float) -> Quality:
    """Mean log loss plus l1 |coef|_1."""

    def value(problem: Problem, found: Parameters) -> float:
        coef = np.asarray(found.coef, dtype=np.float64)
        ridge = float(np.sum(coef**2)) / (2.0 * problem.n)
        return logistic_objective(problem, found) - ridge + l1 * float(np.abs(coef).sum())

    return value


def optimum(l1: float) -> Callable[[Problem], float]:
    """The better of two tight fits, one of them not ours."""

    def lowest(problem: Problem) -> float:
        C = 1.0 / (l1 * problem.n)
        ours = LogisticRegression(solver="saga", l1_ratio=1.0, C=C, fit_intercept=False, tol=1e-12, max_iter=1000)
        fits = [lambda: parameters_of(ours.fit(problem.X, problem.y)), _sklearn("liblinear", l1)(problem, 1e-5, 1)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a tolerance near rounding was not met is no news
            return min(objective(l1)(problem, fit()) for fit in fits)

    return lowest


def candidates(l1: float) -> list[Candidate]:
    """Ours as it comes, tightened only if that is not enough; the peers as loose as the quality allows."""

    def ours(problem: Problem, tol: float | None, n_threads: int) -> Fit:
        settings = {"solver": "saga", "l1_ratio": 1.0, "C": 1.0 / (l1 * problem.n), "fit_intercept": False}
        model = LogisticRegression(**settings, tol=tol, n_threads=n_threads)  # type: ignore[arg-type]
        return lambda: parameters_of(model.fit(problem.X, problem.y))

    return [
        Candidate(OURS, "", ours, (1e-4, 1e-6, 1e-8)),
        Candidate("scikit-learn", "liblinear", _sklearn("liblinear", l1), HALF_DECADES[:9]),
        Candidate("scikit-learn", "saga", _sklearn("saga", l1), _DECADES[1:4]),
        Candidate("celer", "", _by_columns("celer", "LogisticRegression", lambda n: {"C": 1.0 / (l1 * n)}), _DECADES),
        Candidate("skglm", "", _by_columns("skglm", "SparseLogisticRegression", lambda n: {"alpha": l1}), _DECADES),
    ]


def _sklearn(solver: str, l1: float) -> Build:
    def build(problem: Problem, tol: float | None, _: int) -> Fit:
        model = SklearnLogisticRegression(
            random_state=0, solver=solver, l1_ratio=1.0, C=1.0 / (l1 * problem.n),
            tol=tol, fit_intercept=False, max_iter=_MOST_EPOCHS[solver],
        )  # fmt: skip
        return lambda: parameters_of(model.fit(problem.X, problem.y))

    return build


def _by_columns(module: str, name: str, strength: Callable[[int], dict[str, float]]) -> Build:
    def build(problem: Problem, tol: float | None, _: int) -> Fit:
        model = getattr(import_module(module), name)(**strength(problem.n), tol=tol, fit_intercept=False, max_iter=100)
        X = sparse.csc_matrix(problem.X) if sparse.issparse(problem.X) else np.asfortranarray(problem.X)
        few = slice(0, 200)
        model.fit(X[few], problem.y[few])  # compiles

        def fit() -> Parameters:
            model.fit(X, problem.y)
            return Parameters(np.atleast_2d(model.coef_), np.zeros(1))

        return fit

    return build
