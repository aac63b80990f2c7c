# SPDX-License-Identifier: BSD-3-Clause
"""How RidgeCV and RidgeClassifierCV choose the penalty, and then fit."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn import get_config
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring, get_scorer, get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils import check_scalar
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing

from schuss._blas import one_blas_thread
from schuss._inputs import explain_overflow
from schuss._sklearn import N_THREADS, Interval, StrOptions, raise_for_params, takes_weights
from schuss.linear_model._least_squares.base import BaseLeastSquares
from schuss.linear_model._least_squares.fit import Rows
from schuss.linear_model._least_squares.gram import GramSolver, without_intercept
from schuss.linear_model._least_squares.problem import Problem, Reading
from schuss.linear_model._means import near_column_means
from schuss.linear_model._ridge.base import ridge_pivot
from schuss.linear_model._ridge.choice import (
    Choice,
    LeaveOneOut,
    choose_by_error,
    choose_by_scorer,
    choose_over_folds,
    default_scores,
)
from schuss.linear_model._ridge.folds import Fold, Split, tall_folds, wide_folds
from schuss.linear_model._ridge.loo import TallLeaveOneOut, WideLeaveOneOut
from schuss.linear_model._ridge.spectrum import solve_shifted

Array = NDArray[Any]
Matrix = NDArray[np.float64]


class BaseRidgeCV(BaseLeastSquares, ABC):
    """Ridge regression that chooses its penalty by cross-validation."""

    _flattens = True
    _metric: ClassVar[str]  # the scorer that does what `score` does

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "alphas": ["array-like", Interval(Real, 0, None, closed="neither")],
        "fit_intercept": ["boolean"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None],
        "cv": ["cv_object"],
        "store_cv_results": ["boolean"],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "n_threads": N_THREADS,
    }

    def _fit_best(
        self, rows: Rows, held_out: Rows | None, y: Array, sample_weight: Any, params: Mapping[str, Any], dtype: Any
    ) -> None:
        """Choose alpha, then solve for it; see `BaseLeastSquares._solve`.

        Parameters
        ----------
        y : ndarray
            Target as scorers want it.
        params : mapping
            Metadata for the scorer and the splitter.
        dtype : dtype
            Of what is published.
        """
        start, alphas = time.perf_counter(), self._checked_alphas()
        problem = self._problem(rows)
        n, d, k = problem.shape
        choose = self._choose_left_out if self.cv is None else self._choose_over_folds
        with one_blas_thread(min(n, d)):
            try:
                search = _Search(problem, alphas, svd=self.cv is None and getattr(self, "gcv_mode", None) == "svd")
                choice = choose(search, rows, y, sample_weight, params)
            except FloatingPointError as error:
                explain_overflow(self, rows.X, error)
            problem.alpha = alphas[choice.number]
            own = np.ndim(choice.score) > 0
            self.alpha_ = problem.alpha.copy() if own else float(problem.alpha[0])
            self.best_score_ = choice.score
            self.__dict__.pop("cv_results_", None)
            if choice.results is not None:
                columns = () if y.ndim == 1 and not is_classifier(self) else (k,)
                self.cv_results_ = choice.results.astype(dtype).reshape(n, *columns, len(alphas))
        self._solve(
            problem,
            rows,
            held_out,
            y=y,
            sample_weight=sample_weight,
            direct=lambda _: search.coef(choice.number),
            first=search.gram_solver(),
            dtype=dtype,
            seconds=time.perf_counter() - start,
        )
        self.n_iter_ = len(self.history_)

    def _checked_alphas(self) -> Matrix:
        """The grid as an array, or scikit-learn's errors."""
        if isinstance(self.alphas, (np.ndarray, list, tuple)):
            several = np.size(self.alphas) > 1
            for i, alpha in enumerate(np.ravel(np.asarray(self.alphas, dtype=object))):
                check_scalar(
                    alpha,
                    f"alphas[{i}]" if several else "alphas",
                    target_type=Real,
                    min_val=0.0,
                    include_boundaries="neither" if self.cv is None else "left",
                )
        return np.atleast_1d(np.asarray(self.alphas, dtype=np.float64))

    def _choose_left_out(
        self, search: _Search, rows: Rows, y: Array, sample_weight: Any, params: Mapping[str, Any]
    ) -> Choice:
        options = {"per_target": bool(getattr(self, "alpha_per_target", False)), "store": self.store_cv_results}
        loo = search.leave_one_out()
        routed = self._routed(sample_weight, params)  # complains of what nobody asked for
        if self.scoring is None:
            return choose_by_error(loo, search.problem, **options)
        weights = {} if rows.weight is None else {"sample_weight": rows.weight}
        score_params = routed.scorer.score if _routes() else weights
        return choose_by_scorer(loo, search.problem, y, self._scorer(), score_params, model=self, **options)

    def _choose_over_folds(
        self, search: _Search, rows: Rows, y: Array, sample_weight: Any, params: Mapping[str, Any]
    ) -> Choice:
        if self.store_cv_results:
            raise ValueError("cv!=None and store_cv_results=True are incompatible")
        if getattr(self, "alpha_per_target", False):
            raise ValueError("cv!=None and alpha_per_target=True are incompatible")
        routed = self._routed(sample_weight, params)
        split_params = routed.splitter.split if _routes() else {}
        splits = list(check_cv(self.cv, y, classifier=is_classifier(self)).split(rows.X, y, **split_params))
        problem, scorer = search.problem, self._scorer()
        if _routes():
            score_params = dict(routed.scorer.score)
        else:
            score_params = {"sample_weight": rows.weight} if takes_weights(scorer) else {}

        def score(fold: Fold) -> Matrix:
            if self.scoring is None:
                weight = score_params.get("sample_weight")
                return default_scores(fold, problem, rows, weight, classes=is_classifier(self))
            some = {name: np.asarray(value)[fold.test] for name, value in score_params.items() if value is not None}
            X, target = rows.X[fold.test], y[fold.test]
            models = (self._single(a, fold, i, y.ndim) for i, a in enumerate(search.alphas))
            return np.array([scorer(model, X, target, **some) for model in models])

        return choose_over_folds(search.folds(splits), problem, score)

    @abstractmethod
    def _single(self, alpha: float, fold: Fold, number: int, y_ndim: int) -> Any:
        """The estimator without cross-validation that a fold's model is one of."""

    def _routed(self, sample_weight: Any, params: Mapping[str, Any]) -> Any:
        raise_for_params(dict(params), self, "fit")
        if not _routes():
            return None
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        return process_routing(self, "fit", **params, **weights)

    def _scorer(self) -> Any:
        if _routes() and self.scoring is None:
            return get_scorer(self._metric).set_score_request(sample_weight=True)
        return check_scoring(estimator=self, scoring=self.scoring, allow_none=True)

    def get_metadata_routing(self) -> MetadataRouter:
        """Return where ``fit`` sends its metadata: to itself, to the scorer and to the splitter.

        Returns
        -------
        MetadataRouter
        """
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(scorer=self._scorer(), method_mapping=MethodMapping().add(caller="fit", callee="score"))
            .add(splitter=self.cv, method_mapping=MethodMapping().add(caller="fit", callee="split"))
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _routes() -> bool:
    return bool(get_config()["enable_metadata_routing"])


class _Search:
    """What the shape of the data asks for: from X once, for all penalties.

    Parameters
    ----------
    problem : Problem
    alphas : ndarray of shape (n_alphas,)
    svd : bool
        Whether to take a singular value decomposition of X.
    """

    def __init__(self, problem: Problem, alphas: Matrix, *, svd: bool) -> None:
        self.problem, self.alphas = problem, alphas
        n, d, _ = problem.shape
        self._tall, self._svd = n > d, svd and not sp.issparse(problem.X)
        self._shift: Matrix | None = None
        self._whole: Reading | None = None
        self._loo: LeaveOneOut | None = None
        if self._tall and not self._svd:
            self._shift = near_column_means(problem.X) if problem.fit_intercept else None
            self._whole = problem.start(problem.y_mean, self._shift)

    def leave_one_out(self) -> LeaveOneOut:
        self._loo = (
            TallLeaveOneOut(self.problem, self.alphas, self._whole, self._shift)
            if self._tall
            else WideLeaveOneOut(self.problem, self.alphas, self._svd)
        )
        return self._loo

    def folds(self, splits: list[Split]) -> Iterator[Fold]:
        if self._whole is None:
            return wide_folds(self.problem, self.alphas, splits)
        return tall_folds(self.problem, self.alphas, splits, self._whole, self._shift)

    def gram_solver(self) -> GramSolver | None:
        """What refines the solution for ``problem.alpha`` from the reading that is there already."""
        problem = self.problem
        if self._whole is None:
            return None
        pivot = ridge_pivot(problem.alpha, problem.X.dtype, problem.shape[1])
        return GramSolver(problem, smallest_pivot=pivot, known=self._whole, shift=self._shift)

    def coef(self, number: NDArray[np.intp]) -> Matrix:
        """Coefficients (n_targets, n_features) for one alpha of each target, by its number."""
        if self._loo is not None:
            return self._loo.coef(number)
        alpha = self.alphas[number[:1]]
        if self._whole is not None:
            return solve_shifted(*without_intercept(self._whole, self._shift), alpha)[0]
        everything = np.arange(len(self.problem.y))
        return next(wide_folds(self.problem, alpha, [(everything, everything[:0])])).coef[0]
