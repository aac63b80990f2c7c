# SPDX-License-Identifier: BSD-3-Clause
"""The vector functions exp, log, log1p, sigmoid, softplus in long double, and in 40-digit arithmetic to check that.

On x86 and Linux aarch64 a long double carries at least eleven bits more than a double, so its own rounding is not
seen in an error measured in units of the last place.
"""

import mpmath
import numpy as np


def exp(x):
    return np.exp(np.longdouble(x))


def log(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(np.longdouble(x))


def log1p(x):
    return np.log1p(np.longdouble(x))


def sigmoid(x):
    x = np.longdouble(x)
    e = np.exp(-np.abs(x))  # never overflows, and keeps the small side's digits
    return np.where(x >= 0, 1, e) / (1 + e)


def softplus(x):
    x = np.longdouble(x)
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


FUNCTIONS = {"exp": exp, "log": log, "log1p": log1p, "sigmoid": sigmoid, "softplus": softplus}


def exact(name, x):
    """The function at each x in 40-digit arithmetic, rounded to long double; slow."""
    one = mpmath.mpf(1)
    function = {
        "exp": mpmath.exp,
        "log": mpmath.log,
        "log1p": mpmath.log1p,
        "sigmoid": lambda v: one / (one + mpmath.exp(-v)),
        "softplus": lambda v: max(v, 0) + mpmath.log1p(mpmath.exp(-abs(v))),
    }[name]
    with mpmath.workdps(40):
        return np.array([np.longdouble(mpmath.nstr(function(mpmath.mpf(float(v))), 30)) for v in x])
