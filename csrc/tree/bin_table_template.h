/* tree/bin_table_template.h - the bin_table kernel: blocks of 64 rows and a tile's features, found in registers, written to
 * both layouts while they are in the first-level cache.
 * Include after tree/bin_search_template.h and tree/bin_transpose.h.
 * SPDX-License-Identifier: BSD-3-Clause */

enum {
    T(BIN_CHUNK) = 2048, /* rows */
    T(BIN_SPARSE_CHUNK) = 1 << 15, /* rows; each begins with a search in every column */
};

SCH_INLINE uint8_t T(bin_of_code)(real value, const uint8_t *codes)
{
    if (!(value >= K(0.0) && value < (real)SCH_BIN_ROW)) return SCH_MISSING_BIN;
    const int32_t code = (int32_t)value;
    return (real)code == value ? codes[code] : SCH_MISSING_BIN;
}

/* Bins of up to BIN_ROWS values of column f. */
SCH_INLINE void T(bin_values_of)(const sch_bin_table_args *a, int64_t f, const real *value, uint8_t *bin)
{
    if (a->is_categorical && a->is_categorical[f]) {
        for (int r = 0; r < T(BIN_ROWS); ++r) bin[r] = T(bin_of_code)(value[r], a->codes + f * SCH_BIN_ROW);
    } else {
        T(bin_search)(value, (const real *)a->bounds + f * SCH_BIN_ROW, bin);
    }
}

/* `rows` rows of a tile from `first` on. */
SCH_INLINE void T(bin_block)(const sch_bin_table_args *a, int64_t tile, int64_t first, const int64_t rows)
{
    const int64_t d = a->x.d, features = sch_tile_features(d, tile);
    uint8_t bins[SCH_TILE][T(BIN_ROWS)] = {{0}};
    for (int64_t j = 0; j < features; ++j) {
        const int64_t f = j * sch_tiles(d) + tile, stride = a->x.row_stride;
        const real *x = (const real *)a->x.data + f * a->x.column_stride + first * stride;
        real value[T(BIN_ROWS)] = {0};
        if (stride == 1) memcpy(value, x, (size_t)rows * sizeof(real));
        else
            for (int64_t r = 0; r < rows; ++r) value[r] = x[r * stride];
        T(bin_values_of)(a, f, value, bins[j]);
        memcpy(a->columns + f * a->column_stride + first, bins[j], (size_t)rows);
    }
    if (!a->tiles) return;
    bin_write_rows(bins[0], T(BIN_ROWS), rows, a->tiles + sch_tile_row(a->x.n, d, tile, first), sch_tile_stride(d));
}

static void T(bin_dense_chunk)(void *context, int64_t chunk)
{
    const sch_bin_table_args *a = context;
    const int64_t stop = sch_min((chunk + 1) * T(BIN_CHUNK), a->x.n);
    for (int64_t first = chunk * T(BIN_CHUNK); first < stop; first += T(BIN_ROWS)) {
        if (sch_should_stop(&a->control)) return;
        const int64_t rows = sch_min(T(BIN_ROWS), stop - first);
        for (int64_t tile = 0; tile < sch_tiles(a->x.d); ++tile) {
            if (rows == T(BIN_ROWS)) T(bin_block)(a, tile, first, T(BIN_ROWS));
            else T(bin_block)(a, tile, first, rows);
        }
    }
}

/* The first of a sparse column's entries whose row is at least `row`. */
static int64_t T(bin_first_entry)(const sch_bin_table_args *a, const T(bin_column) *x, int64_t row)
{
    int64_t low = 0, high = x->length;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (T(bin_row)(a->x.storage, x->row, middle) < row) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Rows first .. stop - 1 of a sparse column: the bin of zero everywhere, then what is stored, in groups. */
static void T(bin_sparse_column)(const sch_bin_table_args *a, int64_t f, int64_t first, int64_t stop)
{
    const T(bin_column) x = T(bin_column_of)(&a->x, f);
    uint8_t *column = a->columns + f * a->column_stride;
    const int64_t width = sch_tile_stride(a->x.d), start = sch_tile_row(a->x.n, a->x.d, sch_tile_of(a->x.d, f), 0);
    uint8_t *tile = a->tiles ? a->tiles + start + f / sch_tiles(a->x.d) : NULL;
    real value[T(BIN_ROWS)] = {0};
    uint8_t bin[T(BIN_ROWS)];
    T(bin_values_of)(a, f, value, bin);
    memset(column + first, bin[0], (size_t)(stop - first));
    for (int64_t i = first; i < stop && tile; ++i) tile[i * width] = bin[0];
    const int64_t end = T(bin_first_entry)(a, &x, stop);
    for (int64_t e = T(bin_first_entry)(a, &x, first); e < end; e += T(BIN_ROWS)) {
        const int64_t group = sch_min(T(BIN_ROWS), end - e);
        memcpy(value, x.value + e, (size_t)group * sizeof(real));
        T(bin_values_of)(a, f, value, bin);
        for (int64_t r = 0; r < group; ++r) {
            const int64_t i = T(bin_row)(a->x.storage, x.row, e + r);
            column[i] = bin[r];
            if (tile) tile[i * width] = bin[r];
        }
    }
}

static void T(bin_sparse_chunk)(void *context, int64_t chunk)
{
    const sch_bin_table_args *a = context;
    const int64_t first = chunk * T(BIN_SPARSE_CHUNK), stop = sch_min(first + T(BIN_SPARSE_CHUNK), a->x.n);
    const int64_t width = sch_tile_stride(a->x.d);
    for (int64_t tile = 0; tile < sch_tiles(a->x.d) && a->tiles; ++tile)
        memset(a->tiles + sch_tile_row(a->x.n, a->x.d, tile, first), 0, (size_t)((stop - first) * width));
    for (int64_t f = 0; f < a->x.d && !sch_should_stop(&a->control); ++f) T(bin_sparse_column)(a, f, first, stop);
}

static sch_status T(bin_table)(sch_bin_table_args *a)
{
    const int sparse = a->x.storage != SCH_STRIDED;
    const int64_t rows = sparse ? T(BIN_SPARSE_CHUNK) : T(BIN_CHUNK);
    const sch_control control = sch_serial_below(a->control, (double)a->x.n * (double)a->x.d, 16384.0);
    return sch_par_for(&control, (a->x.n + rows - 1) / rows, sparse ? T(bin_sparse_chunk) : T(bin_dense_chunk), a);
}
