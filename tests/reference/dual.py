# SPDX-License-Identifier: BSD-3-Clause
"""Dual coordinate descent of Hsieh et al. (2008) and Ho and Lin (2012), one row at a time, in long double; and that of
Keerthi et al. (2008) for all classes at once."""

import numpy as np

WIDE = np.longdouble
SIDED = {"hinge", "squared_hinge"}


def row_terms(y, cost, loss):
    """Bounds of one row's dual variable, and the factor of its square."""
    squared = loss.startswith("squared") and cost > 0
    far = np.inf if squared else cost
    low = WIDE(0) if loss in SIDED and y > 0 else -far
    high = WIDE(0) if loss in SIDED and y <= 0 else far
    return low, high, 1 / (2 * WIDE(cost)) if squared else WIDE(0)


def dual_sweep(x, y, *, loss, loss_param=0.0, intercept_square=0.0, cost, dual, coef, intercept, orders, bound):
    """One epoch for each output; y is (n_outputs, n) and cost as well. Returns the new state as a dict.

    ``stay`` (n_outputs, n) marks the rows of ``orders`` that do not leave, ``nearest`` how near a decision came.
    """
    x, dual, coef, intercept = WIDE(x), WIDE(dual), WIDE(coef), WIDE(intercept)
    violation, stay = np.zeros(len(dual), WIDE), np.zeros(dual.shape, bool)
    nearest = WIDE(np.inf)
    for k, order in enumerate(orders):
        for i in order:
            target, here = WIDE(y[k, i]), dual[k, i]
            low, high, ridge = row_terms(target, cost[k, i], loss)
            slope = x[i] @ coef[k] + intercept[k] - target + ridge * here
            right = slope + loss_param if here >= 0 else slope - loss_param
            left = slope + loss_param if here > 0 else slope - loss_param
            nearest = min(nearest, abs(right), abs(left), abs(right - bound[k]), abs(left + bound[k]))
            stay[k, i] = not ((here >= high or right > bound[k]) and (here <= low or left < -bound[k]))
            worst = -right if here < high and right < 0 else left if here > low and left > 0 else WIDE(0)
            if worst == 0:
                continue
            violation[k] = max(violation[k], worst)
            curvature = x[i] @ x[i] + intercept_square + ridge
            moved = np.sign(here - slope / curvature) * max(0, abs(here - slope / curvature) - loss_param / curvature)
            step = min(max(moved, low), high) - here
            dual[k, i] += step
            coef[k] = coef[k] + step * x[i]
            intercept[k] += step * intercept_square
    return {
        "dual": dual, "coef": coef, "intercept": intercept, "violation": violation, "stay": stay, "nearest": nearest,
    }  # fmt: skip


def on_simplex(point, total):
    """The nearest point that is not negative and adds up to the total; by sorting."""
    falling = -np.sort(-point)
    levels = (np.cumsum(falling) - total) / np.arange(1, len(point) + 1)
    return np.maximum(point - levels[np.flatnonzero(falling > levels)[-1]], 0)


def crammer_singer_sweep(x, y, *, intercept_square=0.0, cost, dual, coef, intercept, order, bound):
    """One epoch; y are class numbers, dual is (n, n_classes). Returns the new state as a dict, as `dual_sweep`."""
    x, dual, coef, intercept = WIDE(x), WIDE(dual), WIDE(coef), WIDE(intercept)
    violation, stay, nearest = WIDE(0), np.zeros(len(x), bool), WIDE(np.inf)
    for i in order:
        slope = coef @ x[i] + intercept + (np.arange(len(coef)) != y[i])
        resting, (second, best) = dual[i] > 0, np.sort(slope)[-2:]
        if not resting.any():
            continue
        worst = best - slope[resting].min()
        nearest = min(nearest, *(abs(slope[resting] - best)[slope[resting] < best]), abs(best - second - bound))
        stay[i] = not (resting.sum() == 1 and worst == 0 and best - second > bound)
        violation = max(violation, worst)
        curvature = x[i] @ x[i] + intercept_square
        if worst == 0 or curvature == 0:
            continue
        fall = dual[i] - on_simplex(dual[i] + slope / curvature, cost[i])
        dual[i] -= fall
        coef, intercept = coef + np.outer(fall, x[i]), intercept + fall * intercept_square
    return {
        "dual": dual, "coef": coef, "intercept": intercept, "violation": violation, "stay": stay, "nearest": nearest,
    }  # fmt: skip
