# SPDX-License-Identifier: BSD-3-Clause
"""Which combinations of penalty, loss and ``dual`` there are, as scikit-learn has them."""

from __future__ import annotations

from typing import Any

# loss -> penalty -> the values of ``dual`` for which liblinear has a solver
_COMBINATIONS = {
    "hinge": {"l2": {True}},
    "squared_hinge": {"l1": {False}, "l2": {False, True}},
    "epsilon_insensitive": {"l2": {True}},
    "squared_epsilon_insensitive": {"l2": {False, True}},
}


def resolve_dual(dual: bool | str, loss: str, penalty: str, shape: tuple[int, int]) -> bool:
    """Return whether the dual is wanted; "auto" wants it for wide data, if it exists.

    Raises
    ------
    ValueError
        If scikit-learn has no such combination.
    """
    known = _COMBINATIONS[loss].get(penalty)
    if dual == "auto":
        wanted = shape[0] < shape[1]
        if known is not None:
            return wanted if wanted in known else not wanted
        dual = wanted
    if known is None:
        problem = f"The combination of penalty='{penalty}' and loss='{loss}' is not supported"
    elif dual in known:
        return bool(dual)
    else:
        problem = f"The combination of penalty='{penalty}' and loss='{loss}' are not supported when dual={dual}"
    raise ValueError(
        f"Unsupported set of arguments: {problem}, Parameters: penalty={penalty!r}, loss={loss!r}, dual={dual!r}"
    )


def check_intercept_scaling(estimator: Any) -> None:
    """Refuse a scaling of the intercept that is not positive, where it matters."""
    if estimator.fit_intercept and not estimator.intercept_scaling > 0:
        raise ValueError(
            f"Intercept scaling is {estimator.intercept_scaling!r} but needs to be greater than 0. "
            "To disable fitting an intercept, set fit_intercept=False."
        )
