/* sch/tree.h - the nouns of the tree kernels: a binned table, a node.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_H
#define SCH_TREE_H

#include "sch/types.h"

/* Features stand in tiles of up to 16, whose histograms fit the first-level cache together. */
enum { SCH_TILE = 16, SCH_MAX_BINS = 255, SCH_MISSING_BIN = 255 };

enum { SCH_SET_WORDS = 4 }; /* of 64 bits, in a set of categories */

static inline int sch_in_set(const uint64_t *set, int code) { return (int)(set[code >> 6] >> (code & 63) & 1); }

static inline int64_t sch_tiles(int64_t d) { return (d + SCH_TILE - 1) / SCH_TILE; }

/* Features are dealt to tiles one by one: each tile is a thread's work, and neighbours often are of one kind. */
static inline int64_t sch_tile_of(int64_t d, int64_t feature) { return feature % sch_tiles(d); }
static inline int64_t sch_tile_features(int64_t d, int64_t tile)
{
    return (d - tile + sch_tiles(d) - 1) / sch_tiles(d);
}

/* Bytes of a row in a tile: an even number, enough for the tile with the most features. */
static inline int64_t sch_tile_stride(int64_t d)
{
    const int64_t most = d ? sch_tile_features(d, 0) : 0;
    return most + most % 2;
}

/* Where a row of a tile begins, in bytes, in tiles of n rows. */
static inline int64_t sch_tile_row(int64_t n, int64_t d, int64_t tile, int64_t row)
{
    return (tile * n + row) * sch_tile_stride(d);
}

/* What follows the last row of the last tile may be read, so that every row is as wide as two words of 64 bits. */
enum { SCH_TILE_MARGIN = SCH_TILE };

/* A table whose values were reduced to bins: 0 .. n_bins - 1 in order of the value (a category: its own bin), and
 * SCH_MISSING_BIN for what is missing. By column, and for the histograms of boosting also by tile. */
typedef struct {
    int64_t n;                     /* rows (samples) */
    int64_t d;                     /* columns (features) */
    /* (sch_tiles(d), n, sch_tile_stride(d)) and SCH_TILE_MARGIN bytes; beyond a tile's features all bins are 0. NULL where
     * no trees of boosting are to grow */
    const uint8_t *tiles;
    const uint8_t *tile_column; /* (d) the feature's column in its tile: their order is kept, but for sparse ones */
    const uint8_t *tile_sparse; /* (sch_tiles(d)) how many of the tile's columns, the last ones, are sparse */
    const uint8_t *common; /* (d) the bin of most rows, of a sparse column */
    const uint8_t *columns; /* (d, column_stride) */
    int64_t column_stride; /* >= n, and for boosting a multiple of 64 */
    const int32_t *n_bins; /* (d) bins in use, 1 .. 255, the missing one not counted */
    const uint8_t *has_missing; /* (d) 0 or 1 */
    const uint8_t *is_categorical; /* (d) 0 or 1 */
} sch_binned;

/* A node of a tree in 16 bytes. Parents come before their children, the two children of a node are neighbours. */
typedef struct {
    double threshold; /* inner: x <= threshold goes left. Leaf: its value, where trees have one output */
    int32_t feature; /* inner: the feature, with SCH_NODE_* flags; leaf: -1 */
    int32_t left; /* inner: the left child, right is left + 1; leaf: which leaf of its tree, 0 .. n_leaves - 1 */
} sch_node;

/* Flags in `feature` of an inner node. Of a categorical node `threshold` holds the row of the 256-bit set of the
 * categories that go left (a whole number). */
#define SCH_NODE_MISSING_LEFT (1 << 30)
#define SCH_NODE_CATEGORICAL (1 << 29)
#define SCH_NODE_FEATURE (SCH_NODE_CATEGORICAL - 1)

#endif
