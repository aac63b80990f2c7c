/* nn/tiles.h - how the units of a layer and the rows of a batch are cut into register tiles, and loops over them.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_NN_TILES_H
#define SCH_NN_TILES_H

#include "core/blocks.h"
#include "core/pool.h"
#include "core/prelude.h"

/* Rows of a register tile: with two columns of registers, as many accumulators as leave room for the operands. */
#if SCH_VEC_BYTES == 64
enum { SCH_NN_ROWS = 14 };
#else
enum { SCH_NN_ROWS = 6 };
#endif

/* Operations that are worth another thread, and those of one task. */
#define SCH_NN_SHARED 1.0e6
#define SCH_NN_TASK 2.5e5

/* Units are cut into blocks of nearly the same size, at most SCH_NN_ROWS. */
SCH_INLINE int64_t sch_nn_blocks(int64_t units) { return (units + SCH_NN_ROWS - 1) / SCH_NN_ROWS; }
SCH_INLINE int64_t sch_nn_begin(int64_t block, int64_t units, int64_t blocks) { return block * units / blocks; }

/* A rectangle of work, cut into tasks of some blocks each. */
typedef struct {
    int64_t outer, inner;  /* panels, blocks within one */
    int64_t group, groups; /* blocks of a task; tasks per panel */
} sch_nn_grid;

SCH_INLINE sch_nn_grid sch_nn_grid_of(int64_t outer, int64_t inner, double work)
{
    sch_nn_grid g = {.outer = outer, .inner = inner, .group = inner, .groups = 1};
    const double per_block = work / (double)(outer * inner);
    if (outer < 16 && per_block * (double)inner > SCH_NN_TASK) {
        g.group = sch_min(inner, 1 + (int64_t)(SCH_NN_TASK / per_block));
        g.groups = (inner + g.group - 1) / g.group;
    }
    return g;
}

SCH_INLINE int64_t sch_nn_tasks(const sch_nn_grid *g) { return g->outer * g->groups; }

/* A loop over tasks: alone, without the pool's overhead, where the work does not pay for a second thread. */
SCH_INLINE sch_status sch_nn_for(const sch_control *control, double work, int64_t n, sch_chunk body, void *context)
{
    if (n > 1 && control->n_threads > 1 && work >= SCH_NN_SHARED) return sch_par_for(control, n, body, context);
    for (int64_t chunk = 0; chunk < n; ++chunk) body(context, chunk);
    return SCH_OK;
}

#endif
