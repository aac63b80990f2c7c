/* sch/bin.h - from values to bins: where the bounds of the bins lie, and a table's values as numbers of their bins.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_BIN_H
#define SCH_BIN_H

#include "sch/status.h"
#include "sch/tree.h"
#include "sch/types.h"

enum { SCH_BIN_ROW = 256 }; /* bounds, or bins of codes, that a feature has room for */

/* Bounds between the bins of each column: a function of the weight of each value, whatever the order of rows. Up to
 * max_bins distinct values: a bin for each. More: values with their full share of the weight get a bin of their own, the
 * others divide the remaining bins equally, to within an eighth of a share at each bound. A bound lies halfway between
 * neighbouring values where they are known, and always low <= bound < high. */
typedef struct {
    sch_control control;
    sch_columns x;         /* IN (n, d), n < 2^32; NaN is missing, -0 is 0; CSC: rows distinct within a column */
    const int64_t *weight; /* IN (n) whole numbers >= 0, their sum at most 2^51; NULL: all 1 */
    const uint8_t *rows;   /* IN (n) 0 or 1: a weight in fewer bytes, where weight is NULL; or NULL */
    int64_t max_bins;      /* 2 .. 255 */
    const uint8_t *skip;   /* IN (d) or NULL: columns to leave without bounds */
    double *bounds;        /* OUT (d, 256) rising; the first n_bounds of a row */
    int32_t *n_bounds;     /* OUT (d) 0 .. max_bins - 1 */
    uint8_t *has_missing;  /* OUT (d) 1 if a row of positive weight has none */
    void *scratch;         /* SCRATCH bin_bounds_scratch(a) bytes, 64-byte aligned */
} sch_bin_bounds_args;

/* A table's values to bins, in both layouts of sch_binned. */
typedef struct {
    sch_control control;
    sch_columns x;      /* IN (n, d) NaN is missing; CSC: rows distinct within a column */
    const void
        *bounds; /* IN (d, 256) of x's dtype, rising, then infinity: a value's bin is how many are less than it */
    const uint8_t *is_categorical; /* IN (d) or NULL */
    const uint8_t
        *codes; /* IN (d, 256) or NULL: bins of the values 0, 1, 2 ... of categorical columns; all else is missing */
    int64_t column_stride; /* a multiple of 64 */
    uint8_t *tiles;     /* OUT (sch_tiles(d), n, sch_tile_stride(d)), or NULL */
    uint8_t *columns;   /* OUT (d, column_stride), the first n of a row */
} sch_bin_table_args;

#define SCH_BIN_OPS(X)                 \
    X(bin_bounds, sch_bin_bounds_args) \
    X(bin_table, sch_bin_table_args)

typedef struct {
    SCH_BIN_OPS(SCH_KERNEL)
    int64_t (*bin_bounds_scratch)(const sch_bin_bounds_args *); /* bytes, a function of sizes and threads alone */
} sch_bin_ops;

#endif
