/* linear/linear.c - kernels of the linear models. Compiled once per instruction set with -DSCH_ISA=<name>; everything is
 * static but the table at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/linear.h"
#include "core/blocks.h"
#include "core/math.h"
#include "core/pool.h"
#include "core/prelude.h"
#include "core/vec.h"
#include "linear/steps.h"
#include "linear/visit.h"

#define SCH_TEMPLATES "linear/templates.h"
#include "core/for_each_real.h"

#define BY_DTYPE(name, args_t) \
    static sch_status name(args_t *a) { return a->x.dtype == SCH_F32 ? name##_f32(a) : name##_f64(a); }
SCH_LINEAR_OPS(BY_DTYPE)

static int64_t sgd_sweep_scratch(const sch_sgd_sweep_args *a)
{
    return a->x.dtype == SCH_F32 ? sgd_sweep_scratch_f32(a) : sgd_sweep_scratch_f64(a);
}

static int64_t glm_pass_scratch(const sch_glm_pass_args *a)
{
    return a->x.dtype == SCH_F32 ? glm_pass_scratch_f32(a) : glm_pass_scratch_f64(a);
}

extern const sch_linear_ops SCH_CAT(sch_linear_ops_, SCH_ISA);
const sch_linear_ops SCH_CAT(sch_linear_ops_, SCH_ISA) = {
#define FIELD(name, args_t) .name = name,
    SCH_LINEAR_OPS(FIELD)
#undef FIELD
        .sgd_sweep_scratch = sgd_sweep_scratch,
    .glm_pass_scratch = glm_pass_scratch,
    .visiting_order = visiting_order,
};
