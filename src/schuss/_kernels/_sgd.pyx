# SPDX-License-Identifier: BSD-3-Clause
# cython: language_level=3, embedsignature=True
"""Bindings of stochastic gradient descent: build the arguments, one call, check."""
import numpy as np

from libc.stdint cimport int64_t, uint8_t, uint64_t

from schuss._kernels._core cimport *


cdef int check_beside(int loss, int optimizer, double clipping, double l1, bint no_debts, first, second) except -1:
    """What some options need beside them."""
    cdef bint plain = optimizer == SCH_OPTIMIZER_SGD and clipping == 0.0 and loss != SCH_LOSS_SOFTMAX
    cdef bint needs_first = optimizer not in (SCH_OPTIMIZER_SGD, SCH_OPTIMIZER_ADAGRAD, SCH_OPTIMIZER_RMSPROP)
    if plain and l1 > 0.0 and no_debts:
        raise ValueError("l1: expected l1_total and l1_applied beside it")
    if (needs_first and first is None) or (optimizer >= SCH_OPTIMIZER_ADAGRAD and second is None):
        raise ValueError("optimizer: expected its state beside it")
    return 0


cdef int check_steps(int64_t batch_size, int64_t start, coef, intercept) except -1:
    if batch_size < 1:
        raise ValueError(f"batch_size: expected at least 1, got {batch_size}")
    if (coef is None) != (intercept is None) or (start > 0 and coef is None):
        raise ValueError("average_start: expected average_coef and average_intercept beside it")
    return 0


def sgd_sweep(Table table, y, coef, intercept, *, int loss, double loss_param=0.0, double l1=0.0, double l2=0.0,
              int schedule=0, eta, double power_t=0.5, double optimal_init=0.0, double t=1.0, bint fit_intercept=True,
              double intercept_decay=1.0, double intercept_slope=0.0, sample_weight=None, positive_weight=None,
              negative_weight=None, active=None, int64_t average_start=0, average_coef=None, average_intercept=None,
              l1_total=None, l1_applied=None, int optimizer=0, double momentum=0.0, double memory=0.0,
              double damping=0.0, double clip_norm=0.0, double clip_value=0.0, double steps=0.0, first=None,
              second=None, double horizon=1.0, double warmup=0.0,
              rows=None, bint shuffle=True, uint64_t seed=0, uint64_t epoch=0, int64_t batch_size=1, int n_threads=1,
              Scratch scratch):
    """One epoch of SGD in place on coef (k, d) and intercept (k,); returns the k sums of losses before each update."""
    cdef sch_sgd_sweep_args a
    cdef sch_status status
    cdef const sch_sgd_ops *kernels = ops().sgd  # one instruction set for the size and the run
    cdef int64_t k = coef.shape[0], n = table.c.n, d = table.c.d
    cdef char kind = table.kind
    positive_weight = np.ones(k) if positive_weight is None else positive_weight
    negative_weight = np.ones(k) if negative_weight is None else negative_weight
    active = np.ones(k, dtype=np.uint8) if active is None else active
    loss_sum = np.zeros(k)
    check_beside(loss, optimizer, clip_norm + clip_value, l1, l1_total is None or l1_applied is None, first, second)
    check_steps(batch_size, average_start, average_coef, average_intercept)
    a.control, a.x, a.n_out = control(n_threads), table.c, k
    a.loss, a.loss_param, a.l1, a.l2 = <sch_loss>loss, loss_param, l1, l2
    a.schedule, a.power_t, a.optimal_init, a.t = <sch_schedule>schedule, power_t, optimal_init, t
    a.batch_size, a.fit_intercept = batch_size, fit_intercept
    a.intercept_decay, a.intercept_slope = intercept_decay, intercept_slope
    a.eta = <const double *>read(eta, "eta", b"d", k)
    a.positive_weight = <const double *>read(positive_weight, "positive_weight", b"d", k)
    a.negative_weight = <const double *>read(negative_weight, "negative_weight", b"d", k)
    a.active = <const uint8_t *>read(active, "active", b"B", k)
    a.y, a.sample_weight = read(y, "y", kind, n), read_or_null(sample_weight, "sample_weight", kind, n)
    a.n_rows = n if rows is None else rows.shape[0]
    a.optimizer, a.momentum, a.memory, a.damping = <sch_optimizer>optimizer, momentum, memory, damping
    a.clip_norm, a.clip_value, a.steps, a.horizon, a.warmup = clip_norm, clip_value, steps, horizon, warmup
    a.first = write_or_null(first, "first", kind, (d + 1) * k)
    a.second = write_or_null(second, "second", kind, (d + 1) * k)
    a.rows = <const int64_t *>read_or_null(rows, "rows", b"q", a.n_rows)
    a.shuffle, a.seed, a.epoch, a.average_start = shuffle, seed, epoch, average_start
    a.coef, a.intercept = write(coef, "coef", kind, k * d), write(intercept, "intercept", kind, k)
    a.average_coef = write_or_null(average_coef, "average_coef", kind, k * d)
    a.average_intercept = write_or_null(average_intercept, "average_intercept", kind, k)
    a.l1_total = <double *>write_or_null(l1_total, "l1_total", b"d", k)
    a.l1_applied = write_or_null(l1_applied, "l1_applied", kind, k * d)
    a.loss_sum = <double *>write(loss_sum, "loss_sum", b"d", k)
    a.scratch = scratch.at_least(kernels.sgd_sweep_scratch(&a))
    with nogil:
        status = kernels.sgd_sweep(&a)
    check(status)
    return loss_sum


def visiting_order(Table table, order, *, uint64_t seed, uint64_t epoch):
    """order (n,) int64 = the rows in the order in which a shuffled sweep visits them."""
    cdef sch_visiting_order_args a
    cdef const sch_sgd_ops *kernels = ops().sgd
    cdef Scratch scratch = Scratch()
    a.control, a.x, a.seed, a.epoch = control(1), table.c, seed, epoch
    a.order = <int64_t *>write(order, "order", b"q", a.x.n)
    a.scratch = NULL
    a.scratch = scratch.at_least(kernels.visiting_order(&a))
    with nogil:
        kernels.visiting_order(&a)
