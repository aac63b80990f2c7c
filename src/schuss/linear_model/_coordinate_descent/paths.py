# SPDX-License-Identifier: BSD-3-Clause
"""enet_path and lasso_path: solutions for a sequence of penalties."""

from __future__ import annotations

import sys
import warnings
from numbers import Integral, Real
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from schuss._blas import one_blas_thread
from schuss._sklearn import Hidden, Interval, StrOptions, check_arguments, check_array
from schuss._threads import effective_n_threads
from schuss.linear_model._coordinate_descent.alpha_grid import alpha_grid
from schuss.linear_model._coordinate_descent.features import Target, features_of
from schuss.linear_model._coordinate_descent.messages import given_gram, order_of, usable, warn_not_converged
from schuss.linear_model._coordinate_descent.quadratic import Penalty
from schuss.linear_model._coordinate_descent.working_set import ElasticNetSolver, Limits, WorkingSet
from schuss.training import StopReason

Array = NDArray[Any]

_EPS, _N_ALPHAS = 1e-3, 100  # where the parameters are None
_CONSTRAINTS: dict[str, Any] = {
    "X": ["array-like", "sparse matrix"],
    "y": ["array-like", "sparse matrix"],
    "eps": [Interval(Real, 0, None, closed="neither"), None],
    "n_alphas": [Interval(Integral, 1, None, closed="left"), Hidden(StrOptions({"deprecated"}))],
    "alphas": [Interval(Integral, 1, None, closed="left"), "array-like", None, Hidden(StrOptions({"warn"}))],
    "precompute": [StrOptions({"auto"}), "boolean", "array-like"],
    "Xy": ["array-like", None],
    "copy_X": ["boolean"],
    "coef_init": ["array-like", None],
    "verbose": ["verbose"],
    "return_n_iter": ["boolean"],
    "positive": ["boolean"],
}


@check_arguments(_CONSTRAINTS | {"l1_ratio": [Interval(Real, 0.0, 1.0, closed="both")], "check_input": ["boolean"]})
def enet_path(
    X: Any,
    y: Any,
    *,
    l1_ratio: float = 0.5,
    eps: float | None = 1e-3,
    n_alphas: Any = "deprecated",
    alphas: Any = "warn",
    precompute: Any = "auto",
    Xy: Any = None,
    copy_X: bool = True,
    coef_init: Any = None,
    verbose: Any = False,
    return_n_iter: bool = False,
    positive: bool = False,
    check_input: bool = True,
    **params: Any,
) -> Any:
    """Coefficients of the elastic net for a sequence of penalties.

    Drop-in for `sklearn.linear_model.enet_path`: no intercept, and with several targets
    the multi-task penalty, which keeps or drops a feature for all of them together. Each
    solution starts from the one before; the Gram matrix of the features that have come in
    so far serves them all.

    Parameters
    ----------
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_targets)
    l1_ratio : float, default=0.5
        Share of the L1 penalty.
    eps : float, default=1e-3
        Smallest alpha as part of the largest, where ``alphas`` is a number.
    n_alphas : int
        Deprecated by scikit-learn; use ``alphas``.
    alphas : int or array-like, default=100
        How many penalties to choose, evenly in their logarithms, from the smallest that
        leaves no feature in; or the penalties, which are sorted from strong to weak.
    precompute : 'auto', bool or array-like of shape (n_features, n_features), default='auto'
        Whether to have the Gram matrix of all features from the start; or that matrix.
    Xy : array-like of shape (n_features,) or (n_features, n_targets), default=None
        Without effect: ``X.T @ y`` comes from the first read of X.
    copy_X : bool, default=True
        Without effect: X is never written to.
    coef_init : array-like of shape (n_features,) or (n_targets, n_features), default=None
        Where to start.
    verbose : bool or int, default=False
        Print a dot for each penalty, or a line if larger than 1.
    return_n_iter : bool, default=False
        Whether to return the numbers of sweeps.
    positive : bool, default=False
        Whether coefficients must not be negative; for one target.
    check_input : bool, default=True
        False promises that X and y are arrays of the same dtype, float32 or float64.
    **params
        ``tol``, ``max_iter``, ``selection``, ``random_state`` as of `ElasticNet`,
        ``n_threads``; for sparse X ``sample_weight``, and ``X_offset`` and ``X_scale`` to
        centre it without making it dense. ``do_screening`` is accepted and has no effect.

    Returns
    -------
    alphas : ndarray of shape (n_alphas,)
    coefs : ndarray of shape (n_features, n_alphas) or (n_targets, n_features, n_alphas)
    dual_gaps : ndarray of shape (n_alphas,)
    n_iters : list of int
        Only if ``return_n_iter``.

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import enet_path
    >>> X = np.array([[1.0, 2.0, 3.1], [2.3, 5.4, 4.3]]).T
    >>> _, coefs, _ = enet_path(X, [1.0, 2.0, 3.1], l1_ratio=1.0, alphas=[5.0, 1.0, 0.5], tol=1e-8)
    >>> coefs.round(3)
    array([[0.   , 0.   , 0.469],
           [0.216, 0.443, 0.237]])
    """
    grid = _which_alphas(alphas, n_alphas)
    options = _Options(params)
    if check_input:
        X = check_array(X, accept_sparse="csc", dtype=[np.float64, np.float32], order=order_of(X))
        y = check_array(y, accept_sparse="csc", dtype=X.dtype.type, ensure_2d=False)
    y = y.toarray() if sp.issparse(y) else y
    if y.ndim > 1 and positive:
        raise ValueError("positive=True is not allowed for multi-output (y.ndim != 1)")
    X = X.tocsc() if sp.issparse(X) else X
    solver = _solver(X, y, precompute, options, check_gram=check_input)
    total, origin = solver.features.total, solver.at_zero()
    if isinstance(grid, Integral):
        eps = _EPS if eps is None else eps
        grid = alpha_grid(-origin.T, total, l1_ratio=l1_ratio, eps=eps, n_alphas=int(grid), positive=positive)
    grid = np.sort(grid)[::-1] if len(grid) > 1 else np.asarray(grid)
    if coef_init is not None:
        solver.start_at(np.array(coef_init, dtype=np.float64))
    coefs = np.empty((*origin.shape, len(grid)), dtype=X.dtype)
    gaps, n_iters = np.empty(len(grid)), []
    with one_blas_thread(X.shape[1]):
        for i, alpha in enumerate(grid):
            solver.go_on(Penalty.of(float(alpha), l1_ratio, total, positive=positive))
            if solver.solve() is not StopReason.CONVERGED:
                warn_not_converged(solver.gap, options.limits.tol * solver.target.square, solver.penalty.l1)
            coefs[..., i], gaps[i] = solver.coef, solver.gap / total
            n_iters.append(solver.n_sweeps)
            _tell(verbose, i, len(grid))
    coefs = coefs[0] if y.ndim == 1 else coefs
    return (grid, coefs, gaps, n_iters) if return_n_iter else (grid, coefs, gaps)


@check_arguments(_CONSTRAINTS)
def lasso_path(
    X: Any,
    y: Any,
    *,
    eps: float | None = 1e-3,
    n_alphas: Any = "deprecated",
    alphas: Any = "warn",
    precompute: Any = "auto",
    Xy: Any = None,
    copy_X: bool = True,
    coef_init: Any = None,
    verbose: Any = False,
    return_n_iter: bool = False,
    positive: bool = False,
    **params: Any,
) -> Any:
    """Coefficients of the Lasso for a sequence of penalties.

    Drop-in for `sklearn.linear_model.lasso_path`: `enet_path` with ``l1_ratio=1``. All
    other parameters and what is returned are those of `enet_path`.

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import lasso_path
    >>> X = np.array([[1.0, 2.0, 3.1], [2.3, 5.4, 4.3]]).T
    >>> alphas, coefs, gaps = lasso_path(X, [1.0, 2.0, 3.1], alphas=3)
    >>> coefs.shape
    (2, 3)
    """
    return enet_path(
        X,
        y,
        l1_ratio=1.0,
        eps=eps,
        alphas=_which_alphas(alphas, n_alphas),
        precompute=precompute,
        Xy=Xy,
        copy_X=copy_X,
        coef_init=coef_init,
        verbose=verbose,
        return_n_iter=return_n_iter,
        positive=positive,
        **params,
    )


class _Options:
    """What ``**params`` may hold."""

    def __init__(self, params: dict[str, Any]) -> None:
        known = dict(params)
        offset, scale = known.pop("X_offset", None), known.pop("X_scale", None)
        self.centre = offset is not None and bool(np.any(np.asarray(offset) / (1.0 if scale is None else scale)))
        self.weight = known.pop("sample_weight", None)
        self.n_threads = effective_n_threads(known.pop("n_threads", None), None)
        max_iter, tol = known.pop("max_iter", 1000), known.pop("tol", 1e-4)
        rng, selection = check_random_state(known.pop("random_state", None)), known.pop("selection", "cyclic")
        known.pop("do_screening", None)
        if known:
            raise ValueError("Unexpected parameters in params", known.keys())
        if selection not in ("random", "cyclic"):
            raise ValueError("selection should be either random or cyclic.")
        shuffle = selection == "random"
        seed = int(rng.randint(np.iinfo(np.int32).max)) if shuffle else 0
        self.limits = Limits(float(tol), int(max_iter), shuffle, seed)


def _which_alphas(alphas: Any, n_alphas: Any) -> Any:
    """Sort out scikit-learn's two parameters, with its warnings."""
    chosen: Any = _N_ALPHAS
    if not (isinstance(n_alphas, str) and n_alphas == "deprecated"):
        message = (
            "'n_alphas' was deprecated in 1.9 and will be removed in 1.11. 'alphas' now accepts an integer value "
            "which removes the need to pass 'n_alphas'. The default value of 'alphas' will change from None to 100 in "
            "1.11. Pass an explicit value to 'alphas' and leave 'n_alphas' to its default value to silence this "
            "warning."
        )
        warnings.warn(message, FutureWarning, stacklevel=3)
        chosen = n_alphas
    if alphas is None:
        message = (
            "'alphas=None' is deprecated and will be removed in 1.11, at which point the default value will be set "
            "to 100. Set 'alphas=100' to silence this warning."
        )
        warnings.warn(message, FutureWarning, stacklevel=3)
        return chosen
    return chosen if isinstance(alphas, str) and alphas == "warn" else alphas


def _solver(X: Any, y: Array, precompute: Any, options: _Options, *, check_gram: bool) -> ElasticNetSolver:
    sparse = sp.issparse(X)
    centre = sparse and options.centre  # the offsets are the columns' means: found again by reading X
    weight = None if options.weight is None or not sparse else np.asarray(options.weight, dtype=X.dtype)
    features = features_of(X, weight, fit_intercept=centre, n_threads=options.n_threads)
    target = Target(np.ascontiguousarray(np.atleast_2d(y.T), dtype=X.dtype), weight, fit_intercept=centre)
    chosen = WorkingSet(features)
    n, d = X.shape
    gram = usable(precompute, X) if not isinstance(precompute, str) else n > d and not sparse
    if hasattr(gram, "__array__"):
        chosen.fill(given_gram(gram, X, np.zeros(d), None, fit_intercept=False, check=check_gram))
    elif gram:
        chosen.add(np.arange(d))
    nothing = Penalty(np.inf, 0.0)
    return ElasticNetSolver(features, target, nothing, options.limits, working_set=chosen, certified=False)


def _tell(verbose: Any, i: int, n: int) -> None:
    if verbose > 1:
        print(f"Path: {i:03d} out of {n:03d}")
    elif verbose:
        sys.stderr.write(".")
