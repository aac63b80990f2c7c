# SPDX-License-Identifier: BSD-3-Clause
"""The problems that logistic regression poses on one table, for any strength of the penalty."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss._inputs import n_threads_for
from schuss.linear_model._logistic.parameters import intercept_penalty
from schuss.linear_model._means import near_column_means
from schuss.linear_model._proximal import L1Penalty, ProximalMinimizer, proximal_minimizer
from schuss.linear_model._smooth.newton import Minimizer
from schuss.linear_model._smooth.objective import Objective
from schuss.linear_model._smooth.plan import minimizer
from schuss.losses import Loss, Target, class_shares

Array = NDArray[Any]
Matrix = NDArray[np.float64]
Solver = Minimizer | ProximalMinimizer

_BINARY = Loss("logistic", Target.ZERO_ONE)
_MULTINOMIAL = Loss("softmax", Target.CLASS)
_DENSE = 1 << 20  # entries of a sparse matrix that are solved faster as an array
_RAREST = 1e-12  # keeps the logarithm of an empty class's share finite


@dataclass(frozen=True, slots=True)
class Data:
    """Checked data with numbered classes.

    Attributes
    ----------
    X : ndarray or CSR of shape (n_samples, n_features)
    y : ndarray of shape (n_samples,), dtype of X
        Class numbers.
    weight : ndarray of shape (n_samples,), dtype of X, or None
    """

    X: Any
    y: Array
    weight: Array | None

    def take(self, rows: NDArray[np.int64]) -> Data:
        weight = None if self.weight is None else self.weight[rows]
        return Data(self.X[rows], self.y[rows], weight)


class LogisticProblem:
    """Objectives, starting points and solvers for one table.

    Parameters
    ----------
    model : LogisticRegression
        Its parameters are read, and ``classes_``.
    data : Data
    sparsifying : bool, default=False
        Whether there will be an L1 penalty.

    Attributes
    ----------
    loss : Loss
    n_outputs : int
    shares : ndarray of shape (n_classes,)
        Of the classes.
    """

    def __init__(self, model: Any, data: Data, *, sparsifying: bool = False) -> None:
        self._n_classes = len(model.classes_)
        self.n_outputs = 1 if self._n_classes == 2 else self._n_classes
        self.loss = _BINARY if self.n_outputs == 1 else _MULTINOMIAL
        self.shares = class_shares(data.y, data.weight, self._n_classes)
        self._intercept = intercept_penalty(model)
        # An absolute value does not separate into those of a shifted intercept's parts.
        shifted = model.fit_intercept and not (sparsifying and self._intercept)
        small = sp.issparse(data.X) and np.prod(data.X.shape) <= _DENSE
        n_threads = n_threads_for(model, data.X)
        self._base = Objective(
            data.X.toarray() if small else data.X,
            data.y,
            data.weight,
            loss=self.loss.name,
            n_outputs=self.n_outputs,
            l2=0.0,
            fit_intercept=bool(model.fit_intercept),
            shift=near_column_means(data.X, n_threads) if shifted else None,
            n_threads=n_threads,
        )

    def of_rows(self, mask: NDArray[np.bool_]) -> LogisticProblem:
        """The problem of some rows of the same table, which is not copied."""
        other, base = copy.copy(self), self._base
        weight = mask.astype(base.y.dtype) if base.weight is None else base.weight * mask
        if not weight.any():
            raise ValueError("The sample weights of the training rows of a fold are all zero.")
        other._base = base.weighted(weight)
        other.shares = class_shares(base.y, weight, self._n_classes)
        return other

    def objective(self, C: float, l1_ratio: float = 0.0) -> Objective:
        """The smooth part of the objective: the mean loss and the L2 part of the penalty."""
        l2 = (1.0 - l1_ratio) / (C * self._base.total)
        return self._base.penalised(l2, l2 * self._intercept)

    def l1_penalty(self, C: float, l1_ratio: float) -> L1Penalty | None:
        """The other part, if there is one."""
        if not l1_ratio:
            return None
        l1 = l1_ratio / (C * self._base.total)
        penalty = L1Penalty.of_coefficients(self._base.shape, l1)
        penalty.strength[:, -1] = l1 * np.sqrt(self._intercept)
        return penalty

    @property
    def log_shares(self) -> Matrix:
        """Logarithms of the shares of the classes, finite even if there is no row of one."""
        return np.asarray(np.log(np.maximum(self.shares, _RAREST)))

    def constant_guess(self) -> tuple[Matrix, Matrix]:
        """Coefficients of zero, and the intercept that is right for them."""
        k, p = self._base.shape
        intercept = np.zeros(k)
        if self._base.fit_intercept:
            log_shares = self.log_shares
            intercept = log_shares[1:] - log_shares[0] if k == 1 else log_shares
        return np.zeros((k, p - 1)), intercept

    def solver(
        self, objective: Objective, l1: L1Penalty | None, theta: Matrix, *, tol: float, warm: bool = False
    ) -> Solver:
        """The solver that suits an objective of this problem; not started yet.

        Parameters
        ----------
        objective : Objective
        l1 : L1Penalty or None
        theta : ndarray of shape ``objective.shape``
            Where to start.
        tol : float
        warm : bool, default=False
            Whether that is near the minimum.
        """
        if l1 is not None:
            return proximal_minimizer(objective, l1, theta, tol=tol, warm=warm)
        if self.n_outputs > 1:
            theta = theta - theta.mean(axis=0)  # changes no probability, lowers the penalty
        return minimizer(objective, theta, warm=warm)
