/* linear/sgd.c - stochastic gradient descent. Compiled once per instruction set with -DSCH_ISA=<name>;
 * everything is static but the table at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/sgd.h"
#include "core/blocks.h"
#include "core/math.h"
#include "core/pool.h"
#include "core/prelude.h"
#include "core/vec.h"
#include "linear/steps.h"
#include "linear/visit.h"

#define SCH_TEMPLATES "linear/sgd_templates.h"
#include "core/for_each_real.h"

SCH_SGD_OPS(SCH_BY_DTYPE)

static int64_t sgd_sweep_scratch(const sch_sgd_sweep_args *a)
{
    return a->x.dtype == SCH_F32 ? sgd_sweep_scratch_f32(a) : sgd_sweep_scratch_f64(a);
}

extern const sch_sgd_ops SCH_CAT(sch_sgd_ops_, SCH_ISA);
const sch_sgd_ops SCH_CAT(sch_sgd_ops_, SCH_ISA) = {
    .sgd_sweep_scratch = sgd_sweep_scratch, .visiting_order = visiting_order, SCH_SGD_OPS(SCH_ENTRY)};
