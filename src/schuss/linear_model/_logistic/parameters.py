# SPDX-License-Identifier: BSD-3-Clause
"""What the parameters of LogisticRegression mean, and which of them get along."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

_PENALTY_DEPRECATED = (
    "'penalty' was deprecated in version 1.8 and will be removed in 1.10. To avoid this "
    "warning, leave 'penalty' set to its default value and use 'l1_ratio' or 'C' instead. "
    "Use l1_ratio=0 instead of penalty='l2', l1_ratio=1 instead of penalty='l1', l1_ratio "
    "set to a float between 0 and 1 instead of penalty='elasticnet', and C=np.inf instead "
    "of penalty=None."
)

_NOT_CONVERGED = {
    "lbfgs": "lbfgs failed to converge after {n_iter} iteration(s).",
    "newton-cg": "newton-cg failed to converge after {n_iter} iteration(s).",
    "newton-cholesky": "Newton solver did not converge after {n_iter} iterations.",
    "liblinear": "Liblinear failed to converge, increase the number of iterations.",
    "sag": "The max_iter was reached which means the coef_ did not converge.",
    "saga": "The max_iter was reached which means the coef_ did not converge.",
}


def penalty_strength(estimator: Any, *, stacklevel: int = 4) -> tuple[float, float]:
    """Return the C to fit with, infinite for no penalty, and the share of it that is L1.

    Warns and complains as scikit-learn does about what is deprecated or contradictory.

    Raises
    ------
    ValueError
        If the parameters exclude each other.
    """
    penalty = _penalty_name(estimator, stacklevel + 1)
    check_solver(estimator.solver, penalty, estimator.dual)
    _check_l1_ratio(estimator, penalty, stacklevel + 1)
    if estimator.n_jobs is not None:
        warnings.warn(
            "'n_jobs' has no effect since 1.8 and will be removed in 1.10. You provided "
            f"'n_jobs={estimator.n_jobs}', please leave it unspecified.",
            FutureWarning,
            stacklevel=stacklevel,
        )
    if estimator.penalty is None:
        if estimator.C != 1.0:
            warnings.warn(
                "Setting penalty=None will ignore the C and l1_ratio parameters",
                stacklevel=stacklevel,
            )
        return np.inf, 0.0
    share = {"l1": 1.0, "elasticnet": estimator.l1_ratio}.get(penalty or "l2", 0.0)
    return float(estimator.C), float(share)


def intercept_penalty(estimator: Any) -> float:
    """How strongly the intercept is penalised, relative to a coefficient.

    As liblinear does it, which sees the intercept as the coefficient of one more column
    that is ``intercept_scaling`` everywhere; for every other solver it is free.
    """
    if estimator.solver != "liblinear" or not estimator.fit_intercept:
        return 0.0
    return 1.0 / float(estimator.intercept_scaling) ** 2


def _penalty_name(estimator: Any, stacklevel: int) -> str | None:
    """The name of the penalty, also where it is given by ``l1_ratio`` and ``C``."""
    if estimator.penalty != "deprecated":
        warnings.warn(_PENALTY_DEPRECATED, FutureWarning, stacklevel=stacklevel)
        name: str | None = estimator.penalty
        return name
    if estimator.l1_ratio is None:
        warnings.warn(
            "'l1_ratio=None' was deprecated in version 1.8 and will trigger an error in "
            "1.10. Use 0<=l1_ratio<=1 instead.",
            FutureWarning,
            stacklevel=stacklevel,
        )
    if np.inf == estimator.C:
        return None
    return {None: "l2", 0: "l2", 1: "l1"}.get(estimator.l1_ratio, "elasticnet")


def check_solver(solver: str, penalty: str | None, dual: bool) -> None:
    """Refuse what scikit-learn's solver of this name cannot do."""
    if solver not in ("liblinear", "saga") and penalty not in ("l2", None):
        raise ValueError(f"Solver {solver} supports only 'l2' or None penalties, got {penalty} penalty.")
    if solver != "liblinear" and dual:
        raise ValueError(f"Solver {solver} supports only dual=False, got dual={dual}")
    if penalty == "elasticnet" and solver != "saga":
        raise ValueError(f"Only 'saga' solver supports elasticnet penalty, got solver={solver}.")
    if solver == "liblinear" and penalty is None:
        raise ValueError("C=np.inf as well as penalty=None is not supported for the liblinear solver")
    if penalty == "l1" and dual:
        raise ValueError(
            "Unsupported set of arguments: The combination of penalty='l1' and loss='logistic_regression' are "
            "not supported when dual=True, Parameters: penalty='l1', loss='logistic_regression', dual=True"
        )


def _check_l1_ratio(estimator: Any, penalty: str | None, stacklevel: int) -> None:
    ratio = estimator.l1_ratio
    if penalty != "elasticnet" and ratio is not None and 0 < ratio < 1:
        warnings.warn(
            f"l1_ratio parameter is only used when penalty is 'elasticnet'. Got (penalty={penalty})",
            stacklevel=stacklevel,
        )
    if (estimator.penalty, ratio == 0) == ("l2", False) or ((estimator.penalty, ratio == 1) == ("l1", False)):
        warnings.warn(
            f"Inconsistent values: penalty={estimator.penalty} with l1_ratio={ratio}. "
            "penalty is deprecated. Please use l1_ratio only.",
            stacklevel=stacklevel,
        )
    if penalty == "elasticnet" and ratio is None:
        raise ValueError("l1_ratio must be specified when penalty is elasticnet.")


def not_converged(solver: str, n_iter: int, gradient_norm: float, tol: float) -> str:
    """Text of the warning about a fit that ran out of iterations.

    It begins as that of scikit-learn's solver of this name, which users may filter by.
    """
    return (
        _NOT_CONVERGED[solver].format(n_iter=n_iter)
        + f" Increase the number of iterations. (The gradient is {gradient_norm:.3g} at "
        f"its largest, tol={tol:g} is asked for.)"
    )
