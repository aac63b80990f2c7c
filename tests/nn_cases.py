# SPDX-License-Identifier: BSD-3-Clause
"""Networks with data, as arrays in one block and as the naive reference sees them; weights of a fitted estimator."""

from itertools import pairwise
from math import ceil

import numpy as np
import scipy.sparse as sp
from reference.nn import Net, nn_train

from schuss import _kernels as kernels

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
                 sparse=False, weighted=False, **head):  # fmt: skip
        rng = np.random.default_rng(seed)
        self.dtype, self.units, hidden = np.dtype(dtype), list(units), list(units[1:-1])
        shapes = [*pairwise(units), *((u,) for u in units[1:])]
        if norm:
            shapes += [(u,) for u in hidden] * 2
        self.shapes = shapes
        self.block = rng.normal(size=sum(int(np.prod(s)) for s in shapes)).astype(dtype)
        parts = views(self.block, shapes)
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
            loss, **head,
        )  # fmt: skip
        self.n_weights = sum(c.size for c in self.net.coefs)
        self.x = rng.normal(size=(n, units[0])).astype(dtype)
        if sparse:
            self.x[rng.random(self.x.shape) < 0.6] = 0
        self.table = kernels.Table(sp.csr_array(self.x) if sparse else self.x)
        self.y = self._target(rng, n, units[-1], loss).astype(dtype)
        self.weight = rng.integers(0 if n > 1 else 1, 4, n).astype(dtype) if weighted else None

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
        hidden = n - 1
        self.means, self.variances = ([a.copy() for a in b] for b in (net.means, net.variances))
        return kernels.Network(
            parts[:n], parts[n : 2 * n], activations=[kernels.NN_ACTIVATIONS[a] for a in net.activations],
            dropout=net.dropout, norm=net.norm, gains=parts[2 * n :][:hidden] if net.norm else [],
            shifts=parts[2 * n + hidden :] if net.norm else [], means=self.means, variances=self.variances,
            loss=kernels.NN_LOSSES[net.loss], loss_param=net.loss_param, smoothing=net.smoothing, focal=net.focal,
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


def parameters_of(model):
    """All weights of a fitted estimator, in one vector."""
    return np.concatenate([np.ravel(a) for a in (*model.coefs_, *model.intercepts_)])
