/* tree/bin.c - bounds of bins, and tables in bins. Compiled once per instruction set with -DSCH_ISA=<name>; everything is
 * static but the table at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/bin.h"
#include "core/blocks.h"
#include "core/pool.h"
#include "core/prelude.h"
#include "tree/bin_transpose.h"

#define SCH_TEMPLATES "tree/bin_templates.h"
#include "core/for_each_real.h"

SCH_BIN_OPS(SCH_BY_DTYPE)

static int64_t bin_bounds_scratch(const sch_bin_bounds_args *a)
{
    return a->x.dtype == SCH_F32 ? bin_bounds_scratch_f32(a) : bin_bounds_scratch_f64(a);
}

extern const sch_bin_ops SCH_CAT(sch_bin_ops_, SCH_ISA);
const sch_bin_ops SCH_CAT(sch_bin_ops_, SCH_ISA) = {.bin_bounds_scratch = bin_bounds_scratch, SCH_BIN_OPS(SCH_ENTRY)};
