/* tree/slots.h - rows of a tile in which some columns are sparse: most of the table's rows are in one bin there, the common one.
 *
 * Such a row begins with the bins of its dense columns. Slots follow, of 16 bits each, that say where in a histogram what is
 * not common counts; a slot without such a bin names a common one. Histograms leave common bins out: their sums are what the
 * other bins leave of the node's, exactly, for these are whole numbers. Two slots are always added, the others only if a row
 * has more to say, and what finds no slot is looked up by column.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_SLOTS_H
#define SCH_TREE_SLOTS_H

#include "core/prelude.h"
#include "sch/tree.h"

enum {
    LEAST_SPARSE = 4, /* columns of a tile, for it to be worth it; idle slots of a row name different columns */
    MOST_DENSE = SCH_TILE - LEAST_SPARSE,
    ALWAYS_SLOTS = 2,
    SLOT_CELL = SCH_TILE * 256 - 1, /* bin * 16 + column */
    SLOTS_MORE = 1 << 15, /* of the first slot: those that are not always added are in use */
    SLOTS_BEYOND = 1 << 14 /* and there are not enough of them */
};

SCH_INLINE int tile_dense(const sch_binned *x, int64_t tile)
{
    return (int)sch_tile_features(x->d, tile) - x->tile_sparse[tile];
}

SCH_INLINE const uint8_t *tile_rows(const sch_binned *x, int64_t tile)
{
    return x->tiles + sch_tile_row(x->n, x->d, tile, 0);
}

/* Slots of a row: at least ALWAYS_SLOTS, for sparse columns make room for half as many. */
SCH_INLINE int tile_slots(const sch_binned *x, int64_t tile)
{
    return (int)(sch_tile_stride(x->d) - tile_dense(x, tile)) / 2;
}

#endif
