# SPDX-License-Identifier: BSD-3-Clause
"""How Ridge and RidgeClassifier find their coefficients: which solver, and what it needs."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from schuss._sklearn import N_THREADS, Interval, StrOptions
from schuss.linear_model._least_squares.base import BaseLeastSquares
from schuss.linear_model._least_squares.conjugate_gradients import ConjugateGradients
from schuss.linear_model._least_squares.direct import (
    GRAM_ROUNDING,
    solve_bounded,
    solve_cholesky,
    solve_lsqr,
    solve_svd,
)
from schuss.linear_model._least_squares.fit import Rows, Solver
from schuss.linear_model._least_squares.gram import GramSolver
from schuss.linear_model._least_squares.problem import Centred, Problem

Array = NDArray[Any]


class BaseRidge(BaseLeastSquares):
    """Ridge regression on one target or several, whatever they mean."""

    _flattens = True

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "alpha": [Interval(Real, 0, None, closed="left"), "array-like"],
        "fit_intercept": ["boolean"],
        "copy_X": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "tol": [Interval(Real, 0, None, closed="left")],
        "solver": [StrOptions({"auto", "svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs"})],
        "positive": ["boolean"],
        "random_state": ["random_state"],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "n_threads": N_THREADS,
    }

    def _fit(self, rows: Rows, held_out: Rows | None, y: Array, sample_weight: Any) -> None:
        """Solve for checked data; see `BaseLeastSquares._solve`."""
        self.__dict__.pop("n_iter_", None)
        self.solver_ = self._resolved_solver(sp.issparse(rows.X))
        problem = self._problem(rows, self.alpha)
        fit = self._solve(
            problem,
            rows,
            held_out,
            y=y,
            sample_weight=sample_weight,
            direct=self._direct,
            first=self._first_solver(problem),
        )
        if self.solver in ("sag", "saga"):
            self.solver_ = self.solver
        if isinstance(fit.solver, ConjugateGradients) and self.stop_reason_ == "max_iter" and self.max_iter is None:
            warnings.warn(
                f"sparse_cg did not converge after {fit.solver.n_iter} iterations.", ConvergenceWarning, stacklevel=4
            )
        if self.solver_ != "lsqr":
            n_targets = len(np.atleast_2d(self.coef_))
            self.n_iter_ = np.full(n_targets, len(self.history_), dtype=np.int32)

    def _check_solver(self, sparse: bool) -> None:
        """Refuse what scikit-learn's solver of this name cannot do."""
        if self.solver == "lbfgs" and not self.positive:
            raise ValueError("'lbfgs' solver can be used only when positive=True. Please use another solver.")
        if self.positive and self.solver not in ("auto", "lbfgs"):
            raise ValueError(
                f"solver='{self.solver}' does not support positive fitting. Please set the "
                "solver to 'auto' or 'lbfgs', or set `positive=False`"
            )
        if sparse and self.fit_intercept and self.solver in ("svd", "cholesky", "saga"):
            raise ValueError(
                f"solver='{self.solver}' does not support fitting the intercept on sparse "
                "data. Please set the solver to 'auto' or 'lsqr', 'sparse_cg', 'sag', "
                "'lbfgs' or set `fit_intercept=False`"
            )
        if sparse and self.solver == "svd":
            raise TypeError("SVD solver does not support sparse inputs currently")

    def _resolved_solver(self, sparse: bool) -> str:
        if self.positive:
            return "lbfgs"
        if self.solver in ("auto", "sag", "saga"):
            return "sparse_cg" if sparse else "cholesky"
        return self.solver

    def _first_solver(self, problem: Problem) -> Solver | None:
        """The solver by reads of X, if it is one."""
        n, d, _ = problem.shape
        if self.solver_ == "sparse_cg":
            return ConjugateGradients(problem, self.tol, self.max_iter)
        if self.solver_ == "cholesky" and not problem.sparse and n >= d:
            return GramSolver(problem, smallest_pivot=ridge_pivot(problem.alpha, problem.X.dtype, d))
        return None

    def _direct(self, centred: Centred) -> Array:
        """Solve without a Gram matrix of the features, or where that has failed."""
        alpha = centred.alpha
        match self.solver_:
            case "lbfgs":
                return solve_bounded(centred, alpha, self.tol, self.max_iter)
            case "lsqr":
                coef, self.n_iter_ = solve_lsqr(centred, alpha, self.tol, max_iter=self.max_iter)
                return coef
            case "cholesky" if centred.wide or centred.sparse:
                pivot = ridge_pivot(alpha, centred.y.dtype, min(centred.operator.shape))
                if (solution := solve_cholesky(centred, alpha, pivot)) is not None:
                    return solution
        self.solver_ = "svd"
        return solve_svd(centred, alpha)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.solver != "svd" and (self.solver != "cholesky" or not self.fit_intercept)
        return tags


def ridge_pivot(alpha: NDArray[np.float64], dtype: Any, order: int) -> float:
    """What counts as singular: with a penalty, only what cannot be factorised."""
    return float(np.finfo(np.float64).eps) * order if alpha.min() > 0.0 else GRAM_ROUNDING[np.dtype(dtype)]
