/* linear/glm.c - passes of generalised linear models, and prediction. Compiled once per instruction set with -DSCH_ISA=<name>;
 * everything is static but the table at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/glm.h"
#include "core/blocks.h"
#include "core/math.h"
#include "core/pool.h"
#include "core/prelude.h"
#include "core/vec.h"

#define SCH_TEMPLATES "linear/glm_templates.h"
#include "core/for_each_real.h"

SCH_GLM_OPS(SCH_BY_DTYPE)

static int64_t glm_pass_scratch(const sch_glm_pass_args *a)
{
    return a->x.dtype == SCH_F32 ? glm_pass_scratch_f32(a) : glm_pass_scratch_f64(a);
}

static int64_t sparse_gram_scratch(const sch_sparse_gram_args *a)
{
    return a->x.dtype == SCH_F32 ? sparse_gram_scratch_f32(a) : sparse_gram_scratch_f64(a);
}

extern const sch_glm_ops SCH_CAT(sch_glm_ops_, SCH_ISA);
const sch_glm_ops SCH_CAT(sch_glm_ops_, SCH_ISA) = {
    .glm_pass_scratch = glm_pass_scratch, .sparse_gram_scratch = sparse_gram_scratch, SCH_GLM_OPS(SCH_ENTRY)};
