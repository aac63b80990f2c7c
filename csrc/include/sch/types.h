/* sch/types.h - the nouns of the C interface: element type, table, control.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TYPES_H
#define SCH_TYPES_H

#include <stdint.h>

typedef enum { SCH_F32 = 0, SCH_F64 = 1 } sch_dtype;

/* How the rows of a table are stored. CSR comes with 32- or 64-bit indices, as scipy makes it. */
typedef enum { SCH_DENSE = 0, SCH_CSR32 = 1, SCH_CSR64 = 2 } sch_storage;

typedef struct {
    sch_dtype dtype;
    sch_storage storage;
    int64_t n;           /* rows (samples) */
    int64_t d;           /* columns (features) */
    int64_t row_stride;  /* DENSE: elements from one row to the next, >= d */
    const void *data;    /* DENSE: (n, d) rows contiguous; CSR: the non-zeros */
    const void *indices; /* CSR: column of each non-zero */
    const void *indptr;  /* CSR: (n + 1) first non-zero of each row */
} sch_table;

/* A table whose columns are what kernels walk along: a dense array of any layout, or CSC. */
typedef enum { SCH_STRIDED = 0, SCH_CSC32 = 1, SCH_CSC64 = 2 } sch_column_storage;

typedef struct {
    sch_dtype dtype;
    sch_column_storage storage;
    int64_t n;                         /* rows (samples) */
    int64_t d;                         /* columns (features) */
    int64_t row_stride, column_stride; /* STRIDED: elements from one row, one column to the next */
    const void *data;                  /* STRIDED: the first element; CSC: the non-zeros */
    const void *indices;               /* CSC: row of each non-zero */
    const void *indptr;                /* CSC: (d + 1) first non-zero of each column */
} sch_columns;

/* What every kernel that may take long is told about its surroundings. */
typedef struct {
    int n_threads;      /* at most this many, the caller included */
    int (*poll)(void); /* asked by the calling thread every few milliseconds; non-zero stops the kernel; may be NULL */
} sch_control;

#endif
