# SPDX-License-Identifier: BSD-3-Clause
# cython: language_level=3, embedsignature=True
"""Bindings of dual coordinate descent: build the arguments, one call, check."""
import numpy as np

from libc.stdint cimport int64_t, uint64_t

from schuss._kernels._core cimport *


def dual_sweep(Table table, y, *, int loss, double loss_param=0.0, double intercept_square=0.0, cost,
               positive_cost=None, negative_cost=None, square, dual, coef, intercept, active, n_active, bound,
               uint64_t seed=0, uint64_t epoch=0, int n_threads=1, Scratch scratch):
    """One epoch in place on dual (k, n), coef (k, d), intercept (k,), active (k, n) and n_active (k,).

    Returns the k largest violations that were met.
    """
    cdef sch_dual_sweep_args a
    cdef sch_status status
    cdef const sch_dual_ops *kernels = ops().dual  # one instruction set for the size and the run
    cdef int64_t k = coef.shape[0], n = table.c.n, d = table.c.d
    positive_cost = np.ones(k) if positive_cost is None else positive_cost
    negative_cost = np.ones(k) if negative_cost is None else negative_cost
    violation = np.zeros(k)
    a.control, a.x, a.n_out = control(n_threads), table.c, k
    a.loss, a.loss_param, a.intercept_square = <sch_loss>loss, loss_param, intercept_square
    a.y, a.cost = read(y, "y", table.kind, n), <const double *>read(cost, "cost", b"d", n)
    a.positive_cost = <const double *>read(positive_cost, "positive_cost", b"d", k)
    a.negative_cost = <const double *>read(negative_cost, "negative_cost", b"d", k)
    a.square = <const double *>read(square, "square", b"d", n)
    a.seed, a.epoch = seed, epoch
    a.dual = <double *>write(dual, "dual", b"d", k * n)
    a.coef = write(coef, "coef", table.kind, k * d)
    a.intercept = <double *>write(intercept, "intercept", b"d", k)
    a.active = <int64_t *>write(active, "active", b"q", k * n)
    a.n_active = <int64_t *>write(n_active, "n_active", b"q", k)
    a.bound = <const double *>read(bound, "bound", b"d", k)
    a.violation = <double *>write(violation, "violation", b"d", k)
    a.scratch = scratch.at_least(kernels.dual_sweep_scratch(&a))
    with nogil:
        status = kernels.dual_sweep(&a)
    check(status)
    return violation


def crammer_singer_sweep(Table table, y, *, double intercept_square=0.0, cost, square, dual, coef, intercept, active,
                         n_active, double bound, uint64_t seed=0, uint64_t epoch=0, int n_threads=1, Scratch scratch):
    """One epoch in place on dual (n, k), coef (k, d), intercept (k,), active (n,) and n_active (1,).

    Returns the largest violation that was met.
    """
    cdef sch_crammer_singer_sweep_args a
    cdef sch_status status
    cdef const sch_dual_ops *kernels = ops().dual  # one instruction set for the size and the run
    cdef int64_t k = coef.shape[0], n = table.c.n, d = table.c.d
    a.control, a.x, a.n_classes, a.intercept_square = control(n_threads), table.c, k, intercept_square
    a.y, a.cost = read(y, "y", table.kind, n), <const double *>read(cost, "cost", b"d", n)
    a.square = <const double *>read(square, "square", b"d", n)
    a.seed, a.epoch, a.bound = seed, epoch, bound
    a.dual = <double *>write(dual, "dual", b"d", n * k)
    a.coef = write(coef, "coef", table.kind, k * d)
    a.intercept = <double *>write(intercept, "intercept", b"d", k)
    a.active = <int64_t *>write(active, "active", b"q", n)
    a.n_active, a.violation = n_active[0], 0.0
    a.scratch = scratch.at_least(kernels.crammer_singer_sweep_scratch(&a))
    with nogil:
        status = kernels.crammer_singer_sweep(&a)
    check(status)
    n_active[0] = a.n_active
    return a.violation
