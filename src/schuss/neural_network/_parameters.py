# SPDX-License-Identifier: BSD-3-Clause
"""What the parameters of a network may be, and what they mean together."""

from __future__ import annotations

from collections.abc import Iterable
from numbers import Integral, Real
from typing import Any

import numpy as np

from schuss import _kernels as kernels
from schuss._sklearn import N_THREADS, Interval, Options, StrOptions
from schuss.neural_network._columns import columns_of, fitted_columns
from schuss.neural_network._initialize import NAMES
from schuss.neural_network._spec import Head, Spec

STOCHASTIC = ("sgd", "adam", "adamw", "nadam", "rmsprop", "adagrad", "lion")
_ADAMW_DECAY = 0.01

_POSITIVE = Interval(Real, 0, None, closed="neither")
_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
_SHARE = Interval(Real, 0, 1, closed="left")
_COUNT = Interval(Integral, 1, None, closed="left")

CONSTRAINTS: dict[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", _COUNT],
    "activation": [StrOptions(set(kernels.NN_ACTIVATIONS)), "array-like"],
    "solver": [StrOptions({"lbfgs", *STOCHASTIC})],
    "alpha": [_NOT_NEGATIVE],
    "batch_size": [StrOptions({"auto"}), _COUNT],
    "learning_rate": [StrOptions({"constant", "invscaling", "adaptive", "cosine", "one_cycle", "plateau"})],
    "learning_rate_init": [_POSITIVE],
    "power_t": [_NOT_NEGATIVE],
    "max_iter": [_COUNT],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [_NOT_NEGATIVE],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "scoring": [StrOptions({"loss"}), None],
    "validation_fraction": [_SHARE],
    "beta_1": [_SHARE],
    "beta_2": [_SHARE],
    "epsilon": [_POSITIVE],
    "n_iter_no_change": [_COUNT, Options(Real, {np.inf})],
    "max_fun": [_COUNT],
    "categorical_features": ["array-like", StrOptions({"from_dtype"}), None],
    "embedding_dims": [StrOptions({"auto"}), _COUNT, dict],
    "dropout": [_SHARE, "array-like"],
    "norm": [StrOptions({"batch", "layer"}), None],
    "initializer": [StrOptions(set(NAMES))],
    "rho": [_SHARE],
    "weight_decay": [_NOT_NEGATIVE, None],
    "clip_norm": [_POSITIVE, None],
    "accumulate": [_COUNT],
    "averaging": [StrOptions({"ema", "swa"}), None],
    "ema_decay": [_SHARE],
    "swa_start": [_SHARE],
    "warmup": [_NOT_NEGATIVE],
    "plateau_factor": [Interval(Real, 0, 1, closed="neither")],
    "plateau_patience": [_COUNT],
    "record_statistics": ["boolean"],
    "max_time": [_POSITIVE, None],
    "n_threads": N_THREADS,
}


def hidden_units(estimator: Any) -> tuple[int, ...]:
    """Units of the hidden layers.

    Raises
    ------
    ValueError
        If a layer has none, or its number is not a whole one.
    """
    sizes = estimator.hidden_layer_sizes
    sizes = list(sizes) if isinstance(sizes, Iterable) else [sizes]
    if not all(isinstance(size, Integral) for size in sizes):
        raise ValueError(f"hidden_layer_sizes must be whole numbers, got {sizes}.")
    if np.any(np.array(sizes) <= 0):
        raise ValueError(f"hidden_layer_sizes must be > 0, got {sizes}.")
    return tuple(int(size) for size in sizes)


def spec_of(estimator: Any, n_features: int, n_outputs: int, head: Head) -> Spec:
    """The network that an estimator's parameters describe."""
    hidden = hidden_units(estimator)
    activations = _per_layer(estimator.activation, len(hidden), "activation", str)
    if unknown := set(activations) - set(kernels.NN_ACTIVATIONS):
        raise ValueError(f"activation must be among {sorted(kernels.NN_ACTIVATIONS)}, got {min(unknown)!r}.")
    dropout = tuple(float(share) for share in _per_layer(estimator.dropout, len(hidden), "dropout", Real))
    if not all(0.0 <= share < 1.0 for share in dropout):
        raise ValueError(f"dropout must be in the range [0, 1), got {list(dropout)}.")
    columns = columns_of(estimator)
    n_inputs = sum(column.units for column in columns) or n_features
    return Spec((n_inputs, *hidden, n_outputs), activations, dropout, estimator.norm, head, columns)


def fitted_spec(estimator: Any) -> Spec:
    """The network that an estimator's fitted attributes describe, and its activations."""
    coefs = estimator.coefs_
    units = (coefs[0].shape[0], *(coef.shape[1] for coef in coefs))
    there = vars(estimator)
    norm = "batch" if "norm_means_" in there else ("layer" if "norm_gains_" in there else None)
    activations = _per_layer(estimator.activation, len(coefs) - 1, "activation", str)
    dropout = _per_layer(estimator.dropout, len(coefs) - 1, "dropout", Real)
    return Spec(units, activations, dropout, norm, estimator._head(), fitted_columns(estimator))


def _per_layer(value: Any, n_hidden: int, name: str, kind: type) -> tuple[Any, ...]:
    """One value for all hidden layers, or one for each."""
    if isinstance(value, kind):
        return (value,) * n_hidden
    if len(value) != n_hidden:
        raise ValueError(f"{name} has {len(value)} entries for {n_hidden} hidden layers.")
    return tuple(value)


def check_together(estimator: Any, spec: Spec) -> None:
    """Check what one parameter alone cannot tell."""
    if estimator.solver != "lbfgs":
        return
    if any(spec.dropout) or spec.norm == "batch":
        raise ValueError("solver='lbfgs' needs the same objective at every step: neither dropout nor norm='batch'.")
    if estimator.averaging is not None:
        raise ValueError("solver='lbfgs' takes no steps that averaging could smooth.")
    if estimator.weight_decay:
        raise ValueError("solver='lbfgs' takes no steps between which weights could decay: use alpha.")


def solver_options(estimator: Any) -> dict[str, Any]:
    """What the kernel is told of the solver."""
    solver = estimator.solver
    decay = estimator.weight_decay
    if decay is None:
        decay = _ADAMW_DECAY if solver == "adamw" else 0.0
    return {
        "solver": kernels.NN_SOLVERS["adam" if solver == "adamw" else solver],
        "alpha": float(estimator.alpha),
        "weight_decay": float(decay),
        "momentum": float(estimator.momentum),
        "nesterov": bool(estimator.nesterovs_momentum),
        "beta_1": float(estimator.beta_1),
        "beta_2": float(estimator.rho if solver == "rmsprop" else estimator.beta_2),
        "epsilon": float(estimator.epsilon),
        "clip_norm": float(estimator.clip_norm or 0.0),
        "accumulate": int(estimator.accumulate),
    }
