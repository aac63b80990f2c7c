# SPDX-License-Identifier: BSD-3-Clause
"""The one place that imports what scikit-learn keeps private or is about to rename.

If a scikit-learn release moves one of these names, this file is all that changes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from numbers import Integral
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context, get_config
from sklearn._loss import loss as _loss_module
from sklearn.base import _fit_context
from sklearn.linear_model._base import SparseCoefMixin
from sklearn.model_selection._split import _validate_shuffle_split
from sklearn.tree import _tree
from sklearn.utils import check_array as _check_array
from sklearn.utils._param_validation import Hidden, Interval, Options, RealNotInt, StrOptions, validate_params
from sklearn.utils.extmath import _approximate_mode
from sklearn.utils.metadata_routing import _raise_for_params, _routing_enabled, process_routing
from sklearn.utils.metaestimators import available_if as _available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import (
    _check_method_params,
    _check_monotonic_cst,
    _check_n_features,
    _check_sample_weight,
    _check_y,
    _deprecate_positional_args,
)
from sklearn.utils.validation import validate_data as _validate_data

try:  # scikit-learn >= 1.9
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:
    CallbackSupportMixin = None
    with_callbacks = None

__all__ = [
    "FRIEDMAN_DEPRECATED",
    "N_THREADS",
    "CallbackSupportMixin",
    "Hidden",
    "Interval",
    "Options",
    "RealNotInt",
    "SparseCoefMixin",
    "StrOptions",
    "approximate_mode",
    "available_if",
    "check_arguments",
    "check_array",
    "check_method_params",
    "check_monotonic_cst",
    "check_n_features",
    "check_parameters",
    "check_partial_fit_first_call",
    "check_sample_weight",
    "check_split_sizes",
    "check_target",
    "fit_context",
    "keywords_only_from",
    "loss_class",
    "make_tree",
    "prune_tree",
    "pruning_path",
    "raise_for_params",
    "route_params",
    "split_params",
    "takes_weights",
    "tree_columns",
    "validate_data",
    "with_callbacks",
]

Method = TypeVar("Method", bound=Callable[..., Any])

# scikit-learn >= 1.9 refuses weights that are all zero, unless told not to
_KNOWS_ALL_ZERO = "allow_all_zero_weights" in inspect.signature(_check_sample_weight).parameters


# scikit-learn >= 1.9 hands sample weights on from searches to scorers
_FORWARDS_WEIGHTS = with_callbacks is not None

# scikit-learn >= 1.9
FRIEDMAN_DEPRECATED = with_callbacks is not None

# A count of threads; negative ones count back from what there is, as joblib has it.
N_THREADS = [Interval(Integral, 1, None, closed="left"), Interval(Integral, None, -1, closed="right"), None]


def _to_numpy(check: Method) -> Method:
    """Let one of scikit-learn's checks return NumPy arrays under ``array_api_dispatch``, too: kernels take no other."""

    @wraps(check)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if not get_config()["array_api_dispatch"]:
            return check(*args, **kwargs)
        with config_context(array_api_dispatch=False):
            return check(*args, **kwargs)

    return checked  # type: ignore[return-value]


check_array = _to_numpy(_check_array)
validate_data = _to_numpy(_validate_data)


def fit_context(method: Method) -> Method:
    """Decorate ``fit`` so that the constructor's parameters are checked first, and callbacks are torn down last."""
    decorated: Method = _fit_context(prefer_skip_nested_validation=True)(method)
    return decorated


def check_arguments(constraints: dict[str, Any]) -> Callable[[Method], Method]:
    """Decorate a function so that its arguments are checked as a constructor's parameters are."""
    decorator: Callable[[Method], Method] = validate_params(constraints, prefer_skip_nested_validation=True)
    return decorator


def make_tree(columns: Mapping[str, NDArray[Any]], *, n_features: int, n_classes: NDArray[np.intp]) -> Any:
    """Return scikit-learn's own tree, made from arrays as if it were unpickled.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n_nodes,)
        By the names of scikit-learn's nodes; and ``values`` (n_nodes, n_outputs, max_n_classes).
    n_features : int
    n_classes : ndarray of shape (n_outputs,)
        Ones for regression.
    """
    values = np.ascontiguousarray(columns["values"], dtype=np.float64)
    nodes = np.zeros(len(values), dtype=_tree.NODE_DTYPE)  # equal trees have equal bytes
    for name in nodes.dtype.names or ():
        nodes[name] = columns[name]
    tree = _tree.Tree(n_features, n_classes, len(n_classes))
    depth = _depth(nodes["left_child"], nodes["right_child"])
    tree.__setstate__({"max_depth": depth, "node_count": len(nodes), "nodes": nodes, "values": values})
    return tree


def _depth(left: NDArray[np.int64], right: NDArray[np.int64]) -> int:
    """Longest way from the root, level by level."""
    level, depth = np.zeros(1, dtype=np.int64), -1
    while len(level):
        level, depth = level[left[level] >= 0], depth + 1
        level = np.concatenate([left[level], right[level]])
    return depth


def tree_columns(tree: Any) -> dict[str, NDArray[Any]]:
    """Return what `make_tree` takes, sharing the tree's memory."""
    state = tree.__getstate__()
    columns = {name: state["nodes"][name] for name in state["nodes"].dtype.names}
    return {**columns, "values": state["values"]}


def prune_tree(tree: Any, ccp_alpha: float) -> Any:
    """Return scikit-learn's tree, pruned by minimal cost complexity."""
    pruned = _tree.Tree(tree.n_features, np.asarray(tree.n_classes), tree.n_outputs)
    _tree._build_pruned_tree_ccp(pruned, tree, ccp_alpha)
    return pruned


def pruning_path(tree: Any) -> dict[str, NDArray[np.float64]]:
    """Return the effective alphas of a tree's subtrees, and the impurities of their leaves."""
    path: dict[str, NDArray[np.float64]] = _tree.ccp_pruning_path(tree)
    return path


def loss_class(name: str) -> Any:
    """The class of scikit-learn's own losses that has this name."""
    return getattr(_loss_module, name)


def available_if(check: Callable[[Any], bool]) -> Callable[[Method], Method]:
    """Decorate a method that exists only if ``check(estimator)`` says so, and raises AttributeError otherwise."""
    decorator: Callable[[Method], Method] = _available_if(check)
    return decorator


def check_method_params(X: Any, params: Mapping[str, Any], rows: NDArray[np.intp]) -> dict[str, Any]:
    """Those entries of ``params`` that have one value per row of X, for some rows; the others as they are."""
    chosen: dict[str, Any] = _check_method_params(X, params=dict(params), indices=rows)
    return chosen


def check_monotonic_cst(estimator: Any, monotonic_cst: Any) -> NDArray[np.int8]:
    """Monotonic constraints by position, from an array or a dict by feature name; zeros for None."""
    return np.asarray(_check_monotonic_cst(estimator, monotonic_cst), dtype=np.int8)


@_to_numpy
def check_target(estimator: Any, y: Any, **options: Any) -> Any:
    """Check a target by itself, as scikit-learn's ``check_X_y`` does with the same options."""
    return _check_y(y, estimator=estimator, **options)


def check_split_sizes(n: int, held_out: float) -> tuple[int, int]:
    """Return how many of ``n`` rows are for training and how many held out, given a share or a count of the latter.

    Raises
    ------
    ValueError
        If there are none for training, or the share or count is out of its range.
    """
    n_train, n_held_out = _validate_shuffle_split(n, held_out, None)
    return int(n_train), int(n_held_out)


def approximate_mode(counts: NDArray[Any], n: int, rng: np.random.RandomState) -> NDArray[Any]:
    """How many of each class ``n`` drawn without replacement most likely are, ties broken at random."""
    return np.asarray(_approximate_mode(counts, n, rng))


def keywords_only_from(version: str) -> Callable[[Method], Method]:
    """Decorate a method that warns when keyword-only arguments are passed by position, until a release."""
    decorator: Callable[[Method], Method] = _deprecate_positional_args(version=version)
    return decorator


def check_parameters(estimator: Any) -> None:
    """Raise a ValueError if a constructor parameter of an estimator is out of its range."""
    estimator._validate_params()


def check_n_features(estimator: Any, X: Any, *, reset: bool) -> None:
    """Compare the number of columns of X with that of training, or note it."""
    _check_n_features(estimator, X, reset=reset)


def raise_for_params(params: dict[str, Any], owner: Any, method: str) -> None:
    """Raise a ValueError on metadata that cannot be routed because routing is not enabled."""
    _raise_for_params(params, owner, method)


def route_params(owner: Any, method: str, params: Mapping[str, Any]) -> Any:
    """Share out metadata as an estimator's router says; None if routing is not enabled."""
    return process_routing(owner, method, **params) if _routing_enabled() else None


def takes_weights(scorer: Any) -> bool:
    """Whether scikit-learn would hand sample weights to a scorer without being asked; before 1.9 it never did."""
    accepts = getattr(scorer, "_accept_sample_weight", None)
    return _FORWARDS_WEIGHTS and (
        bool(accepts()) if accepts else "sample_weight" in inspect.signature(scorer).parameters
    )


def check_partial_fit_first_call(estimator: Any, classes: Any = None) -> bool:
    """Set ``estimator.classes_`` on the first call of ``partial_fit``; say if it was that."""
    return bool(_check_partial_fit_first_call(estimator, classes))


def split_params(estimator: Any, params: Mapping[str, Any], sample_weight: Any = None) -> Mapping[str, Any]:
    """Return what a splitter's ``split`` is to be passed of the further arguments of ``fit``.

    Parameters
    ----------
    estimator : object
        Its ``get_metadata_routing`` must know the splitter by the name of ``splitter``.
    params : mapping
        The further arguments.
    sample_weight : array-like or None, default=None
        Passed on if the splitter requests it.

    Raises
    ------
    ValueError
        If there are any, and metadata routing is not switched on.
    """
    _raise_for_params(params, estimator, "fit")
    if not _routing_enabled():
        return {}
    routed = process_routing(estimator, "fit", sample_weight=sample_weight, **params)
    return dict(routed.splitter.split)


@_to_numpy
def check_sample_weight(
    sample_weight: Any, X: Any, *, dtype: Any, allow_all_zero: bool = False, non_negative: bool = False
) -> NDArray[Any] | None:
    """Check sample weights as scikit-learn does; None stays None (all weights one).

    Returns
    -------
    ndarray of shape (n_samples,) and the given dtype, or None
    """
    if sample_weight is None:
        return None
    options = {"allow_all_zero_weights": True} if _KNOWS_ALL_ZERO and allow_all_zero else {}
    weights = _check_sample_weight(sample_weight, X, dtype=dtype, **options)
    if not (_KNOWS_ALL_ZERO or allow_all_zero or np.any(weights)):
        raise ValueError("Sample weights must contain at least one non-zero number.")
    if non_negative and weights.min() < 0:
        raise ValueError("Negative values in data passed to `sample_weight`.")
    return np.require(weights, requirements=["C", "A"])
