# SPDX-License-Identifier: BSD-3-Clause
# cython: language_level=3, embedsignature=True
"""Bindings of fully connected networks: build the arguments, one call, check."""
import numpy as np

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_STRIDES, PyBuffer_Release, PyObject_GetBuffer
from libc.math cimport isfinite, isnan
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport calloc, free

from schuss._kernels._core cimport *

cdef extern from *:
    """
    #include "sch/nn.h"
    #define NN_NAME(name, text) text,
    static const char *const nn_activations[] = {SCH_NN_ACTIVATION_LIST(NN_NAME)};
    static const char *const nn_losses[] = {SCH_NN_LOSS_LIST(NN_NAME)};
    static const char *const nn_solvers[] = {SCH_NN_SOLVER_LIST(NN_NAME)};
    #undef NN_NAME
    """
    const char *const *nn_activations
    const char *const *nn_losses
    const char *const *nn_solvers

NN_ACTIVATIONS = {nn_activations[code].decode(): code for code in range(SCH_NN_N_ACTIVATIONS)}
NN_LOSSES = {nn_losses[code].decode(): code for code in range(SCH_NN_N_LOSSES)}
NN_SOLVERS = {nn_solvers[code].decode(): code for code in range(SCH_NN_N_SOLVERS)}
cdef object ndarray = np.ndarray, empty = np.empty, int64 = np.dtype(np.int64)  # looked up once
cdef int64_t MOST_ROWS = 16  # of those that are predicted without a closer look
cdef int64_t MOST_LEVELS = 1 << 24  # codes that float32 can hold
_NORMS = {None: SCH_NN_NO_NORM, "batch": SCH_NN_BATCH_NORM, "layer": SCH_NN_LAYER_NORM}


cdef class Network:
    """Layers as arrays, which it holds on to and reads anew at every call.

    coefs: arrays of shape (fan_in, fan_out); intercepts (fan_out,). For each but the last layer: its activation, share
    of dropout, and, with a norm ("batch" or "layer"), gains and shifts (fan_out,), with "batch" also running means and
    variances. levels and tables, one for each column of the rows, say which are categories: how many codes there are
    (0: numbers), and their table of shape (levels + 1, width), or None for one-hot. A frozen network is for predictions
    only: its arrays need not be writable.
    """

    cdef sch_nn_network c
    cdef sch_nn_layer *layers
    cdef sch_nn_column *columns
    cdef int64_t n_columns
    cdef char kind
    cdef bint frozen
    cdef Scratch scratch, few
    cdef object dtype
    cdef tuple owners

    def __cinit__(self, coefs, intercepts, *, activations, dropout=(), norm=None, gains=(), shifts=(), means=(),
                  variances=(), levels=(), tables=(), int loss=0, double loss_param=0.0, double smoothing=0.0,
                  double focal=0.0, bint frozen=False):
        cdef int64_t n = len(coefs), at
        cdef sch_nn_layer *layer
        self.owners = (*coefs, *intercepts, *gains, *shifts, *means, *variances, *tables)
        if n < 1 or len(intercepts) != n or len(activations) != n - 1:
            raise ValueError("expected an intercept per layer and an activation per hidden layer")
        self.kind, self.frozen = real_kind_of(coefs[0]), frozen
        self.scratch, self.few, self.dtype = Scratch(), Scratch(), coefs[0].dtype
        self.layers = <sch_nn_layer *>calloc(n, sizeof(sch_nn_layer))
        if self.layers == NULL:
            raise MemoryError()
        for at in range(n):
            layer = &self.layers[at]
            layer.fan_in, layer.fan_out = coefs[at].shape
            if at and layer.fan_in != self.layers[at - 1].fan_out:
                raise ValueError("coefs: the layers do not fit together")
            layer.weight = self.pointer(coefs[at], "coefs", layer.fan_in * layer.fan_out)
            layer.bias = self.pointer(intercepts[at], "intercepts", layer.fan_out)
            if at == n - 1:
                break
            layer.activation = <sch_nn_activation><int>activations[at]
            layer.dropout = dropout[at] if len(dropout) else 0.0
            layer.norm = <sch_nn_norm><int>_NORMS[norm]
            if layer.norm != SCH_NN_NO_NORM:
                layer.gain = self.pointer(gains[at], "gains", layer.fan_out)
                layer.shift = self.pointer(shifts[at], "shifts", layer.fan_out)
            if layer.norm == SCH_NN_BATCH_NORM:
                layer.running_mean = self.pointer(means[at], "means", layer.fan_out)
                layer.running_var = self.pointer(variances[at], "variances", layer.fan_out)
        self.c.n_layers, self.c.layers, self.c.loss = n, self.layers, <sch_nn_loss>loss
        self.c.loss_param, self.c.smoothing, self.c.focal = loss_param, smoothing, focal
        self.n_columns = self.layers[0].fan_in
        if len(levels):
            self.use_columns(levels, tables)

    def __dealloc__(self):
        free(self.layers)
        free(self.columns)

    cdef int use_columns(self, levels, tables) except -1:
        """Take columns as numbers or categories, as the constructor was told."""
        cdef int64_t j, units = 0
        cdef sch_nn_column *column
        self.n_columns = len(levels)
        if len(tables) != self.n_columns:
            raise ValueError("tables: expected one, or None, for each column")
        self.columns = <sch_nn_column *>calloc(self.n_columns, sizeof(sch_nn_column))
        if self.columns == NULL:
            raise MemoryError()
        for j in range(self.n_columns):
            column = &self.columns[j]
            column.levels, column.width = levels[j], levels[j] + 1
            if not 0 <= column.levels <= MOST_LEVELS:
                raise ValueError(f"levels: expected numbers from 0 to {MOST_LEVELS}")
            if tables[j] is not None:
                if tables[j].ndim != 2 or column.levels == 0:
                    raise ValueError("tables: expected matrices, for categories alone")
                column.width = tables[j].shape[1]
                column.table = self.pointer(tables[j], "tables", (column.levels + 1) * column.width)
            units += column.width
        if units != self.layers[0].fan_in:
            raise ValueError("levels, tables: the columns do not fit the first layer")
        self.c.columns = self.columns
        return 0

    cdef void *pointer(self, object array, str name, int64_t size) except? NULL:
        if self.frozen:
            return <void *>read(array, name, self.kind, size)
        return write(array, name, self.kind, size)

    def predict_few(self, x):
        """Outputs of some rows in microseconds, or None if x needs a closer look.

        Taken as they are: plain arrays of the network's element type and width, up to 16 rows, all numbers finite.
        """
        cdef sch_nn_predict_args a
        if not self.takes_few(x, &a):
            return None
        cdef int64_t size = a.x.n * self.width()
        out = empty((a.x.n, self.width()), self.dtype)
        a.out = write(out, "out", self.kind, size)
        self.run_few(&a)
        return out

    def choose_few(self, x):
        """Which class such rows are of: of one output whether it is above a half, of several the largest.

        None, too, if an output is not a number.
        """
        cdef sch_nn_predict_args a
        cdef int64_t i, n_out = self.width()
        if not self.takes_few(x, &a):
            return None
        a.out = self.few.at_least(MOST_ROWS * n_out * 8)
        self.run_few(&a)
        codes = empty(a.x.n, int64)
        cdef int64_t *code = <int64_t *>write(codes, "codes", b"q", a.x.n)
        for i in range(a.x.n):
            if self.kind == b"d":
                code[i] = chosen(<const double *>a.out + i * n_out, n_out)
            else:
                code[i] = chosen(<const float *>a.out + i * n_out, n_out)
            if code[i] < 0:
                return None
        return codes

    cdef bint takes_few(self, object x, sch_nn_predict_args *a):
        """Describe x, which the caller has to keep; False if it needs a closer look."""
        cdef Py_buffer view
        if type(x) is not ndarray:
            return False
        PyObject_GetBuffer(x, &view, PyBUF_FORMAT | PyBUF_STRIDES)
        cdef bint taken = few_rows_of(&a.x, &view, self.kind, self.n_columns)
        PyBuffer_Release(&view)
        return taken

    cdef int run_few(self, sch_nn_predict_args *a) except -1:
        a.control.n_threads, a.control.poll = 1, NULL
        a.network, a.raw, a.y, a.weight = self.c, False, NULL, NULL
        a.scratch = self.scratch.at_least(ops().nn.nn_predict_scratch(a))
        return check(ops().nn.nn_predict(a))  # keeps the interpreter's lock, which guards the work memory

    cdef int64_t width(self) noexcept:
        return self.layers[self.c.n_layers - 1].fan_out

    @property
    def n_outputs(self):
        return self.width()

    cdef int64_t y_size(self, int64_t rows) noexcept:
        return rows if self.c.loss == SCH_NN_LOSS_SOFTMAX else rows * self.width()

    cdef int fits(self, Table table) except -1:
        if table.kind != self.kind:
            raise TypeError("x: expected the element type of the network")
        if table.c.d != self.n_columns:
            raise ValueError(f"x: expected {self.n_columns} columns, got {table.c.d}")
        if self.columns != NULL and table.c.storage != SCH_DENSE:
            raise TypeError("x: expected a dense table, for there are categories")
        return 0

    cdef int within(self, const char *block, int64_t n) except -1:
        """Whether all parameters lie in this block of memory, tables of categories first and without a gap."""
        cdef int64_t at, size = 4 if self.kind == b"f" else 8
        cdef sch_nn_layer *layer
        cdef sch_nn_column *column
        cdef const char *end = block
        for at in range(self.n_columns if self.columns != NULL else 0):
            column = &self.columns[at]
            if column.table != NULL:
                if column.table != end:
                    raise ValueError("parameters: expected to begin with the tables of categories")
                end += (column.levels + 1) * column.width * size
        if end > block + n * size:
            raise ValueError("parameters: expected the tables of the network to be within")
        for at in range(self.c.n_layers):
            layer = &self.layers[at]
            for pointer, count in ((<size_t>layer.weight, layer.fan_in * layer.fan_out),
                                   (<size_t>layer.bias, layer.fan_out),
                                   (<size_t>layer.gain, layer.fan_out),
                                   (<size_t>layer.shift, layer.fan_out)):
                if pointer and not <size_t>end <= pointer <= <size_t>block + (n - count) * size:
                    raise ValueError("parameters: expected the arrays of the network to be views of it")
        return 0


ctypedef fused real:
    float
    double


cdef int64_t chosen(const real *out, int64_t n_out) noexcept:
    """The class of one row of outputs, or -1 if there is none."""
    cdef int64_t u, best = 0
    for u in range(n_out):
        if isnan(out[u]):
            return -1
        if out[u] > out[best]:
            best = u
    return best if n_out > 1 else out[0] > <real>0.5


cdef bint few_rows_of(sch_table *x, Py_buffer *view, char kind, int64_t width) noexcept:
    """Describe a small table of finite numbers of the right width; False if it is anything else."""
    cdef int64_t i, j
    cdef double value
    if view.ndim != 2 or view.format[0] != kind or view.format[1] or view.strides[1] != view.itemsize:
        return False
    x.n, x.d = view.shape[0], view.shape[1]
    if not 0 < x.n <= MOST_ROWS or x.d != width or view.strides[0] < width * view.itemsize:
        return False
    if <size_t>view.buf % view.itemsize or view.strides[0] % view.itemsize:
        return False
    x.dtype, x.storage, x.data, x.indices, x.indptr = dtype_of_kind(kind), SCH_DENSE, view.buf, NULL, NULL
    x.row_stride = view.strides[0] // view.itemsize
    for i in range(x.n):
        for j in range(x.d):
            if kind == b"d":
                value = (<const double *>view.buf)[i * x.row_stride + j]
            else:
                value = (<const float *>view.buf)[i * x.row_stride + j]
            if not isfinite(value):
                return False
    return True


def nn_train(Network network, Table table, y, *, weight=None, int64_t batch_size, bint shuffle=False, uint64_t seed=0,
             uint64_t epoch=0, bint update=True, double normaliser=1.0, parameters, gradient, int64_t n_weights,
             first=None, second=None, average=None, double average_decay=0.0, int solver=0, rates=None,
             double alpha=0.0, double weight_decay=0.0, double momentum=0.0, double beta_1=0.0, double beta_2=0.0,
             double epsilon=0.0, double clip_norm=0.0, bint nesterov=False, int64_t accumulate=1, int64_t batches=0,
             powers=(1.0, 1.0), int n_threads=1, Scratch scratch):
    """One epoch in place on parameters, first, second and average; or, without update, the gradient of all rows.

    Returns the loss, the penalty and the gradient's norm, summed as sch/nn.h says; the number of batches so far; and
    the powers of beta_1 and beta_2.
    """
    cdef sch_nn_train_args a
    cdef sch_status status
    cdef const sch_nn_ops *kernels = ops().nn  # one instruction set for the size and the run
    cdef int64_t n = table.c.n, size = parameters.shape[0], steps
    cdef char kind = network.kind
    network.fits(table)
    if network.frozen:
        raise ValueError("network: expected one that is not frozen")
    if batch_size < 1 or accumulate < 1:
        raise ValueError("batch_size, accumulate: expected at least 1")
    steps = -(-(-(-n // batch_size)) // accumulate)
    a.control, a.x, a.network = control(n_threads), table.c, network.c
    a.y, a.weight = read(y, "y", kind, network.y_size(n)), read_or_null(weight, "weight", kind, n)
    a.batch_size, a.shuffle, a.seed, a.epoch = batch_size, shuffle, seed, epoch
    a.update, a.normaliser = update, normaliser
    a.n_parameters, a.n_weights = size, n_weights
    a.parameters = write(parameters, "parameters", kind, size)
    network.within(<const char *>a.parameters, size)
    a.gradient = write(gradient, "gradient", kind, size)
    a.first = write_or_null(first, "first", kind, size)
    a.second = write_or_null(second, "second", kind, size)
    a.average, a.average_decay = write_or_null(average, "average", kind, size), average_decay
    a.solver = <sch_nn_solver>solver
    a.rates = <const double *>read_or_null(rates, "rates", b"d", steps)
    name = nn_solvers[solver].decode()
    if update and (rates is None or (first is None and name not in ("rmsprop", "adagrad"))
                   or (second is None and name not in ("sgd", "lion"))):
        raise ValueError("solver: expected its rates and its memory beside it")
    a.alpha, a.weight_decay, a.momentum, a.nesterov = alpha, weight_decay, momentum, nesterov
    a.beta_1, a.beta_2, a.epsilon, a.clip_norm = beta_1, beta_2, epsilon, clip_norm
    a.accumulate, a.batches = accumulate, batches
    a.power_1, a.power_2 = powers
    a.scratch = scratch.at_least(kernels.nn_train_scratch(&a))
    with nogil:
        status = kernels.nn_train(&a)
    check(status)
    return a.loss_sum, a.penalty_sum, a.norm_sum, a.batches, (a.power_1, a.power_2)


def nn_predict(Network network, Table table, out=None, *, y=None, weight=None, bint raw=False, int n_threads=1,
               Scratch scratch):
    """Outputs of all rows into out (n, n_outputs); with y, returns the weighted sum of losses."""
    cdef sch_nn_predict_args a
    cdef sch_status status
    cdef const sch_nn_ops *kernels = ops().nn
    cdef int64_t n = table.c.n
    network.fits(table)
    a.control, a.x, a.network, a.raw = control(n_threads), table.c, network.c, raw
    a.out = write_or_null(out, "out", network.kind, n * network.layers[network.c.n_layers - 1].fan_out)
    a.y = read_or_null(y, "y", network.kind, network.y_size(n))
    a.weight = read_or_null(weight, "weight", network.kind, n)
    a.scratch = scratch.at_least(kernels.nn_predict_scratch(&a))
    with nogil:
        status = kernels.nn_predict(&a)
    check(status)
    return a.loss_sum
