/* tree/histogram.h - histograms of gradients, tile by tile.
 *
 * The histogram of a tile is (256 bins, 16 columns): the updates of a row go to as many columns as the tile has features,
 * and split search runs down all of them at once. "Packed" it holds sums of words; "wide" it is two planes, the gradients and, after
 * them, hessians with counts. A node of at most `chunk` rows is packed, a larger one wide.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_HISTOGRAM_H
#define SCH_TREE_HISTOGRAM_H

#include "core/pool.h"
#include "tree/row_word.h"
#include "tree/slots.h"

enum { TILE_BITS = 4, PLANE = 256 * SCH_TILE, AHEAD = 64 /* rows: so early their bins are fetched */ };
_Static_assert(SCH_TILE == 1 << TILE_BITS, "columns of a tile");

typedef struct {
    const sch_grow_tree_args *a;
    const packing *p;
    word_origin origin;
    const void *words;       /* (n), or what they are made of */
    const int32_t *tile_top; /* (tiles) bins in use by a tile, the missing one not counted */
    const int32_t *feature_at; /* (tiles * 16) features by tile and column */
} histogram_source;

SCH_INLINE int is_packed(const packing *p, int64_t n) { return n <= p->chunk; }

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

/* `width`: of the columns, or of the dense ones where others are sparse. */
SCH_INLINE void add_row(const histogram_source *s, int64_t *cells, int64_t tile, const uint8_t *bins, int64_t row,
                        int64_t word, const int width, const int sparse)
{
    add_word(cells, bins, word, width);
    if (sparse && add_slots(cells, bins + width, word)) add_more(s, cells, tile, row, word);
}

SCH_INLINE void add_rows(const histogram_source *s, int64_t *cells, int64_t tile, const uint32_t *rows, int64_t n,
                         const int sign, const int width, const int sparse, const word_origin origin)
{
    const packing p = *s->p;
    const uint8_t *bins = tile_rows(&s->a->x, tile);
    const int64_t stride = sch_tile_stride(s->a->x.d), first = rows[0];
    const void *words = s->words;
    const int last =
        width - 1 + sparse * ALWAYS_SLOTS * (int)sizeof(uint16_t); /* of what is read: it may be in another line */
    if (rows[n - 1] - first == n - 1) { /* rows ascend: these leave none out */
        for (int64_t row = first; row < first + n; ++row)
            add_row(s, cells, tile, bins + row * stride, row, sign * row_word(origin, &p, words, row), width, sparse);
        return;
    }
    for (int64_t i = 0; i < n; ++i) {
        const int64_t row = rows[i], ahead = rows[sch_min(i + AHEAD, n - 1)];
        __builtin_prefetch(bins + ahead * stride);
        __builtin_prefetch(bins + ahead * stride + last);
        prefetch_word(origin, words, ahead);
        add_row(s, cells, tile, bins + row * stride, row, sign * row_word(origin, &p, words, row), width, sparse);
    }
}

SCH_INLINE void add_words(const histogram_source *s, int64_t *cells, int64_t tile, const uint32_t *rows, int64_t n,
                          const int sign, const int width, const int sparse)
{
    switch (s->origin) {
    case STORED: add_rows(s, cells, tile, rows, n, sign, width, sparse, STORED); break;
    case OF_GRADIENT: add_rows(s, cells, tile, rows, n, sign, width, sparse, OF_GRADIENT); break;
    case OF_PAIR: add_rows(s, cells, tile, rows, n, sign, width, sparse, OF_PAIR); break;
    }
}

SCH_INLINE void add_tile(const histogram_source *s, int64_t *cells, int64_t tile, const uint32_t *rows, int64_t n,
                         const int sign)
{
#define WIDTH(width, sparse) \
case width: add_words(s, cells, tile, rows, n, sign, width, sparse); break;
#define WIDTHS(first, step, sparse)     \
    WIDTH(first, sparse)                \
    WIDTH((first) + (step), sparse)     \
    WIDTH((first) + 2 * (step), sparse) \
    WIDTH((first) + 3 * (step), sparse)
    if (s->a->x.tile_sparse[tile]) {
        switch (tile_dense(&s->a->x, tile)) {
            WIDTHS(0, 1, 1)
            WIDTHS(4, 1, 1)
            WIDTHS(8, 1, 1)
            WIDTH(MOST_DENSE, 1)
        }
    } else {
        switch ((sch_tile_features(s->a->x.d, tile) + 1) / 2 * 2) {
            WIDTHS(2, 2, 0)
            WIDTHS(10, 2, 0)
        }
    }
#undef WIDTHS
#undef WIDTH
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

SCH_INLINE int64_t wide_low(const packing *p, int64_t word)
{
    const int64_t low = word & p->low_mask;
    return low >> p->h_shift << p->wide_shift | (low & p->count_mask);
}

SCH_INLINE int64_t packed_of(const packing *p, int64_t g, int64_t low)
{
    return (int64_t)((uint64_t)g << p->g_shift) +
           (low >> p->wide_shift << p->h_shift | (low & p->wide_mask & p->low_mask));
}

/* Sparse columns' sums of common bins, in one plane: what the other bins leave of the node's. */
static void fill_plane(const histogram_source *s, int64_t *cells, int64_t tile, int64_t total)
{
    const sch_binned *x = &s->a->x;
    const int dense = tile_dense(x, tile), end = dense + x->tile_sparse[tile];
    int64_t *common[SCH_TILE], sum[SCH_TILE];
    for (int column = dense; column < end; ++column) {
        common[column] = cells + x->common[s->feature_at[tile * SCH_TILE + column]] * SCH_TILE + column;
        *common[column] = 0;
    }
    memcpy(sum, cells + SCH_MISSING_BIN * SCH_TILE, sizeof sum);
    for (int64_t bin = 0; bin < s->tile_top[tile]; ++bin)
        for (int column = 0; column < SCH_TILE; ++column) sum[column] += cells[bin * SCH_TILE + column];
    for (int column = dense; column < end; ++column) *common[column] = total - sum[column];
}

/* The same for a node's packed or wide histogram. */
static void fill_common(const histogram_source *s, int64_t *cells, int64_t tile, sums total, int packed)
{
    const int64_t low = total.h << s->p->wide_shift | total.c;
    if (!s->a->x.tile_sparse[tile]) return;
    fill_plane(s, cells, tile, packed ? packed_of(s->p, total.g, low) : total.g);
    if (!packed) fill_plane(s, cells + PLANE, tile, low);
}

/* Adds a packed histogram to a wide one and clears it. */
static void flush(const packing *p, int64_t *SCH_RESTRICT packed, int64_t *SCH_RESTRICT wide, int64_t n)
{
    const packing c = *p;
    SCH_SIMD
    for (int64_t j = 0; j < n; ++j) {
        wide[j] += packed[j] >> c.g_shift;
        wide[PLANE + j] += wide_low(&c, packed[j]);
        packed[j] = 0;
    }
}

/* Bins beyond the tile's last are not touched, but for the missing one. */
SCH_INLINE void clear_plane(int64_t *cells, int64_t top)
{
    memset(cells, 0, (size_t)(top * SCH_TILE) * sizeof *cells);
    memset(cells + SCH_MISSING_BIN * SCH_TILE, 0, SCH_TILE * sizeof *cells);
}

/* The histogram of `n` rows, packed or wide. */
static void build_histogram(const histogram_source *s, int64_t *cells, int64_t tile, const uint32_t *rows, int64_t n,
                            int packed)
{
    _Alignas(64) int64_t local[PLANE];
    const packing *p = s->p;
    const int64_t top = s->tile_top[tile];
    clear_plane(cells, top);
    if (packed) {
        add_packed(s, cells, tile, rows, n);
        return;
    }
    clear_plane(cells + PLANE, top);
    if (!p->chunk) {
        add_wide(s, cells, tile, rows, n);
        return;
    }
    clear_plane(local, top);
    for (int64_t first = 0; first < n && !sch_should_stop(&s->a->control); first += p->chunk) {
        add_packed(s, local, tile, rows + first, sch_min(p->chunk, n - first));
        flush(p, local, cells, top * SCH_TILE);
        flush(p, local + SCH_MISSING_BIN * SCH_TILE, cells + SCH_MISSING_BIN * SCH_TILE, SCH_TILE);
    }
}

SCH_INLINE void add_cells(int64_t *SCH_RESTRICT cells, const int64_t *SCH_RESTRICT more, int64_t n)
{
    SCH_SIMD
    for (int64_t j = 0; j < n; ++j) cells[j] += more[j];
}

/* cells += more, both wide */
static void merge_histogram(int64_t *cells, const int64_t *more, int64_t top)
{
    for (int64_t plane = 0; plane < 2 * PLANE; plane += PLANE) {
        add_cells(cells + plane, more + plane, top * SCH_TILE);
        add_cells(cells + plane + SCH_MISSING_BIN * SCH_TILE, more + plane + SCH_MISSING_BIN * SCH_TILE, SCH_TILE);
    }
}

/* parent -= child, the rest taking the form that its size calls for. */
SCH_INLINE void subtract_cells(const packing *p, int64_t *parent, const int64_t *child, int64_t n,
                               const int parent_packed, const int child_packed, const int rest_packed)
{
    const packing c = *p;
    SCH_SIMD
    for (int64_t j = 0; j < n; ++j) {
        if (parent_packed) {
            parent[j] -= child[j];
        } else {
            const int64_t g = parent[j] - (child_packed ? child[j] >> c.g_shift : child[j]);
            const int64_t low = parent[PLANE + j] - (child_packed ? wide_low(&c, child[j]) : child[PLANE + j]);
            parent[j] = rest_packed ? packed_of(&c, g, low) : g;
            if (!rest_packed) parent[PLANE + j] = low;
        }
    }
}

static void subtract_stretch(const packing *p, int64_t *parent, const int64_t *child, int64_t n, int parent_packed,
                             int child_packed, int rest_packed)
{
    if (parent_packed) subtract_cells(p, parent, child, n, 1, 1, 1);
    else if (rest_packed) subtract_cells(p, parent, child, n, 0, 1, 1);
    else if (child_packed) subtract_cells(p, parent, child, n, 0, 1, 0);
    else subtract_cells(p, parent, child, n, 0, 0, 0);
}

/* The child is the smaller one: if the rest is packed, so is it. */
static void subtract_histogram(const packing *p, int64_t *parent, const int64_t *child, int64_t top, int64_t n_parent,
                               int64_t n_child)
{
    const int64_t missing = SCH_MISSING_BIN * SCH_TILE;
    const int parent_packed = is_packed(p, n_parent), child_packed = is_packed(p, n_child);
    const int rest_packed = is_packed(p, n_parent - n_child);
    subtract_stretch(p, parent, child, top * SCH_TILE, parent_packed, child_packed, rest_packed);
    subtract_stretch(p, parent + missing, child + missing, SCH_TILE, parent_packed, child_packed, rest_packed);
}

/* What stands in a word, or in two. */
SCH_INLINE sums unpacked(const packing *p, int64_t first, int64_t second, int packed)
{
    const int64_t low = first & p->low_mask;
    if (packed) return (sums){first >> p->g_shift, low >> p->h_shift, low & p->count_mask};
    return (sums){first, second >> p->wide_shift, second & p->wide_mask};
}

SCH_INLINE sums cell_sums(const packing *p, const int64_t *cells, int64_t j, int packed)
{
    return unpacked(p, cells[j], packed ? 0 : cells[PLANE + j], packed);
}

SCH_INLINE sums plus(sums x, sums y) { return (sums){x.g + y.g, x.h + y.h, x.c + y.c}; }
SCH_INLINE sums minus(sums x, sums y) { return (sums){x.g - y.g, x.h - y.h, x.c - y.c}; }

#endif
