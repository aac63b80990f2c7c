# SPDX-License-Identifier: BSD-3-Clause
"""One epoch on small problems, by the kernel and by the reference, under the same names."""

import numpy as np
from reference import linear as reference
from reference.loss import LOSSES
from tolerance import assert_close, tol

from schuss import _kernels as kernels

PARAM = 0.75  # of the losses that have one; exact in binary
ALPHA = 0.01  # of the `optimal` schedule
STATE = ("coef", "intercept", "average_coef", "average_intercept", "l1_total", "l1_applied")


def fresh_state(p, average=True):
    """The arrays that an epoch changes in place."""
    k, d = p.coef.shape
    real = p.x.dtype
    state = {
        "coef": p.coef.copy(),
        "intercept": p.intercept.copy(),
        "l1_total": np.zeros(k),
        "l1_applied": np.zeros((k, d), real),
    }
    if average:
        state |= {"average_coef": np.zeros((k, d), real), "average_intercept": np.zeros(k, real)}
    return state


def arguments(p, loss, options, average_anyway=False):
    """Keyword arguments that kernel and reference share, with a step size that keeps the epoch stable."""
    k = len(p.coef)
    o = dict(options)
    rng = np.random.default_rng(p.seed)
    norm = 1 + np.max(np.sum(np.float64(p.x) ** 2, axis=1), initial=0)
    eta = o.pop("rate") / norm
    if o["schedule"] == "optimal":  # eta / (optimal_init + t - 1) with eta = 1 / alpha
        o["optimal_init"], eta = 1 / (ALPHA * eta), 1 / ALPHA
    if not average_anyway and (o["l1"] > 0 or o["batch_size"] > 1):
        o["average_start"] = 0  # these together have tests of their own
    class_weights = o.pop("class_weights")
    o["sample_weight"] = p.weight
    o["eta"] = eta * (1 + np.arange(k) / k)
    o["positive_weight"] = rng.random(k) * 2 if class_weights else np.ones(k)
    o["negative_weight"] = rng.random(k) * 2 if class_weights else np.ones(k)
    o["active"] = (rng.random(k) < 0.7).astype(np.uint8) if k > 1 else np.ones(1, np.uint8)
    n = len(p.x)
    o["rows"] = np.sort(rng.choice(n, max(1, n // 2), replace=False)) if o.pop("subset_of_rows") else None
    return o | {"loss": loss, "loss_param": PARAM}


def run_kernel(p, shared, *, sparse=False, index_dtype=np.int32, halved=False, n_threads=1, state=None):
    """The state after one epoch of the kernel, and its loss sums."""
    o = dict(shared)
    state = fresh_state(p, average=o["average_start"] > 0) if state is None else state
    o["loss"] = kernels.LOSSES[o["loss"]]
    o["schedule"] = kernels.SCHEDULES[o["schedule"]]
    table = kernels.Table(p.csr(index_dtype, halved) if sparse else p.x)
    loss_sum = kernels.sgd_sweep(table, p.y, **state, **o, n_threads=n_threads, scratch=kernels.Scratch())
    return state | {"loss_sum": loss_sum}


def visiting_order(p, o, sparse):
    """The rows as the kernel visits them."""
    rows = np.arange(len(p.x)) if o["rows"] is None else o["rows"]
    if not o["shuffle"]:
        return rows
    table = kernels.Table(p.csr()[: len(rows)] if sparse else p.x[: len(rows)])
    position = np.empty(len(rows), np.int64)
    kernels.visiting_order(table, position, seed=o["seed"], epoch=o["epoch"])
    return rows[position]


def run_reference(p, shared, *, sparse=False, state=None):
    """The same by the reference, and how near a margin came to a jump of the gradient."""
    o = dict(shared)
    start = fresh_state(p) if state is None else state
    order = visiting_order(p, o, sparse)
    for name in ("rows", "shuffle", "seed", "epoch"):
        del o[name]
    stored = np.asarray(p.x != 0) if sparse else None
    outputs = reference.sgd_sweep(p.x, p.y, **start, order=order, stored=stored, **o)
    result = {name: np.array([getattr(out, name) for out in outputs]) for name in (*STATE, "loss_sum")}
    return result, min(out.nearest_kink for out in outputs)


def check(got, want, p, active=None):
    """Compare states: parameters relative to the largest one, losses relative to their terms."""
    n, d = p.shape
    room = tol(p.x.dtype, n * max(d, 1))
    size = 1 + np.max(np.abs(p.coef), initial=0)
    for name in STATE:
        if name in got:
            assert_close(got[name], want[name], room, scale=size)
    # What the losses of an output that no longer trains add up to is left open.
    trained = slice(None) if active is None else active.astype(bool)
    assert_close(got["loss_sum"][trained], want["loss_sum"][trained], room, scale=loss_terms(p))


def loss_terms(p):
    margin = np.abs(p.x).astype(float) @ np.abs(p.coef).astype(float).T + np.abs(p.intercept)
    return np.sum((1 + np.abs(p.y)[:, None] + margin) ** 2)


def targets(loss):
    return LOSSES[loss].targets
