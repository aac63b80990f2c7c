/* tree/histogram.h - histograms of gradients, tile by tile.
 *
 * The histogram of a tile is (256 bins, 16 columns): the updates of a row go to as many columns as the tile has features,
 * and split search runs down all of them at once. "Packed" it holds sums of words; "wide" it is two planes, the gradients and, after
 * them, hessians with counts. A node of at most `chunk` rows is packed, a larger one wide.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_HISTOGRAM_H
#define SCH_TREE_HISTOGRAM_H

#include "core/pool.h"
#include "tree/packing.h"

enum { PLANE = 256 * SCH_TILE, AHEAD = 64 /* rows: so early their bins are fetched */ };

typedef struct {
    const sch_grow_tree_args *a;
    const packing *p;
    const int64_t *words;    /* (n) */
    const int32_t *tile_top; /* (tiles) bins in use by a tile, the missing one not counted */
} histogram_source;

SCH_INLINE int is_packed(const packing *p, int64_t n) { return n <= p->chunk; }

/* One row into a packed histogram, `width` features of it. */
SCH_INLINE void add_word(int64_t *SCH_RESTRICT cell, const uint8_t *bins, int64_t word, const int width)
{
    uint64_t low, high;
    memcpy(&low, bins, 8);
    memcpy(&high, bins + 8, 8);
#pragma GCC unroll 8
    for (int f = 0; f < (width < 8 ? width : 8); ++f) cell[(low >> 8 * f & 255) * SCH_TILE + f] += word;
#pragma GCC unroll 8
    for (int f = 8; f < width; ++f) cell[(high >> 8 * (f - 8) & 255) * SCH_TILE + f] += word;
}

SCH_INLINE void add_words(const histogram_source *s, int64_t *cells, const uint8_t *tile, const uint32_t *rows,
                          int64_t n, const int sign, const int width)
{
    if (rows[n - 1] - rows[0] == n - 1) { /* rows ascend: these leave none out */
        for (int64_t row = rows[0]; row < rows[0] + n; ++row)
            add_word(cells, tile + row * SCH_TILE, sign * s->words[row], width);
        return;
    }
    for (int64_t i = 0; i < n; ++i) {
        const int64_t row = rows[i];
        if (i + AHEAD < n) {
            __builtin_prefetch(tile + (int64_t)rows[i + AHEAD] * SCH_TILE);
            __builtin_prefetch(s->words + rows[i + AHEAD]);
        }
        add_word(cells, tile + row * SCH_TILE, sign * s->words[row], width);
    }
}

SCH_INLINE void add_tile(const histogram_source *s, int64_t *cells, int64_t tile, const uint32_t *rows, int64_t n,
                         const int sign)
{
    const uint8_t *bins = s->a->x.tiles + tile * s->a->x.n * SCH_TILE;
    const int64_t features = s->a->x.tile_features;
    switch ((sch_min(s->a->x.d - tile * features, features) + 1) / 2) {
    case 1: add_words(s, cells, bins, rows, n, sign, 2); break;
    case 2: add_words(s, cells, bins, rows, n, sign, 4); break;
    case 3: add_words(s, cells, bins, rows, n, sign, 6); break;
    case 4: add_words(s, cells, bins, rows, n, sign, 8); break;
    case 5: add_words(s, cells, bins, rows, n, sign, 10); break;
    case 6: add_words(s, cells, bins, rows, n, sign, 12); break;
    case 7: add_words(s, cells, bins, rows, n, sign, 14); break;
    default: add_words(s, cells, bins, rows, n, sign, 16);
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

/* Rows without words, straight into a wide histogram. */
SCH_NOINLINE void add_wide(const histogram_source *s, int64_t *cells, int64_t tile, const uint32_t *rows, int64_t n)
{
    const sch_grow_tree_args *a = s->a;
    const uint8_t *bins = a->x.tiles + tile * a->x.n * SCH_TILE;
    const weighting kind = weighting_of(a);
    for (int64_t i = 0; i < n; ++i) {
        const int64_t row = rows[i], one = kind == NO_WEIGHT || a->weight[row] > 0.0;
        const int64_t g = whole_at(a, a->gradient, a->dtype, kind, s->p->g_scale, row);
        const int64_t h = sch_max(0, whole_at(a, a->hessian, a->dtype, kind, s->p->h_scale, row));
        const int64_t low = (h << s->p->wide_shift) + one;
        for (int f = 0; f < SCH_TILE; ++f) {
            int64_t *cell = cells + bins[row * SCH_TILE + f] * SCH_TILE + f;
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

SCH_INLINE sums cell_sums(const packing *p, const int64_t *cells, int64_t j, int packed)
{
    const int64_t low = packed ? cells[j] & p->low_mask : cells[PLANE + j];
    if (packed) return (sums){cells[j] >> p->g_shift, low >> p->h_shift, low & p->count_mask};
    return (sums){cells[j], low >> p->wide_shift, low & p->wide_mask};
}

SCH_INLINE sums plus(sums x, sums y) { return (sums){x.g + y.g, x.h + y.h, x.c + y.c}; }
SCH_INLINE sums minus(sums x, sums y) { return (sums){x.g - y.g, x.h - y.h, x.c - y.c}; }

#endif
