# SPDX-License-Identifier: BSD-3-Clause
"""The problems that logistic regression poses on one table, for any strength of the penalty."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from schuss.linear_model._inputs import n_threads_for
from schuss.linear_model._logistic_fit import Data
from schuss.linear_model._logistic_parameters import intercept_penalty
from schuss.linear_model._newton import Minimizer
from schuss.linear_model._objective import Objective
from schuss.linear_model._plan import minimizer, near_column_means
from schuss.losses import Loss, Target, class_shares

Array = NDArray[Any]
Matrix = NDArray[np.float64]
Solver = Minimizer

_BINARY = Loss("logistic", Target.ZERO_ONE)
_MULTINOMIAL = Loss("softmax", Target.CLASS)
_DENSE = 1 << 20  # entries of a sparse matrix that are solved faster as an array
_RAREST = 1e-12  # keeps the logarithm of an empty class's share finite


class LogisticProblem:
    """Objectives, starting points and solvers of one table.

    Parameters
    ----------
    model : LogisticRegression
        Its parameters are read, and ``classes_``.
    data : Data
    free : bool, default=True
        Whether penalties leave the intercept free, or are L2: then columns may be seen
        about their means.

    Attributes
    ----------
    loss : Loss
    n_outputs : int
    """

    def __init__(self, model: Any, data: Data, *, free: bool = True) -> None:
        self.n_outputs = 1 if len(model.classes_) == 2 else len(model.classes_)
        self.loss = _BINARY if self.n_outputs == 1 else _MULTINOMIAL
        self._n_classes = len(model.classes_)
        self._intercept = intercept_penalty(model)
        self._fit_intercept = bool(model.fit_intercept)
        small = sp.issparse(data.X) and np.prod(data.X.shape) <= _DENSE
        self._base = Objective(
            data.X.toarray() if small else data.X,
            data.y,
            data.weight,
            loss=self.loss.name,
            n_outputs=self.n_outputs,
            l2=0.0,
            fit_intercept=self._fit_intercept,
            shift=near_column_means(data.X) if self._fit_intercept and free else None,
            n_threads=n_threads_for(model, data.X),
        )

    def of_rows(self, mask: NDArray[np.bool_]) -> LogisticProblem:
        """The problem of some rows of the same table, which is not copied."""
        other, base = copy.copy(self), self._base
        other._base = base.weighted(mask.astype(base.y.dtype) if base.weight is None else base.weight * mask)
        return other

    def objective(self, C: float, l1_ratio: float = 0.0) -> Objective:
        """The smooth part of the objective: the mean loss and the L2 part of the penalty."""
        l2 = (1.0 - l1_ratio) / (C * self._base.total)
        return self._base.penalised(l2, l2 * self._intercept)

    def log_shares(self) -> Matrix:
        """Logarithms of the shares of the classes."""
        share = class_shares(self._base.y, self._base.weight, self._n_classes)
        return np.log(np.maximum(share, _RAREST))

    def constant_guess(self) -> Matrix:
        """Coefficients of zero, and the intercept that is right for them."""
        theta = np.zeros(self._base.shape)
        if self._fit_intercept:
            log_share = self.log_shares()
            theta[:, -1] = log_share[1:] - log_share[0] if self.n_outputs == 1 else log_share
        return theta

    def solver(
        self, objective: Objective, C: float, l1_ratio: float, theta: Matrix, *, tol: float, warm: bool = False
    ) -> Solver:
        """The solver that suits an objective of this problem; not started yet."""
        if self.n_outputs > 1:
            theta = theta - theta.mean(axis=0)  # changes no probability, lowers the penalty
        return minimizer(objective, theta, warm=warm)
