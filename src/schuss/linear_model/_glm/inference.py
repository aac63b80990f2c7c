# SPDX-License-Identifier: BSD-3-Clause
"""Standard errors of generalised linear models: information matrices, dispersion, tables.

Weights of samples count copies: a weight of 2 is the row twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy import stats

from schuss import _kernels as kernels
from schuss.linear_model._glm.data import Data
from schuss.linear_model._glm.families import Family
from schuss.linear_model._means import near_column_means
from schuss.linear_model._smooth.curvature import CholeskyInverse

Array = NDArray[Any]
Matrix = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Covariance:
    """Of the parameters, the intercept last if there is one.

    Attributes
    ----------
    matrix : ndarray of shape (n_parameters, n_parameters)
    dispersion : float
        That went into it; for a robust one, what it would have been.
    degrees_of_freedom : float
        Of the dispersion's estimate: infinite if it is known.
    """

    matrix: Matrix
    dispersion: float
    degrees_of_freedom: float


def covariance(
    family: Family,
    data: Data,
    raw: Array,
    *,
    fit_intercept: bool,
    robust: bool,
    expected_information: bool,
    dispersion: float | None,
    l2: float | Matrix,
    n_threads: int,
) -> Covariance:
    """Covariance matrix of the parameters of greatest, or of greatest penalised, likelihood.

    The inverse of the observed or the expected information times the dispersion; the
    robust one has the squared gradients of the rows between two such inverses and the
    factor n / (n - p), as HC1 of MacKinnon and White (1985). With an L2 penalty the inverse
    is that of information and penalty, and the information stands between two of them: le
    Cessie and van Houwelingen (1992), "Ridge estimators in logistic regression". The trace of
    inverse times information then counts the parameters: Hastie and Tibshirani (1990),
    "Generalized additive models", section 3.5.

    Parameters
    ----------
    l2 : float or ndarray of shape (n_features,)
        Penalty of the coefficients on the scale of the mean loss.
    raw : ndarray of shape (n_samples,)
        Linear predictors, offset included.
    dispersion : float or None
        None: 1 where the family says so, else Pearson's estimate.

    Raises
    ------
    ValueError
        If columns are collinear, or there are no more rows than parameters, without a penalty.
    """
    total = float(len(data.y) if data.weight is None else data.weight.sum(dtype=np.float64))
    p = data.X.shape[1] + fit_intercept
    if total <= p and not np.all(l2):
        raise ValueError(f"Standard errors need more samples than parameters, got a weight of {total:g} and {p}.")
    gradient, hessian = _derivatives(family, data, raw, expected_information)
    shift = near_column_means(data.X) if fit_intercept else None
    information = _outer_products(data, hessian, shift, fit_intercept, n_threads)
    penalised, j = information.copy(), np.arange(data.X.shape[1])
    penalised[j, j] += total * l2
    inverse = _inverse(penalised)
    free = total - float(np.vdot(inverse, information))
    known = 1.0 if family.fixed_dispersion and dispersion is None else dispersion
    value = _pearson(family, data, raw) / free if known is None else known
    if robust:
        between = _outer_products(data, gradient * gradient, shift, fit_intercept, n_threads)
        matrix = total / free * inverse @ between @ inverse
    elif np.any(l2):
        matrix = value * inverse @ information @ inverse
    else:
        matrix = value * inverse
    if np.diag(matrix).min() < 0.0:
        raise ValueError("There are no standard errors: the observed information has variances below zero.")
    return Covariance(_unshifted(matrix, shift), float(value), np.inf if known is not None or robust else free)


def _derivatives(family: Family, data: Data, raw: Array, expected: bool) -> tuple[Matrix, Matrix]:
    """Of each row's loss with respect to its linear predictor, unweighted."""
    y, z = data.y.astype(np.float64), raw.astype(np.float64)
    gradient, hessian = np.empty_like(z), np.empty_like(z)
    kernels.loss_gradient(
        y, z, loss=family.loss.code, loss_param=family.loss.param, gradient=gradient, hessian=hessian, expected=expected
    )
    return gradient, hessian


def _pearson(family: Family, data: Data, raw: Array) -> float:
    """Sum of squared residuals, each over the variance of its mean."""
    mean = np.asarray(family.mean(raw.astype(np.float64)))
    squares = (data.y - mean) ** 2 / family.variance(mean)
    return float(squares.sum() if data.weight is None else data.weight.astype(np.float64) @ squares)


def _outer_products(data: Data, values: Matrix, shift: Matrix | None, fit_intercept: bool, n_threads: int) -> Matrix:
    """Sum over the rows of weight * value * x x', with a one behind x if there is an intercept."""
    weight = values if data.weight is None else values * data.weight
    if sp.issparse(data.X):
        gram = _sparse_products(data.X, weight, shift)
    else:
        gram = _dense_products(data, np.maximum(weight, 0.0), shift, n_threads)
        if weight.min(initial=0.0) < 0.0:
            gram -= _dense_products(data, np.maximum(-weight, 0.0), shift, n_threads)
    return gram if fit_intercept else np.ascontiguousarray(gram[:-1, :-1])


def _dense_products(data: Data, weight: Matrix, shift: Matrix | None, n_threads: int) -> Matrix:
    table, d = kernels.Table(data.X), data.X.shape[1]
    gram = np.empty((d + 1, d + 1))
    kernels.glm_pass(
        table, data.y, np.zeros((1, d)), np.zeros(1), loss=kernels.LOSSES["squared"],
        weight=weight.astype(data.y.dtype), gradient=np.empty((1, d + 1)), gram=gram, gram_weights="sample",
        shift=shift, n_threads=n_threads, scratch=kernels.Scratch(),
    )  # fmt: skip
    return gram


def _sparse_products(X: Any, weight: Matrix, shift: Matrix | None) -> Matrix:
    d = X.shape[1]
    gram = np.empty((d + 1, d + 1))
    X = X.astype(np.float64)
    gram[:d, :d] = (X.T @ sp.diags_array(weight) @ X).toarray()
    gram[d, :d] = gram[:d, d] = X.T @ weight
    gram[d, d] = weight.sum()
    if shift is None:
        return gram
    moved = np.eye(d + 1)
    moved[:d, d] = -shift
    return moved @ gram @ moved.T


def _inverse(matrix: Matrix) -> Matrix:
    inverse = CholeskyInverse(matrix)
    if inverse.regularised:
        raise ValueError(
            "There are no standard errors: the information matrix is not positive definite. Columns of X may be "
            "collinear, or constant beside an intercept."
        )
    return inverse(np.eye(len(matrix)))


def _unshifted(matrix: Matrix, shift: Matrix | None) -> Matrix:
    """The covariance for an intercept at zero instead of one at the shift."""
    if shift is None:
        return matrix
    moved = np.eye(len(matrix))
    moved[-1, :-1] = -shift
    return np.asarray(moved @ matrix @ moved.T)


@dataclass(frozen=True, slots=True)
class CoefTable:
    """Parameters with their standard errors, a row each, the intercept last.

    Attributes
    ----------
    names : tuple of str
    coef, std_error, statistic, p_value, ci_lower, ci_upper : ndarray of shape (n_parameters,)
        The statistic is coef / std_error; its distribution is Student's t if the
        dispersion is estimated, else normal.
    confidence_level : float
        Of the interval between ci_lower and ci_upper.
    degrees_of_freedom : float
        Of Student's t; infinite for the normal distribution.
    """

    names: tuple[str, ...]
    coef: Matrix
    std_error: Matrix
    statistic: Matrix
    p_value: Matrix
    ci_lower: Matrix
    ci_upper: Matrix
    confidence_level: float
    degrees_of_freedom: float

    def to_frame(self) -> Any:
        """Return the table as a pandas DataFrame, indexed by name.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        return import_module("pandas").DataFrame(
            {name: getattr(self, name) for name in _COLUMNS}, index=list(self.names)
        )

    def __str__(self) -> str:
        width = max(map(len, self.names))
        letter = "z" if np.isinf(self.degrees_of_freedom) else "t"
        head = ("coef", "std error", letter, f"P>|{letter}|", "lower", "upper")
        lines = [" " * width + "".join(f"{word:>11}" for word in head)]
        for i, name in enumerate(self.names):
            lines.append(f"{name:<{width}}" + "".join(f"{getattr(self, column)[i]:>11.4g}" for column in _COLUMNS))
        return "\n".join(lines)


_COLUMNS = ("coef", "std_error", "statistic", "p_value", "ci_lower", "ci_upper")


def coef_table(names: tuple[str, ...], coef: Matrix, cov: Covariance, level: float) -> CoefTable:
    """Test each parameter against zero, and enclose it."""
    error = np.sqrt(np.diag(cov.matrix))
    freedom = cov.degrees_of_freedom
    law = stats.norm() if np.isinf(freedom) else stats.t(freedom)
    reach = law.ppf(0.5 + 0.5 * level) * error
    statistic = coef / error
    return CoefTable(
        names, coef, error, statistic, 2.0 * law.sf(np.abs(statistic)), coef - reach, coef + reach, level, freedom
    )
