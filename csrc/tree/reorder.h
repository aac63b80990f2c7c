/* tree/reorder.h - the rows of a binned table in another order, in place: a column after the other, then the tiles anew.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_REORDER_H
#define SCH_TREE_REORDER_H

#include "core/pool.h"
#include "sch/boost.h"
#include "tree/bin_transpose.h"

enum { REORDER_ROWS = 64, REORDER_CHUNK = 4096 }; /* rows */

/* Every so many columns, by way of the task's own piece of scratch. */
static void reorder_columns(void *context, int64_t task)
{
    const sch_reorder_rows_args *a = context;
    uint8_t *SCH_RESTRICT moved = a->scratch + task * a->n;
    for (int64_t f = task; f < a->d && !sch_should_stop(&a->control); f += SCH_REORDER_TASKS) {
        uint8_t *SCH_RESTRICT column = a->columns + f * a->column_stride;
        for (int64_t i = 0; i < a->n; ++i) moved[i] = column[a->rows[i]];
        memcpy(column, moved, (size_t)a->n);
    }
}

static void rebuild_tiles(void *context, int64_t chunk)
{
    const sch_reorder_rows_args *a = context;
    const int64_t stop = sch_min((chunk + 1) * REORDER_CHUNK, a->n), tiles = sch_tiles(a->d);
    const int64_t width = sch_tile_stride(a->d);
    for (int64_t tile = 0; tile < tiles; ++tile) {
        uint8_t bins[SCH_TILE][REORDER_ROWS] = {{0}};
        const int64_t features = sch_tile_features(a->d, tile);
        for (int64_t first = chunk * REORDER_CHUNK; first < stop; first += REORDER_ROWS) {
            const int64_t rows = sch_min(REORDER_ROWS, stop - first);
            for (int64_t j = 0; j < features; ++j)
                memcpy(bins[j], a->columns + (j * tiles + tile) * a->column_stride + first, (size_t)rows);
            bin_write_rows(bins[0], REORDER_ROWS, rows, a->tiles + sch_tile_row(a->n, a->d, tile, first), width);
        }
    }
}

static sch_status reorder_rows(sch_reorder_rows_args *a)
{
    const sch_status status = sch_par_for(&a->control, SCH_REORDER_TASKS, reorder_columns, a);
    if (status) return status;
    return sch_par_for(&a->control, (a->n + REORDER_CHUNK - 1) / REORDER_CHUNK, rebuild_tiles, a);
}

#endif
