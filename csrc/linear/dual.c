/* linear/dual.c - dual coordinate descent. Compiled once per instruction set with -DSCH_ISA=<name>; everything is static
 * but the table at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/dual.h"
#include "core/pool.h"
#include "core/prelude.h"
#include "core/vec.h"
#include "linear/visit.h"

#define SCH_TEMPLATES "linear/dual_templates.h"
#include "core/for_each_real.h"

SCH_DUAL_OPS(SCH_BY_DTYPE)

static int64_t dual_sweep_scratch(const sch_dual_sweep_args *a)
{
    return a->x.dtype == SCH_F32 ? dual_sweep_scratch_f32(a) : dual_sweep_scratch_f64(a);
}

static int64_t crammer_singer_sweep_scratch(const sch_crammer_singer_sweep_args *a)
{
    return a->x.dtype == SCH_F32 ? crammer_singer_sweep_scratch_f32(a) : crammer_singer_sweep_scratch_f64(a);
}

extern const sch_dual_ops SCH_CAT(sch_dual_ops_, SCH_ISA);
const sch_dual_ops SCH_CAT(sch_dual_ops_, SCH_ISA) = {.dual_sweep_scratch = dual_sweep_scratch,
                                                      .crammer_singer_sweep_scratch = crammer_singer_sweep_scratch,
                                                      SCH_DUAL_OPS(SCH_ENTRY)};
