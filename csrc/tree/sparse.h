/* tree/sparse.h - the sparse_tiles kernel: finds a table's sparse columns and writes the rows of their tiles with slots.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_SPARSE_H
#define SCH_TREE_SPARSE_H

#include "core/pool.h"
#include "sch/boost.h"
#include "tree/slots.h"

enum { SPARSE_SAMPLE = 512, SPARSE_SHARE = 448 /* of the sample, in one bin */, SPARSE_BLOCK = 8192 /* rows */ };

/* Whether most of a column's rows, evenly sampled, are in one bin. */
static int is_sparse(const sch_binned *x, int64_t feature, uint8_t *common)
{
    const uint8_t *column = x->columns + feature * x->column_stride;
    int counts[256] = {0}, most = 0;
    for (int64_t i = 0; i < SPARSE_SAMPLE; ++i) ++counts[column[i * x->n / SPARSE_SAMPLE]];
    for (int bin = 1; bin < 256; ++bin)
        if (counts[bin] > counts[most]) most = bin;
    *common = (uint8_t)most;
    return counts[most] >= SPARSE_SHARE;
}

/* Sparse columns of a tile come after the dense ones. */
static void arrange_tile(sch_sparse_tiles_args *a, int64_t tile)
{
    const int64_t tiles = sch_tiles(a->x.d);
    uint8_t sparse[SCH_TILE], n_sparse = 0, n_dense = 0;
    for (int64_t f = tile, j = 0; f < a->x.d; f += tiles, ++j) {
        sparse[j] = (uint8_t)is_sparse(&a->x, f, &a->common[f]);
        n_sparse += sparse[j];
    }
    a->tile_sparse[tile] = n_sparse >= LEAST_SPARSE ? n_sparse : 0;
    if (!a->tile_sparse[tile]) return;
    uint8_t next_sparse = (uint8_t)(sch_tile_features(a->x.d, tile) - n_sparse);
    for (int64_t f = tile, j = 0; f < a->x.d; f += tiles, ++j)
        a->tile_column[f] = sparse[j] ? next_sparse++ : n_dense++;
}

/* How rows of a tile are written. */
typedef struct {
    uint8_t column[SCH_TILE]; /* of a bin as it stands */
    uint8_t place[SCH_TILE]; /* of a dense column's bin */
    uint64_t common[2], sparse[2]; /* common bins; and bytes of ones for sparse columns */
    uint16_t idle[2][SCH_TILE]; /* what slots of even and odd rows name for want of anything */
    int dense, slots;
    int64_t stride;
} row_form;

static row_form form_of(const sch_binned *x, int64_t tile)
{
    row_form form = {.dense = tile_dense(x, tile), .slots = tile_slots(x, tile), .stride = sch_tile_stride(x->d)};
    uint8_t common[SCH_TILE] = {0}, sparse[SCH_TILE] = {0};
    uint16_t idle[SCH_TILE];
    for (int64_t f = tile, j = 0; f < x->d; f += sch_tiles(x->d), ++j) {
        form.column[j] = x->tile_column[f];
        form.place[form.column[j]] = (uint8_t)j;
        if (form.column[j] < form.dense) continue;
        common[j] = x->common[f];
        sparse[j] = 255;
        idle[form.column[j] - form.dense] = (uint16_t)(x->common[f] * SCH_TILE + form.column[j]);
    }
    memcpy(form.common, common, sizeof common);
    memcpy(form.sparse, sparse, sizeof sparse);
    /* Additions to one cell wait for each other: rows take turns between cells. */
    for (int s = 0; s < form.slots; ++s) {
        form.idle[0][s] = idle[s];
        form.idle[1][s] = idle[s < LEAST_SPARSE ? s ^ 2 : s];
    }
    return form;
}

static void write_row(const row_form *form, uint8_t *row, const uint16_t *idle)
{
    uint8_t bins[SCH_TILE] = {0};
    uint16_t slots[SCH_TILE];
    uint64_t rest[2];
    int n = 0;
    memcpy(bins, row, (size_t)form->stride);
    memcpy(rest, bins, sizeof rest);
    for (int half = 0; half < 2; ++half)
        for (uint64_t r = (rest[half] ^ form->common[half]) & form->sparse[half]; r;) {
            const int byte = __builtin_ctzll(r) / 8, j = 8 * half + byte;
            slots[n++] = (uint16_t)(bins[j] * SCH_TILE + form->column[j]);
            r &= ~(UINT64_C(255) << 8 * byte);
        }
    for (int s = n; s < form->slots; ++s) slots[s] = idle[s];
    if (n > ALWAYS_SLOTS) slots[0] |= SLOTS_MORE;
    if (n > form->slots) slots[0] |= SLOTS_BEYOND;
    for (int j = 0; j < form->dense; ++j) row[j] = bins[form->place[j]];
    memcpy(row + form->dense, slots, (size_t)form->slots * sizeof *slots);
}

static void sparse_chunk(void *context, int64_t chunk)
{
    const sch_sparse_tiles_args *a = context;
    const int64_t tile = chunk % sch_tiles(a->x.d), first = chunk / sch_tiles(a->x.d) * SPARSE_BLOCK;
    const int64_t end = sch_min(first + SPARSE_BLOCK, a->x.n);
    if (!a->tile_sparse[tile]) return;
    const row_form form = form_of(&a->x, tile);
    for (int64_t i = first; i < end; ++i)
        write_row(&form, a->tiles + sch_tile_row(a->x.n, a->x.d, tile, i), form.idle[i & 1]);
}

static sch_status sparse_tiles(sch_sparse_tiles_args *a)
{
    const int64_t tiles = sch_tiles(a->x.d);
    int any = 0;
    for (int64_t t = 0; t < tiles && a->x.n > 0; ++t) {
        arrange_tile(a, t);
        any |= a->tile_sparse[t];
    }
    const int64_t blocks = any ? (a->x.n + SPARSE_BLOCK - 1) / SPARSE_BLOCK : 0;
    return sch_par_for(&a->control, blocks * tiles, sparse_chunk, a);
}

#endif
