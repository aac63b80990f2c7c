# SPDX-License-Identifier: BSD-3-Clause
# cython: language_level=3, embedsignature=True
"""Bindings of coordinate descent: build the arguments, one call, check."""
from libc.stdint cimport int64_t, uint64_t

from schuss._kernels._core cimport *


def gram_cd(gram, gradient, coef, *, double l1, double l2=0.0, penalty_factor=None, bint positive=False,
            coordinates=None, bint shuffle=False, uint64_t seed=0, uint64_t epoch=0, int64_t max_sweeps,
            double tol=0.0, residual=None, double gap_tol=0.0, Scratch scratch=None):
    """Coordinate descent on gram (d, d), in place on gradient and coef (k, d); returns (sweeps, largest change).

    With the squared norm of the residual it ends at a duality gap of gap_tol; returns (sweeps, residual, gap).
    """
    cdef sch_gram_cd_args a
    cdef sch_status status
    cdef const sch_cd_ops *kernels = ops().cd  # one instruction set for the size and the run
    a.control, a.n_tasks, a.d = control(1), coef.shape[0], gram.shape[0]
    a.gram = <const double *>read(gram, "gram", b"d", a.d * a.d)
    a.l1, a.l2, a.positive = l1, l2, positive
    a.penalty_factor = <const double *>read_or_null(penalty_factor, "penalty_factor", b"d", a.d)
    a.n_coordinates = a.d if coordinates is None else coordinates.shape[0]
    a.coordinates = <const int64_t *>read_or_null(coordinates, "coordinates", b"q", a.n_coordinates)
    if a.n_coordinates and coordinates is not None and (coordinates.min() < 0 or coordinates.max() >= a.d):
        raise ValueError(f"coordinates: expected numbers from 0 to {a.d - 1}")
    a.shuffle, a.seed, a.epoch, a.max_sweeps, a.tol = shuffle, seed, epoch, max_sweeps, tol
    if residual is not None and (penalty_factor is not None or gap_tol < 0.0):
        raise ValueError("residual: expected no penalty_factor, and a gap_tol of at least 0")
    a.residual, a.gap, a.gap_tol = 0.0 if residual is None else residual, 0.0, -1.0 if residual is None else gap_tol
    a.gradient = <double *>write(gradient, "gradient", b"d", a.n_tasks * a.d)
    a.coef = <double *>write(coef, "coef", b"d", a.n_tasks * a.d)
    scratch = Scratch() if scratch is None else scratch
    a.scratch = scratch.at_least(kernels.gram_cd_scratch(&a))
    with nogil:
        status = kernels.gram_cd(&a)
    check(status)
    if residual is not None:
        return a.n_sweeps, a.residual, a.gap
    return a.n_sweeps, a.largest_change
