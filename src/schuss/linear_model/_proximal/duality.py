# SPDX-License-Identifier: BSD-3-Clause
"""The duality gap of logistic regression with an L1 or elastic-net penalty.

By Fenchel's duality any residuals r, one for each row and class, that the row's probabilities could leave and that
add up to zero over the rows where the intercept is free, bound the minimum from below: by minus the mean of the
loss's conjugate, the negative entropy of what lies between label and probability, minus the conjugate of the
penalty at the gradient X'r. The residuals of a model become such a point when the intercept is moved to its
optimum and they are scaled until no gradient exceeds its penalty: Koh, Kim and Boyd (2007), "An interior-point
method for large-scale l1-regularized logistic regression", section 3; the same for any penalty in Ndiaye, Fercoq,
Gramfort and Salmon (2017), "Gap safe screening rules for sparsity enforcing penalties".
"""

from __future__ import annotations

import numpy as np
from scipy.special import xlogy

from schuss import _kernels as kernels
from schuss.linear_model._proximal.penalty import L1Penalty, Matrix
from schuss.linear_model._smooth.objective import Objective

_BALANCED = 1e-13  # mean residual of a class that is as good as none
_MOST_STEPS = 50
_LONGEST = 3.0  # step of an intercept


def duality_gap(objective: Objective, penalty: L1Penalty, value: float, theta: Matrix) -> float:
    """How far a value can be above the minimum at most.

    Parameters
    ----------
    objective : Objective
        Of the loss ``logistic`` or ``softmax``.
    penalty : L1Penalty
    value : float
        Of the penalised objective, at any point.
    theta : ndarray of shape ``objective.shape``
        Whose residuals prove it: the nearer to the minimum, the better.

    Returns
    -------
    float
        Infinite if no intercept balances the residuals.
    """
    free = objective.fit_intercept and not (objective.intercept_l2 or penalty.strength[0, -1])
    scores = objective.margins(*objective.unshifted(theta)).astype(np.float64)
    classes = np.arange(objective.n_outputs) if objective.n_outputs > 1 else 1
    label = (objective.y[:, None] == classes).astype(np.float64)
    weight = np.ones(len(label)) if objective.weight is None else objective.weight.astype(np.float64)
    weight /= objective.total
    if free:
        moves = _balancing(scores, label, weight, objective.n_threads)
        if moves is None:
            return np.inf
        scores, theta = scores + moves, theta.copy()
        theta[:, -1] += moves
    residual = _shares(scores, objective.n_threads) - label
    gradient, l2 = _gradient(objective, theta, free)
    bounds = []
    for scale in _scales(np.abs(gradient), penalty.strength, l2):
        excess = np.maximum(scale * np.abs(gradient) - penalty.strength, 0.0)[l2 > 0.0]
        bounds.append(_entropy(label + scale * residual, weight) - 0.5 * float(np.sum(excess**2 / l2[l2 > 0.0])))
    return value - max(bounds)


def _shares(scores: Matrix, n_threads: int) -> Matrix:
    """Probabilities of the classes, or of the second of two."""
    share = np.empty_like(scores)
    if scores.shape[1] == 1:
        kernels.sigmoid(scores, share, n_threads=n_threads)
    else:
        kernels.softmax(scores, share, n_threads=n_threads)
    return share


def _entropy(share: Matrix, weight: Matrix) -> float:
    """Weighted sum of the rows' entropies."""
    terms = xlogy(share, share).sum(axis=1)
    if share.shape[1] == 1:
        terms += xlogy(1.0 - share[:, 0], 1.0 - share[:, 0])
    return -float(weight @ terms)


def _balancing(scores: Matrix, label: Matrix, weight: Matrix, n_threads: int) -> Matrix | None:
    """What to add to the classes' scores for residuals that add up to zero; by Newton's method."""
    moves = np.zeros(scores.shape[1])
    for _ in range(_MOST_STEPS):
        share = _shares(scores + moves, n_threads)
        mean = weight @ (share - label)
        if np.abs(mean).max() <= _BALANCED:
            return moves
        hessian = np.diag(weight @ share) - (weight[:, None] * share).T @ share
        moves -= np.clip(np.linalg.pinv(hessian, hermitian=True) @ mean, -_LONGEST, _LONGEST)
    return None


def _gradient(objective: Objective, theta: Matrix, free: bool) -> tuple[Matrix, Matrix]:
    """Gradient of the mean loss by the parameters as the user knows them, and the L2 penalty of each."""
    point = objective.evaluate(theta)
    gradient, l2 = point.gradient.copy(), np.zeros(objective.shape)
    if objective.shift is not None:
        gradient[:, :-1] += gradient[:, -1:] * objective.shift
    l2[:, :-1], l2[:, -1] = objective.l2, objective.intercept_l2
    gradient -= l2 * np.column_stack([point.coef, point.intercept])
    if free:
        gradient[:, -1] = 0.0
    return gradient, l2


def _scales(size: Matrix, strength: Matrix, l2: Matrix) -> set[float]:
    """Factors of the residuals worth trying: none, if the penalty's conjugate allows it, and one within the L1 part."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(size > 0.0, strength / size, np.inf)
    within = min(1.0, float(share.min()))
    return {within} if np.any((l2 == 0.0) & (share < 1.0)) else {within, 1.0}
