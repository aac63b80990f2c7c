# SPDX-License-Identifier: BSD-3-Clause
# cython: language_level=3, embedsignature=True
"""Owner of the compiled kernels: dispatch, thread pool, tables, and the checks at the boundary."""
import os
import threading

import numpy as np

from cpython.buffer cimport (
    PyBUF_C_CONTIGUOUS, PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer,
)


cdef extern from "Python.h":
    # Declared without `except`, so that an exception which a signal handler raised stays pending across the kernel.
    int PyErr_CheckSignals() noexcept
    void *PyErr_Occurred() noexcept
    unsigned long PyThread_get_thread_ident() noexcept


cdef int poll_signals() noexcept with gil:
    return PyErr_CheckSignals()


cdef const sch_ops *ops() noexcept nogil:
    return sch_ops_current()


cdef int check(sch_status status) except -1:
    if status == SCH_OK:
        return 0
    message = sch_status_text(status).decode()
    if status == SCH_CANCELLED:
        if PyErr_Occurred():
            return -1
        raise KeyboardInterrupt(message)
    if status == SCH_NONFINITE:
        raise FloatingPointError(message)
    raise SystemError(message)


cdef sch_control control(int n_threads) except *:
    """Python runs its signal handlers on the main thread alone: elsewhere asking would only wait for the lock."""
    cdef sch_control c
    c.n_threads = n_threads if n_threads > 1 else 1
    c.poll = NULL
    if PyThread_get_thread_ident() == threading.main_thread().ident:
        c.poll = poll_signals
    return c


# ---------------------------------------------------------------- buffers
# A kind is the element type of a buffer: 'f' float32, 'd' float64, 'i' int32, 'q' int64, 'B' uint8.

cdef char kind_in(const char *format, Py_ssize_t itemsize) noexcept:
    cdef char c = format[0]
    if c == b"l" or c == b"q":
        return b"q" if itemsize == 8 else b"i"
    if c == b"?":
        return b"B"
    return c


cdef char kind_of(object array) except 0:
    cdef Py_buffer view
    PyObject_GetBuffer(array, &view, PyBUF_FORMAT | PyBUF_STRIDES)
    cdef char kind = kind_in(view.format, view.itemsize)
    PyBuffer_Release(&view)
    return kind


cdef char real_kind_of(object array) except 0:
    """The kind of an array that has to be float32 or float64."""
    cdef char kind = kind_of(array)
    if kind != b"f" and kind != b"d":
        raise TypeError(f"expected float32 or float64, aligned in memory, got {array.dtype}")
    return kind


cdef sch_dtype dtype_of_kind(char kind) noexcept:
    return SCH_F32 if kind == b"f" else SCH_F64


cdef void *address(object array, str name, char kind, int64_t size, int flags) except? NULL:
    """Pointer to a C-contiguous buffer of `size` elements; the caller keeps the array alive."""
    cdef Py_buffer view
    PyObject_GetBuffer(array, &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS | flags)
    cdef void *pointer = view.buf
    cdef int64_t length = view.len // view.itemsize
    cdef char found = kind_in(view.format, view.itemsize)
    PyBuffer_Release(&view)
    if found != kind:
        raise TypeError(f"{name}: expected elements of kind {chr(kind)!r}, got {chr(found)!r}")
    if length != size:
        raise ValueError(f"{name}: expected {size} elements, got {length}")
    return pointer


cdef const void *read(object array, str name, char kind, int64_t size) except? NULL:
    return address(array, name, kind, size, 0)


cdef const void *read_or_null(object array, str name, char kind, int64_t size) except? NULL:
    return NULL if array is None else address(array, name, kind, size, 0)


cdef void *write(object array, str name, char kind, int64_t size) except? NULL:
    return address(array, name, kind, size, PyBUF_WRITABLE)


cdef void *write_or_null(object array, str name, char kind, int64_t size) except? NULL:
    return NULL if array is None else address(array, name, kind, size, PyBUF_WRITABLE)


cdef class Scratch:
    """Work memory of the kernels: grows to what the largest call needs, 64-byte aligned.

    An array of NumPy's, which asks the system for large pages: kernels go through it in any order.
    """

    cdef void *at_least(self, int64_t size) except? NULL:
        if size > self.size:
            self.block, self.start, self.size = None, NULL, 0
            self.block = np.empty(size + 64, np.uint8)
            self.start = <char *>write(self.block, "scratch", b"B", size + 64)
            self.start += 64 - <size_t>self.start % 64
            self.size = size
        return self.start


cdef int check_compressed(object indices, object indptr, str starts, str places, int64_t n_places) except -1:
    """Insist on sound indices: kernels write through them, and neither scipy nor scikit-learn looks."""
    nnz = indices.shape[0]
    if indptr[0] != 0 or indptr[-1] > nnz or (np.diff(indptr) < 0).any():
        raise ValueError(f"x.indptr: expected {starts} starts that rise from 0 to the number of non-zeros")
    if nnz and (indices.min() < 0 or indices.max() >= n_places):
        raise ValueError(f"x.indices: expected {places}s from 0 to {n_places - 1}")


cdef class Table:
    """Features as the kernels see them: a dense array with contiguous rows, or a scipy CSR matrix.

    Holds references to the arrays, copies nothing.
    """

    def __cinit__(self, x):
        self.c.n, self.c.d = x.shape
        if getattr(x, "format", None) == "csr":
            self.use_csr(x)
        else:
            self.use_dense(x)
        self.c.dtype = dtype_of_kind(self.kind)

    cdef int use_dense(self, object x) except -1:
        cdef Py_buffer view
        self.kind = real_kind_of(x)
        PyObject_GetBuffer(x, &view, PyBUF_FORMAT | PyBUF_STRIDES)
        self.c.data = view.buf
        cdef Py_ssize_t row = view.strides[0], column = view.strides[1], itemsize = view.itemsize
        PyBuffer_Release(&view)
        if self.c.d > 1 and column != itemsize:
            raise ValueError("x: rows must be contiguous")
        if self.c.n > 1 and (row % itemsize or row < self.c.d * itemsize):
            raise ValueError("x: rows must not overlap")
        self.c.storage = SCH_DENSE
        self.c.row_stride = row // itemsize if self.c.n > 1 else self.c.d
        self.owners = (x,)

    cdef int use_csr(self, object x) except -1:
        values, indices, indptr = x.data, x.indices, x.indptr
        cdef char index_kind = kind_of(indices)
        self.kind = real_kind_of(values)
        self.c.storage = SCH_CSR32 if index_kind == b"i" else SCH_CSR64
        self.c.row_stride = 0
        self.c.data = read(values, "x.data", self.kind, indices.shape[0])
        self.c.indices = read(indices, "x.indices", index_kind, indices.shape[0])
        self.c.indptr = read(indptr, "x.indptr", index_kind, self.c.n + 1)
        check_compressed(indices, indptr, "row", "column", self.c.d)
        self.owners = (x, values, indices, indptr)

    @property
    def n(self):
        return self.c.n

    @property
    def d(self):
        return self.c.d

    @property
    def is_sparse(self):
        return self.c.storage != SCH_DENSE

    @property
    def dtype(self):
        return np.dtype("float32" if self.kind == b"f" else "float64")


cdef class Columns:
    """Features by column, as coordinate descent wants them: a dense array of any layout, or a scipy CSC matrix.

    Holds references to the arrays, copies nothing.
    """

    def __cinit__(self, x):
        self.c.n, self.c.d = x.shape
        if getattr(x, "format", None) == "csc":
            self.use_csc(x)
        else:
            self.use_strided(x)
        self.c.dtype = dtype_of_kind(self.kind)

    cdef int use_strided(self, object x) except -1:
        cdef Py_buffer view
        self.kind = real_kind_of(x)
        PyObject_GetBuffer(x, &view, PyBUF_FORMAT | PyBUF_STRIDES)
        self.c.data = view.buf
        cdef Py_ssize_t row = view.strides[0], column = view.strides[1], itemsize = view.itemsize
        PyBuffer_Release(&view)
        if row % itemsize or column % itemsize:
            raise ValueError("x: elements must be aligned with each other")
        self.c.storage = SCH_STRIDED
        self.c.row_stride = row // itemsize if self.c.n > 1 else 1
        self.c.column_stride = column // itemsize
        self.owners = (x,)

    cdef int use_csc(self, object x) except -1:
        values, indices, indptr = x.data, x.indices, x.indptr
        cdef char index_kind = kind_of(indices)
        self.kind = real_kind_of(values)
        self.c.storage = SCH_CSC32 if index_kind == b"i" else SCH_CSC64
        self.c.row_stride = self.c.column_stride = 0
        self.c.data = read(values, "x.data", self.kind, indices.shape[0])
        self.c.indices = read(indices, "x.indices", index_kind, indices.shape[0])
        self.c.indptr = read(indptr, "x.indptr", index_kind, self.c.d + 1)
        check_compressed(indices, indptr, "column", "row", self.c.n)
        self.owners = (x, values, indices, indptr)

    @property
    def n(self):
        return self.c.n

    @property
    def d(self):
        return self.c.d

    @property
    def dtype(self):
        return np.dtype("float32" if self.kind == b"f" else "float64")


# ---------------------------------------------------------------- instruction sets

def isa_compiled():
    """Names of the instruction sets in this build, best last."""
    return [sch_ops_name(row).decode() for row in range(sch_ops_count())]


def isa_supported():
    """Those of them that this CPU can run."""
    return [sch_ops_name(row).decode() for row in range(sch_ops_count()) if sch_ops_supported(row)]


def isa_in_use():
    """Name of the instruction set that the kernels use now."""
    return sch_ops_current().name.decode()


def select_isa(name=None):
    """Use this instruction set from now on, in the whole process; None: the best that the CPU supports."""
    encoded = None if name is None else name.encode()
    cdef sch_status status = sch_ops_select(NULL if encoded is None else <const char *>encoded)
    if status == SCH_ISA_UNAVAILABLE:
        raise ValueError(f"instruction set {name!r}: expected one of {isa_supported()}")
    check(status)


cdef extern from *:
    """
    #if defined(__clang__)
    static const char sch_compiler[] = "clang " __clang_version__;
    #elif defined(__GNUC__)
    static const char sch_compiler[] = "gcc " __VERSION__;
    #else
    static const char sch_compiler[] = "unknown";
    #endif
    """
    const char *sch_compiler


def compiler():
    """The C compiler that built the kernels."""
    return sch_compiler.decode()


LOSSES = {sch_loss_name(<sch_loss>code).decode(): code for code in range(SCH_N_LOSSES)}
OPTIMIZERS = {sch_optimizer_name(<sch_optimizer>code).decode(): code for code in range(SCH_N_OPTIMIZERS)}
SCHEDULES = {sch_schedule_name(<sch_schedule>code).decode(): code for code in range(SCH_N_SCHEDULES)}

try:
    select_isa(os.environ.get("SCHUSS_ISA") or None)
except ValueError as error:
    raise ImportError(f"SCHUSS_ISA: {error}", name="SCHUSS_ISA") from None
