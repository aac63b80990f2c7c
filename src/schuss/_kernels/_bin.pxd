# SPDX-License-Identifier: BSD-3-Clause
from schuss._kernels._core cimport sch_binned


cdef class Binned:
    """What tree kernels read: `binned.c`, valid as long as the object lives."""
    cdef sch_binned c
    cdef readonly object tiles, columns, n_bins, has_missing, is_categorical
    cdef readonly object tile_column, tile_sparse, common
    cdef int arrange(self) except -1
    cdef int check_tiles(self) except -1
