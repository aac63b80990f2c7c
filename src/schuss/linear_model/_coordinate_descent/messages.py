# SPDX-License-Identifier: BSD-3-Clause
"""What coordinate descent warns of and refuses, in scikit-learn's words."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from schuss._inputs import check_finite

Array = NDArray[Any]

_NO_L1 = 2.2e-16  # an L1 penalty below which the problem is ridge regression


def warn_not_converged(gap: float, tolerance: float, l1: float) -> None:
    """Warn that sweeps ran out; all of the summed objective."""
    message = (
        "Objective did not converge. You might want to increase the number of iterations, check the scale of the "
        f"features or consider increasing regularisation. Duality gap: {gap:.6e}, tolerance: {tolerance:.3e}"
    )
    if l1 < _NO_L1:
        message += (
            "\nLinear regression models with a zero l1 penalization strength are more efficiently fitted using one "
            "of the solvers implemented in sklearn.linear_model.Ridge/RidgeCV instead."
        )
    warnings.warn(message, ConvergenceWarning, stacklevel=2)


def explain_nonfinite(estimator: Any, X: Any) -> None:
    """Raise what infinite or NaN coefficients mean: such values in X if there are any, else too large ones."""
    check_finite(estimator, X)
    raise ValueError(
        "Coordinate descent iterations resulted in non-finite parameter values. The input data may contain large "
        "values and need to be preprocessed."
    )


def given_gram(gram: Any, X: Any, mean: Array, weight: Array | None, *, fit_intercept: bool, check: bool) -> Any:
    """Return the Gram matrix that the user gave, or None with a warning if X is to be centred.

    Raises
    ------
    ValueError
        If ``check`` and one entry of it is not what the columns say.
    """
    if fit_intercept and not np.allclose(mean, 0.0):
        message = "Gram matrix was provided but X was centered to fit intercept: recomputing Gram matrix."
        warnings.warn(message, UserWarning, stacklevel=2)
        return None
    gram = np.asarray(gram)
    if check:
        _check_entry(gram, X, mean, weight)
    return gram


def _check_entry(gram: Array, X: Any, mean: Array, weight: Array | None) -> None:
    i = X.shape[1] // 2
    j = min(i + 1, X.shape[1] - 1)
    left, right = (X[:, c] - mean[c] for c in (i, j))
    expected = float(np.sum(left * right if weight is None else weight * left * right))
    single = np.float32 in (gram.dtype, X.dtype)
    if not np.isclose(expected, gram[i, j], rtol=1e-4 if single else 1e-7, atol=1e-5):
        raise ValueError(
            "Gram matrix passed in via 'precompute' parameter did not pass validation when a single element was "
            "checked - please check that it was computed properly. For element "
            f"({i},{j}) we computed {expected} but the user-supplied value was {gram[i, j]}."
        )


def order_of(X: Any) -> str | None:
    """The order to ask `check_array` for: an array whose elements lie apart becomes C-contiguous, others stay."""
    return "C" if isinstance(X, np.ndarray) and not X.flags.forc else None


def usable(precompute: Any, X: Any) -> Any:
    """What ``precompute`` asks for: a Gram matrix, True or False; sparse data use none that is given."""
    if sp.issparse(X) or isinstance(precompute, str):
        return False
    return precompute if hasattr(precompute, "__array__") else bool(precompute)
