# SPDX-License-Identifier: BSD-3-Clause
"""Networks with data, as arrays in one block and as the naive reference sees them; weights of a fitted estimator."""

from itertools import pairwise
from math import ceil

import numpy as np
import scipy.sparse as sp
from reference.nn import Net, nn_train
from tolerance import assert_close, tol

from schuss import _kernels as kernels

HEADS = [
    {"loss": "softmax"},
    {"loss": "softmax", "smoothing": 0.1},
    {"loss": "softmax", "focal": 2.0},
    {"loss": "logistic"},
    {"loss": "logistic", "smoothing": 0.2},
    {"loss": "logistic", "focal": 1.5},
    {"loss": "squared"},
    {"loss": "absolute"},
    {"loss": "huber", "loss_param": 0.7},
    {"loss": "quantile", "loss_param": 0.3},
    {"loss": "poisson"},
    {"loss": "gamma"},
]
LAYERS = [
    *({"activation": name} for name in kernels.NN_ACTIVATIONS),
    {"activation": "tanh", "norm": "batch"},
    {"activation": "silu", "norm": "layer"},
    {"activation": "gelu", "norm": "batch", "dropout": 0.3},
    {"activation": "elu", "norm": "layer", "dropout": 0.5},
    {"activation": ["relu", "tanh"], "dropout": 0.4},
]
SOLVERS = [*kernels.NN_SOLVERS]
SOLVER_OPTIONS = [
    {},
    {"alpha": 0.5},
    {"weight_decay": 0.1},
    {"clip_norm": 0.2, "alpha": 0.5},
    {"accumulate": 2, "alpha": 0.5},
    {"accumulate": 99},
    {"average_decay": 0.9},
]
STATE = ("parameters", "first", "second", "average")
MEMORY = {"momentum": 0.9, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4, "nesterov": True}


def views(block, shapes):
    """Arrays of these shapes, one after the other in a block."""
    result, at = [], 0
    for shape in shapes:
        size = int(np.prod(shape))
        result.append(block[at : at + size].reshape(shape))
        at += size
    return result


class Case:
    """A network, its data and its options."""

    def __init__(self, units, dtype, seed=0, *, n=50, activation="tanh", norm=None, dropout=0.0, loss="squared",
                 sparse=False, weighted=False, columns=(), **head):  # fmt: skip
        """columns: for each of x (levels, width), width 0 for one-hot, levels 0 for numbers; units[0] follows."""
        rng = np.random.default_rng(seed)
        self.columns = columns
        self.widths = [width if levels and width else levels + 1 for levels, width in columns]
        units = [sum(self.widths), *units[1:]] if columns else units
        self.dtype, self.units, hidden = np.dtype(dtype), list(units), list(units[1:-1])
        tables = [(levels + 1, width) for levels, width in columns if width]
        shapes = [*tables, *pairwise(units), *((u,) for u in units[1:])]
        if norm:
            shapes += [(u,) for u in hidden] * 2
        self.shapes = shapes
        self.block = rng.normal(size=sum(int(np.prod(s)) for s in shapes)).astype(dtype)
        parts = views(self.block, shapes)
        tables, parts = iter(parts[: len(tables)]), parts[len(tables) :]
        n_layers, n_hidden = len(units) - 1, len(hidden)
        for coef in parts[:n_layers]:
            coef /= np.sqrt(coef.shape[0])
        activations = [activation] * n_hidden if isinstance(activation, str) else activation
        rest = parts[2 * n_layers :]
        self.net = Net(
            parts[:n_layers], parts[n_layers : 2 * n_layers], activations,
            [dropout] * n_hidden if dropout else [], norm, rest[:n_hidden], rest[n_hidden:],
            [np.zeros(u, dtype) for u in hidden] if norm == "batch" else [],
            [np.ones(u, dtype) for u in hidden] if norm == "batch" else [],
            loss, **head, levels=[levels for levels, _ in columns],
            tables=[next(tables) if width else None for _, width in columns],
        )  # fmt: skip
        self.n_weights = sum(c.size for c in self.net.penalised())
        self.x = self._rows(rng, n).astype(dtype)
        if sparse:
            self.x[rng.random(self.x.shape) < 0.6] = 0
        self.table = kernels.Table(sp.csr_array(self.x) if sparse else self.x)
        self.y = self._target(rng, n, units[-1], loss).astype(dtype)
        self.weight = rng.integers(0 if n > 1 else 1, 4, n).astype(dtype) if weighted else None

    def _rows(self, rng, n):
        """Numbers; of categories some unknown, missing or between two codes."""
        if not self.columns:
            return rng.normal(size=(n, self.units[0]))
        x = rng.normal(size=(n, len(self.columns)))
        for j, (levels, _) in enumerate(self.columns):
            if levels:
                odd = rng.choice([np.nan, -1.0, levels, 0.5, np.inf, 1e30], n)
                x[:, j] = np.where(rng.random(n) < 0.2, odd, rng.integers(0, levels, n))
        return x

    @staticmethod
    def _target(rng, n, n_out, loss):
        if loss == "softmax":
            return rng.integers(0, n_out, n)
        if loss == "logistic":
            return rng.integers(0, 2, (n, n_out))
        y = rng.normal(size=(n, n_out))
        return np.exp(y) if loss == "gamma" else (np.floor(np.exp(y)) if loss == "poisson" else y)

    @property
    def weights(self):
        return np.ones(len(self.x)) if self.weight is None else self.weight

    def network(self, block=None, statistics=True):
        """The kernels' view of it: on its own block, or on another."""
        net, n = self.net, len(self.net.coefs)
        parts = views(self.block if block is None else block, self.shapes)
        n_tables = len(net.learnt_tables())
        tables, parts = iter(parts[:n_tables]), parts[n_tables:]
        hidden = n - 1
        self.means, self.variances = ([a.copy() for a in b] for b in (net.means, net.variances))
        return kernels.Network(
            parts[:n], parts[n : 2 * n], activations=[kernels.NN_ACTIVATIONS[a] for a in net.activations],
            dropout=net.dropout, norm=net.norm, gains=parts[2 * n :][:hidden] if net.norm else [],
            shifts=parts[2 * n + hidden :] if net.norm else [], means=self.means, variances=self.variances,
            loss=kernels.NN_LOSSES[net.loss], loss_param=net.loss_param, smoothing=net.smoothing, focal=net.focal,
            levels=net.levels, tables=[None if table is None else next(tables) for table in net.tables],
        )  # fmt: skip

    def flat(self, arrays):
        return np.concatenate([np.ravel(a) for a in arrays])

    def train(self, solver="adam", *, batch_size=16, rates=None, n_threads=1, **options):
        """One epoch; returns everything that may have changed, by name."""
        n_steps = ceil(ceil(len(self.x) / batch_size) / options.get("accumulate", 1))
        rates = np.linspace(0.01, 0.005, n_steps) if rates is None else rates
        state = {"parameters": self.block.copy()}
        for name in ("gradient", "first", "second"):
            state[name] = np.zeros_like(self.block)
        state["average"] = self.block.copy()
        network = self.network(state["parameters"])
        result = kernels.nn_train(
            network, self.table, self.y, weight=self.weight, batch_size=batch_size, n_weights=self.n_weights,
            solver=kernels.NN_SOLVERS[solver], rates=rates, n_threads=n_threads, scratch=kernels.Scratch(),
            **MEMORY, **options, **state,
        )  # fmt: skip
        state["loss"], state["penalty"] = result[:2]
        if self.net.norm == "batch":
            state["statistics"] = np.concatenate([*self.means, *self.variances])
        return state

    def reference_train(self, solver="adam", *, batch_size=16, rates=None, order=None, **options):
        """The same by the naive reference."""
        n_steps = ceil(ceil(len(self.x) / batch_size) / options.get("accumulate", 1))
        rates = np.linspace(0.01, 0.005, n_steps) if rates is None else rates
        order = np.arange(len(self.x)) if order is None else order
        net, first, second, average, loss, penalty = nn_train(
            self.net, self.x, self.y, np.asarray(self.weights), order=order, batch_size=batch_size, solver=solver,
            rates=rates, **MEMORY, **options,
        )  # fmt: skip
        state = {"parameters": net.parameters(), "first": first, "second": second, "average": average}
        if self.net.norm == "batch":
            state["statistics"] = [*net.means, *net.variances]
        return {name: self.flat(arrays) for name, arrays in state.items()} | {"loss": loss, "penalty": penalty}

    def gradient(self, block, *, batch_size=None, n_threads=1, seed=0):
        """Mean loss and its gradient at other parameters."""
        out = np.zeros_like(block)
        loss, *_ = kernels.nn_train(
            self.network(block), self.table, self.y, weight=self.weight, batch_size=batch_size or len(self.x),
            update=False, normaliser=float(np.sum(self.weights)), parameters=block, gradient=out,
            n_weights=self.n_weights, n_threads=n_threads, seed=seed, scratch=kernels.Scratch(),
        )  # fmt: skip
        return loss, out


def name_of(options):
    return "-".join(str(value) for value in options.values())


def assert_trained_alike(case, solver, got, want, n):
    """Every part of the state, relative to its largest entry."""
    for name in (*STATE, "statistics"):
        if name in want and not (name == "first" and solver in ("rmsprop", "adagrad")):
            room = 300 * tol(case.dtype, n) * max(1.0, float(np.abs(want[name]).max()))
            assert_close(got[name].astype(float), want[name].astype(float), room, scale=1.0)
    assert_close(got["loss"], float(want["loss"]), 100 * tol(case.dtype, n))
    assert_close(got["penalty"], float(want["penalty"]), 100 * tol(case.dtype, n))


def assert_gradient_is_the_slope(case):
    """Central differences along random directions and single coordinates, in float64."""
    rng = np.random.default_rng(3)
    _, gradient = case.gradient(case.block)
    for trial in range(12):
        direction = rng.normal(size=case.block.shape)
        if trial < 4:
            direction = np.eye(1, direction.size, rng.integers(direction.size)).ravel()
        h = 1e-5
        ahead, behind = (case.gradient(case.block + s * h * direction)[0] for s in (1, -1))
        far_ahead, far_behind = (case.gradient(case.block + s * h * direction)[0] for s in (2, -2))
        slope = (8 * (ahead - behind) - (far_ahead - far_behind)) / (12 * h)
        scale = max(abs(slope), float(np.linalg.norm(gradient)) * float(np.linalg.norm(direction)) * 1e-2)
        assert abs(slope - gradient @ direction) < 1e-6 * scale


def parameters_of(model):
    """All weights of a fitted estimator, in one vector."""
    return np.concatenate([np.ravel(a) for a in (*model.coefs_, *model.intercepts_)])
