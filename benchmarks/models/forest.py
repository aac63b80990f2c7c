# SPDX-License-Identifier: BSD-3-Clause
"""Random forests and the exact tree: how each library is asked.

Trees of forests grow until leaves are pure, on bootstrap samples, with the root of the number of columns to choose
from at each node. What libraries draw differs, hence forests are compared at the loss of their probabilities.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from benchmarks.models.boosting import scores
from benchmarks.models.libraries import OURS, Candidate, Fit
from benchmarks.models.problems import Problem

_FOREST = {"n_estimators": 50, "random_state": 0}
_TREE = {"max_depth": 10, "random_state": 0}


def candidates(*, only_sklearn: bool = False) -> list[Candidate]:
    """Ours and the peers; or ours and scikit-learn."""
    found = [
        _candidate(OURS, "schuss.ensemble", "RandomForestClassifier", **_FOREST),
        _candidate("scikit-learn", "sklearn.ensemble", "RandomForestClassifier", **_FOREST),
    ]
    if only_sklearn:
        return found
    return [
        *found,
        _candidate("scikit-learn-intelex", "sklearnex.ensemble", "RandomForestClassifier", **_FOREST),
        _candidate("snapml", "snapml", "RandomForestClassifier", **_FOREST, max_features="sqrt"),
        _candidate(
            "snapml", "snapml", "RandomForestClassifier", "histograms", **_FOREST, max_features="sqrt",
            use_histograms=True, hist_nbins=255,
        ),
    ]  # fmt: skip


def tree_candidates() -> list[Candidate]:
    """One exact tree, by ours and by scikit-learn; neither uses a second thread here."""
    names = ((OURS, "schuss.tree"), ("scikit-learn", "sklearn.tree"))
    return [_candidate(library, module, "DecisionTreeClassifier", **_TREE) for library, module in names]


def _candidate(library: str, module: str, name: str, variant: str = "", **settings: Any) -> Candidate:
    def build(problem: Problem, _: float | None, n_threads: int) -> Fit:
        jobs = {} if name == "DecisionTreeClassifier" and library != OURS else {"n_jobs": n_threads}
        if name == "DecisionTreeClassifier" and library == OURS:
            jobs = {"n_threads": n_threads}
        model = getattr(import_module(module), name)(**settings, **jobs)
        return lambda: scores(model.fit(problem.X, problem.y), classes=True)

    return Candidate(library, variant, build)
