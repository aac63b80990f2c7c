/* tree/histogram.h - histograms of gradients, tile by tile.
 *
 * The histogram of a tile is (256 bins, 16 columns): split search runs down all columns at once. "Packed" it holds sums of words;
 * "wide" it is two planes, the gradients and, after them, hessians with counts. A node of at most `chunk` rows is packed, a larger
 * one wide.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_HISTOGRAM_H
#define SCH_TREE_HISTOGRAM_H

#include "core/pool.h"
#include "tree/add_rows.h"

enum {
    MANY_ROWS = 1024, /* which are added by column */
    LAST_BINS = COLUMN - SQUARE /* the missing one among them */
};

SCH_INLINE int is_packed(const packing *p, int64_t n) { return n <= p->chunk; }

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

/* Bins in use by a tile, the missing one not counted, up to the next multiple of what is turned at once. */
SCH_INLINE int64_t rounded_up(int64_t top) { return (top + SQUARE - 1) / SQUARE * SQUARE; }

/* Bins beyond those are not touched, but for the missing one and its neighbours. */
SCH_INLINE void clear_plane(int64_t *cells, int64_t top)
{
    memset(cells, 0, (size_t)(rounded_up(top) * SCH_TILE) * sizeof *cells);
    memset(cells + LAST_BINS * SCH_TILE, 0, SQUARE * SCH_TILE * sizeof *cells);
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

/* How many more rows packed cells can take, whatever their bins. That needs the largest count of a cell, and a bound of it
 * will do: all bits that any count has. Rows are spread over bins, so that there is room for several times `chunk` of them. */
SCH_INLINE int64_t room_left(const packing *p, const int64_t *cells, int64_t n)
{
    int64_t bits = 0;
    SCH_PRAGMA(omp simd reduction(| : bits))
    for (int64_t j = 0; j < n; ++j) bits |= cells[j];
    return p->chunk - (bits & p->count_mask);
}

/* Rows of a node that are left to add, in one tile: tasks that build its histogram together take some at a time. */
typedef struct {
    const uint32_t *rows;
    int64_t n, step; /* at a time */
    int64_t *taken;  /* those that some task has */
} row_supply;

typedef struct {
    const uint32_t *rows;
    int64_t n; /* 0: none are left */
} row_stretch;

SCH_INLINE row_stretch take_rows(const row_supply *supply)
{
    const int64_t first = __atomic_fetch_add(supply->taken, supply->step, __ATOMIC_RELAXED);
    return (row_stretch){supply->rows + first, sch_max(0, sch_min(supply->step, supply->n - first))};
}

/* Adds to a wide histogram, by way of a packed one. */
static void add_by_bin(const histogram_source *s, int64_t *cells, int64_t tile, const uint32_t *rows, int64_t n)
{
    _Alignas(64) int64_t local[PLANE];
    const packing *p = s->p;
    const int64_t top = s->tile_top[tile], missing = SCH_MISSING_BIN * SCH_TILE;
    clear_plane(local, top);
    for (int64_t i = 0; i < n && !sch_should_stop(&s->a->control); i += p->chunk) {
        add_packed(s, local, tile, rows + i, sch_min(p->chunk, n - i));
        flush(p, local, cells, top * SCH_TILE);
        flush(p, local + missing, cells + missing, SCH_TILE);
    }
}

/* From a packed histogram that stands by column, which is cleared, to one that stands by bin: added to a wide one, but in
 * place of a packed one, whose rows are one stretch that is added at once. */
static void flush_columns(const packing *p, int64_t *columns, int64_t *cells, int64_t width, int64_t top, int packed)
{
    _Alignas(64) int64_t strip[SQUARE * SCH_TILE] = {0};
    for (int64_t bin = 0; bin < COLUMN; bin += SQUARE) {
        if (bin >= top && bin < LAST_BINS) continue;
        turn_bins(columns + bin, packed ? cells + bin * SCH_TILE : strip, width);
        if (!packed) flush(p, strip, cells + bin * SCH_TILE, SQUARE * SCH_TILE);
    }
}

/* A packed or a wide histogram, by way of a packed one that stands by column. */
static void build_by_column(const histogram_source *s, int64_t *cells, int64_t tile, row_stretch now,
                            const row_supply *supply, int packed)
{
    _Alignas(64) int64_t local[PLANE];
    const packing *p = s->p;
    const int64_t features = sch_tile_features(s->a->x.d, tile), width = tile_width(s, tile), top = s->tile_top[tile];
    int64_t room = p->chunk;
    memset(local, 0, sizeof local);
    while (now.n && !sch_should_stop(&s->a->control)) {
        const int64_t some = sch_min(room, now.n);
        add_by_column(s, local, tile, now.rows, some);
        now = some < now.n ? (row_stretch){now.rows + some, now.n - some} : take_rows(supply);
        if (!now.n) break;
        if (features < width)
            local[features * COLUMN] = 0; /* of what makes a row's bytes even: it would count all rows */
        room = room_left(p, local, width * COLUMN);
        if (room >= p->chunk / 2) continue;
        flush_columns(p, local, cells, width, top, packed);
        room = p->chunk;
    }
    flush_columns(p, local, cells, width, top, packed);
}

/* The histogram of the rows of one stretch and of those that can be had after it. A packed one is that of a single stretch. */
static void build_histogram(const histogram_source *s, int64_t *cells, int64_t tile, row_stretch now,
                            const row_supply *supply, int packed)
{
    const int64_t top = s->tile_top[tile];
    clear_plane(cells, top);
    if (!packed) clear_plane(cells + PLANE, top);
    if (s->p->chunk && now.n >= MANY_ROWS && !s->a->x.tile_sparse[tile]) {
        build_by_column(s, cells, tile, now, supply, packed);
        return;
    }
    for (; now.n && !sch_should_stop(&s->a->control); now = take_rows(supply)) {
        if (packed) add_packed(s, cells, tile, now.rows, now.n);
        else if (s->p->chunk) add_by_bin(s, cells, tile, now.rows, now.n);
        else add_wide(s, cells, tile, now.rows, now.n);
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
