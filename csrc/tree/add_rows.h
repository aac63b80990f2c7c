/* tree/add_rows.h - rows are added to the histogram of a tile.
 *
 * It stands bin by bin, (256 bins, 16 columns), as split search reads it; or, while many rows are added, column by column,
 * (16 columns, 256 bins): then a row's bins are indices as they are, which saves an instruction in six.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_ADD_ROWS_H
#define SCH_TREE_ADD_ROWS_H

#include "tree/row_word.h"
#include "tree/slots.h"
#include "tree/turn.h"

enum { TILE_BITS = 4, PLANE = COLUMN * SCH_TILE, AHEAD = SCH_ROWS_MARGIN /* rows: so early their bins are fetched */ };
_Static_assert(SCH_TILE == 1 << TILE_BITS, "columns of a tile");

typedef struct {
    const sch_grow_tree_args *a;
    const packing *p;
    word_origin origin;
    const void *words;       /* (n), or what they are made of */
    const int32_t *tile_top; /* (tiles) bins in use by a tile, the missing one not counted */
    const int32_t *feature_at; /* (tiles * 16) features by tile and column */
} histogram_source;

/* How a tile's cells stand while rows are added. */
typedef enum { BY_BIN, WITH_SLOTS, BY_COLUMN } cell_order;

/* Of a tile without sparse columns. */
SCH_INLINE int tile_width(const histogram_source *s, int64_t tile)
{
    return (int)(sch_tile_features(s->a->x.d, tile) + 1) / 2 * 2;
}

/* The first cell of a bin, the `f`th of a word of eight. A rotation is one instruction, a copy and a shift are two: threads that
 * share a core's units are held up by their number, before the stores hold them up. */
SCH_INLINE uint64_t first_cell(uint64_t bins, const int f)
{
    const int right = (8 * f - TILE_BITS) & 63;
    return (bins >> right | bins << (64 - right)) & (255 << TILE_BITS);
}

/* One row into a packed histogram, `width` features of it. */
SCH_INLINE void add_word(int64_t *SCH_RESTRICT cell, const uint8_t *bins, int64_t word, const int width)
{
    uint64_t low, high;
    memcpy(&low, bins, 8);
    memcpy(&high, bins + 8, 8);
#pragma GCC unroll 8
    for (int f = 0; f < (width < 8 ? width : 8); ++f) cell[first_cell(low, f) + (uint64_t)f] += word;
#pragma GCC unroll 8
    for (int f = 8; f < width; ++f) cell[first_cell(high, f - 8) + (uint64_t)f] += word;
}

/* Slots that are not always added, and what is beyond all slots: it comes after as many others as there are of these. */
SCH_NOINLINE void add_more(const histogram_source *s, int64_t *cells, int64_t tile, int64_t row, int64_t word)
{
    const sch_binned *x = &s->a->x;
    const int dense = tile_dense(x, tile), slots = tile_slots(x, tile);
    uint16_t at[SCH_TILE];
    memcpy(at, x->tiles + sch_tile_row(x->n, x->d, tile, row) + dense, sizeof *at * (size_t)slots);
    for (int i = ALWAYS_SLOTS; i < slots; ++i) cells[at[i]] += word;
    if (!(at[0] & SLOTS_BEYOND)) return;
    for (int column = dense, i = 0; column < dense + x->tile_sparse[tile]; ++column) {
        const int32_t feature = s->feature_at[tile * SCH_TILE + column];
        const uint8_t bin = x->columns[feature * x->column_stride + row];
        if (bin != x->common[feature] && i++ >= slots) cells[bin * SCH_TILE + column] += word;
    }
}

/* The slots of a row that are always added; whether there is more. */
SCH_INLINE int add_slots(int64_t *SCH_RESTRICT cell, const uint8_t *slots, int64_t word)
{
    uint16_t at[ALWAYS_SLOTS];
    memcpy(at, slots, sizeof at);
    cell[at[0] & SLOT_CELL] += word;
    cell[at[1]] += word;
    return at[0] & SLOTS_MORE;
}

/* One row into a histogram that stands by column. Where a cell is, is made an address of its own: an addition to memory whose
 * index is scaled takes up two more of some cores' slots. */
SCH_INLINE void add_to_columns(int64_t *SCH_RESTRICT cells, const uint8_t *bins, int64_t word, const int width)
{
#pragma GCC unroll 16
    for (int f = 0; f < width; ++f) {
        int64_t *cell = cells + bins[f];
        __asm__("" : "+r"(cell));
        cell[COLUMN * f] += word;
    }
}

/* `width`: of the columns, or of the dense ones where others are sparse. */
SCH_INLINE void add_row(const histogram_source *s, int64_t *cells, int64_t tile, const uint8_t *bins, int64_t row,
                        int64_t word, const int width, const cell_order order)
{
    if (order == BY_COLUMN) {
        add_to_columns(cells, bins, word, width);
        return;
    }
    add_word(cells, bins, word, width);
    if (order == WITH_SLOTS && add_slots(cells, bins + width, word)) add_more(s, cells, tile, row, word);
}

/* By column there are many rows, and no harm in fetching those that follow the last one, up to SCH_ROWS_MARGIN; otherwise none
 * but the node's own are. */
SCH_INLINE void add_rows(const histogram_source *s, int64_t *cells, int64_t tile, const uint32_t *rows, int64_t n,
                         const int sign, const int width, const cell_order order, const word_origin origin)
{
    const packing p = *s->p;
    const uint8_t *bins = tile_rows(&s->a->x, tile);
    const int64_t stride = sch_tile_stride(s->a->x.d), first = rows[0];
    const void *words = s->words;
    const int slot_bytes = order == WITH_SLOTS ? ALWAYS_SLOTS * (int)sizeof(uint16_t) : 0;
    const int last = width - 1 + slot_bytes; /* of what is read: it may be in another line */
    if (rows[n - 1] - first == n - 1) {      /* rows ascend: these leave none out */
        for (int64_t row = first; row < first + n; ++row)
            add_row(s, cells, tile, bins + row * stride, row, sign * row_word(origin, &p, words, row), width, order);
        return;
    }
    for (const uint32_t *at = rows, *end = rows + n; at < end; ++at) {
        const int64_t row = *at, ahead = order == BY_COLUMN ? at[AHEAD] : at[sch_min(AHEAD, end - 1 - at)];
        __builtin_prefetch(bins + ahead * stride);
        __builtin_prefetch(bins + ahead * stride + last);
        prefetch_word(origin, words, ahead);
        add_row(s, cells, tile, bins + row * stride, row, sign * row_word(origin, &p, words, row), width, order);
    }
}

SCH_INLINE void add_words(const histogram_source *s, int64_t *cells, int64_t tile, const uint32_t *rows, int64_t n,
                          const int sign, const int width, const cell_order order)
{
    switch (s->origin) {
    case STORED: add_rows(s, cells, tile, rows, n, sign, width, order, STORED); break;
    case OF_GRADIENT: add_rows(s, cells, tile, rows, n, sign, width, order, OF_GRADIENT); break;
    case OF_PAIR: add_rows(s, cells, tile, rows, n, sign, width, order, OF_PAIR); break;
    }
}

#define WIDTH(width, sign, order) \
case width: add_words(s, cells, tile, rows, n, sign, width, order); break;
#define WIDTHS(first, step, sign, order)     \
    WIDTH(first, sign, order)                \
    WIDTH((first) + (step), sign, order)     \
    WIDTH((first) + 2 * (step), sign, order) \
    WIDTH((first) + 3 * (step), sign, order)

SCH_INLINE void add_tile(const histogram_source *s, int64_t *cells, int64_t tile, const uint32_t *rows, int64_t n,
                         const int sign)
{
    if (s->a->x.tile_sparse[tile]) {
        switch (tile_dense(&s->a->x, tile)) {
            WIDTHS(0, 1, sign, WITH_SLOTS)
            WIDTHS(4, 1, sign, WITH_SLOTS)
            WIDTHS(8, 1, sign, WITH_SLOTS)
            WIDTH(MOST_DENSE, sign, WITH_SLOTS)
        }
    } else {
        switch (tile_width(s, tile)) {
            WIDTHS(2, 2, sign, BY_BIN)
            WIDTHS(10, 2, sign, BY_BIN)
        }
    }
}

/* Rows into a packed histogram, or out of it again. */
static void add_packed(const histogram_source *s, int64_t *cells, int64_t tile, const uint32_t *rows, int64_t n)
{
    add_tile(s, cells, tile, rows, n, 1);
}

static void remove_packed(const histogram_source *s, int64_t *cells, int64_t tile, const uint32_t *rows, int64_t n)
{
    add_tile(s, cells, tile, rows, n, -1);
}

/* Rows into one that stands by column, of a tile without sparse columns. */
static void add_by_column(const histogram_source *s, int64_t *cells, int64_t tile, const uint32_t *rows, int64_t n)
{
    switch (tile_width(s, tile)) {
        WIDTHS(2, 2, 1, BY_COLUMN)
        WIDTHS(10, 2, 1, BY_COLUMN)
    }
}
#undef WIDTHS
#undef WIDTH

/* Rows without words, straight into a wide histogram. */
SCH_NOINLINE void add_wide(const histogram_source *s, int64_t *cells, int64_t tile, const uint32_t *rows, int64_t n)
{
    const sch_grow_tree_args *a = s->a;
    const int64_t features = sch_tile_features(a->x.d, tile);
    const int32_t *feature_at = s->feature_at + tile * SCH_TILE;
    const uint8_t *bins = a->x.tile_sparse[tile] ? NULL : tile_rows(&a->x, tile);
    const int64_t stride = sch_tile_stride(a->x.d);
    const derivative_form form = derivative_form_of(a);
    for (int64_t i = 0; i < n; ++i) {
        const int64_t row = rows[i], one = form.kind == NO_WEIGHT || a->weight[row] > 0.0;
        const int64_t g = whole_gradient(a, form, s->p->g_scale, row);
        const int64_t h = whole_hessian(a, form, s->p->h_scale, row);
        const int64_t low = (h << s->p->wide_shift) + one;
        for (int64_t column = 0; column < features; ++column) {
            const uint8_t *in_column = a->x.columns + feature_at[column] * a->x.column_stride;
            const int64_t bin = bins ? bins[row * stride + column] : in_column[row];
            int64_t *cell = cells + bin * SCH_TILE + column;
            cell[0] += g;
            cell[PLANE] += low;
        }
    }
}

#endif
