/* core/blocks.h - blocks of rows, and sums whose result does not depend on the number of threads.
 * Block bounds are a function of the size of the data alone; partial results are added in block order.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_BLOCKS_H
#define SCH_BLOCKS_H

#include "core/prelude.h"
#include "sch/types.h"

enum { SCH_BLOCK = 4096 }; /* elements per block of the vector kernels */

SCH_INLINE int64_t sch_n_blocks(int64_t n) { return (n + SCH_BLOCK - 1) / SCH_BLOCK; }

SCH_INLINE double sch_sum_ordered(const double *partial, int64_t n)
{
    double total = 0.0;
    for (int64_t b = 0; b < n; ++b) total += partial[b];
    return total;
}

/* Waking a thread costs some microseconds; below this many elements' worth of work the caller is done sooner alone. */
SCH_INLINE sch_control sch_serial_below(sch_control control, double work, double threshold)
{
    if (work < threshold) control.n_threads = 1;
    return control;
}

#endif
