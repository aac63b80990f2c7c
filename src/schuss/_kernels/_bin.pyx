# SPDX-License-Identifier: BSD-3-Clause
# cython: language_level=3, embedsignature=True
"""Bindings of binning: build the arguments, one call, check; and the binned table, which owns what kernels read."""
import contextlib
import mmap

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t

from schuss._kernels._core cimport *

cdef extern from *:
    """
    #ifdef __GLIBC__
    #  include <malloc.h>
    #  define trim_heap() malloc_trim(0)
    #else
    #  define trim_heap() 0
    #endif
    """
    int trim_heap()

MAX_BINS, MISSING_BIN, SET_WORDS = SCH_MAX_BINS, SCH_MISSING_BIN, SCH_SET_WORDS
NODE_MISSING_LEFT, NODE_CATEGORICAL, NODE_FEATURE = SCH_NODE_MISSING_LEFT, SCH_NODE_CATEGORICAL, SCH_NODE_FEATURE


cdef class Binned:
    """A table of bins, by tile of up to 16 features and by column.

    Attributes
    ----------
    tiles : uint8 array (ceil(d / 16), n, width), or None: boosting alone needs them, for trees to grow on the table.
        Features are dealt to them one by one; the width is even
    columns : uint8 array (d, n)
    tile_column, common : uint8 arrays (d,)
    tile_sparse : uint8 array (n_tiles,); see `sparse_tiles`, until which no column is sparse
    n_bins : int32 array (d,)
    has_missing, is_categorical : uint8 array (d,)
    """

    def __cinit__(self, int64_t n, n_bins, has_missing, is_categorical, *, bint by_tile=True):
        cdef int64_t d = n_bins.shape[0], stride = (n + 63) // 64 * 64
        self.n_bins, self.has_missing, self.is_categorical = n_bins, has_missing, is_categorical
        if by_tile:
            tiles = aligned_bytes(sch_tiles(d) * n * sch_tile_stride(d) + SCH_TILE_MARGIN)
            self.tiles = tiles[: -SCH_TILE_MARGIN].reshape(sch_tiles(d), n, sch_tile_stride(d))
        wide = aligned_bytes(d * stride).reshape(d, stride)
        wide[:, n:] = 0
        self.columns = wide[:, :n]
        self.tile_column, self.common = np.empty(d, np.uint8), np.zeros(d, np.uint8)
        self.tile_sparse = np.empty(sch_tiles(d), np.uint8)
        self.arrange()
        self.c.n, self.c.d, self.c.column_stride = n, d, stride
        self.c.tile_column = <const uint8_t *>write(self.tile_column, "tile_column", b"B", d)
        self.c.tile_sparse = <const uint8_t *>write(self.tile_sparse, "tile_sparse", b"B", sch_tiles(d))
        self.c.common = <const uint8_t *>write(self.common, "common", b"B", d)
        self.c.tiles = <const uint8_t *>write_or_null(self.tiles, "tiles", b"B", sch_tiles(d) * n * sch_tile_stride(d))
        self.c.columns = <const uint8_t *>write(wide, "columns", b"B", wide.size)
        self.c.n_bins = <const int32_t *>read(n_bins, "n_bins", b"i", d)
        self.c.has_missing = <const uint8_t *>read(has_missing, "has_missing", b"B", d)
        self.c.is_categorical = <const uint8_t *>read(is_categorical, "is_categorical", b"B", d)

    cdef int arrange(self) except -1:
        """Features in order in their tiles, no column sparse."""
        self.tile_column[:] = np.arange(len(self.tile_column)) // max(1, len(self.tile_sparse))
        self.tile_sparse[:] = 0
        return 0

    cdef int check_tiles(self) except -1:
        if self.tiles is None:
            raise ValueError("binned: expected a table with tiles")
        return 0

    def put(self, int64_t first, Binned part):
        """Copy all rows of another table, with the same layouts, to the rows from `first` on."""
        self.columns[:, first : first + part.c.n] = part.columns
        if self.tiles is not None:
            self.tiles[:, first : first + part.c.n] = part.tiles

    @property
    def n(self):
        return self.c.n

    @property
    def d(self):
        return self.c.d

    @property
    def nbytes(self):
        """Bytes of all layouts."""
        return (0 if self.tiles is None else self.tiles.nbytes) + self.c.d * self.c.column_stride


LINE, LARGE = 64, 2 << 20  # bytes: a cache line; for so many it pays to ask the system anew


def aligned_bytes(int64_t size):
    """Uninitialised uint8 array (size,) that begins at a cache line.

    Trees go through bins in any order: many stand on large pages, of which the processor remembers enough addresses.
    Only fresh memory is sure to get them; what was freed before, and NumPy may hand out, keeps the small pages it has.
    """
    if size >= LARGE and hasattr(mmap, "MADV_HUGEPAGE"):
        fresh = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        with contextlib.suppress(OSError):  # a system that does without large pages
            fresh.madvise(mmap.MADV_HUGEPAGE)
        return np.frombuffer(fresh, np.uint8)
    block = np.empty(size + LINE, np.uint8)
    start = -block.ctypes.data % LINE
    return block[start : start + size]


def give_back():
    """Return to the system what was freed: glibc keeps pages of arrays of some MB below others that are still used."""
    trim_heap()


def bin_bounds(Columns x, *, weight=None, rows=None, int64_t max_bins=MAX_BINS, skip=None, int n_threads=1,
               Scratch scratch=None):
    """Bounds between the bins of each column; weight int64 (n,), or rows bool (n,) to look at; skip uint8 (d,).

    Returns bounds (d, 256), of which n_bounds (d,) int32 are meant, and has_missing (d,) uint8.
    """
    cdef sch_bin_bounds_args a
    cdef sch_status status
    cdef const sch_bin_ops *kernels = ops().bin  # one instruction set for the size and the run
    cdef int64_t n = x.c.n, d = x.c.d
    if not 2 <= max_bins <= MAX_BINS or n >= 1 << 32:
        raise ValueError(f"expected 2 to {MAX_BINS} bins and less than 2**32 rows, got {max_bins} and {n}")
    if weight is not None and n and (weight.min() < 0 or weight.sum(dtype=np.float64) > 2.0**51):
        raise ValueError("weight: expected whole numbers of at least 0 whose sum is at most 2**51")
    if weight is not None and rows is not None:
        raise ValueError("expected weight or rows, not both")
    bounds, n_bounds, has_missing = np.empty((d, SCH_BIN_ROW)), np.zeros(d, np.int32), np.zeros(d, np.uint8)
    a.control, a.x, a.max_bins = control(n_threads), x.c, max_bins
    a.weight = <const int64_t *>read_or_null(weight, "weight", b"q", n)
    a.rows = <const uint8_t *>read_or_null(rows, "rows", b"B", n)
    a.skip = <const uint8_t *>read_or_null(skip, "skip", b"B", d)
    a.bounds = <double *>write(bounds, "bounds", b"d", d * SCH_BIN_ROW)
    a.n_bounds = <int32_t *>write(n_bounds, "n_bounds", b"i", d)
    a.has_missing = <uint8_t *>write(has_missing, "has_missing", b"B", d)
    scratch = Scratch() if scratch is None else scratch
    a.scratch = scratch.at_least(kernels.bin_bounds_scratch(&a))
    with nogil:
        status = kernels.bin_bounds(&a)
    check(status)
    return bounds, n_bounds, has_missing


def bin_table(Columns x, bounds, Binned out, *, codes=None, int n_threads=1):
    """Fill `out` with the bins of x: bounds (d, 256) of x's dtype, rising, infinity after the last.

    codes uint8 (d, 256): the bins of the values 0, 1, 2 ... where out.is_categorical.
    """
    cdef sch_bin_table_args a
    cdef sch_status status
    cdef int64_t d = x.c.d
    if (out.c.n, out.c.d) != (x.c.n, d):
        raise ValueError(f"out: expected {x.c.n} rows and {d} columns, got {out.c.n} and {out.c.d}")
    a.control, a.x = control(n_threads), x.c
    a.bounds = read(bounds, "bounds", x.kind, d * SCH_BIN_ROW)
    a.codes = <const uint8_t *>read_or_null(codes, "codes", b"B", d * SCH_BIN_ROW)
    a.is_categorical = NULL if codes is None else out.c.is_categorical
    a.tiles, a.columns, a.column_stride = <uint8_t *>out.c.tiles, <uint8_t *>out.c.columns, out.c.column_stride
    with nogil:
        status = ops().bin.bin_table(&a)
    check(status)
