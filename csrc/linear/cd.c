/* linear/cd.c - coordinate descent. Compiled once per instruction set with -DSCH_ISA=<name>;
 * everything is static but the table at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/cd.h"
#include "core/blocks.h"
#include "core/pool.h"
#include "core/prelude.h"
#include "core/vec.h"
#include "linear/gram_cd.h"
#include "linear/gram_path.h"

#define SCH_TEMPLATES "linear/cd_templates.h"
#include "core/for_each_real.h"

SCH_BY_DTYPE(column_gram, sch_column_gram_args)
SCH_BY_DTYPE(column_products, sch_column_products_args)
SCH_BY_DTYPE(column_residual, sch_column_residual_args)

static int64_t column_gram_scratch(const sch_column_gram_args *a)
{
    return a->x.dtype == SCH_F32 ? column_gram_scratch_f32(a) : column_gram_scratch_f64(a);
}

extern const sch_cd_ops SCH_CAT(sch_cd_ops_, SCH_ISA);
const sch_cd_ops SCH_CAT(sch_cd_ops_, SCH_ISA) = {
    .gram_cd_scratch = gram_cd_scratch, .column_gram_scratch = column_gram_scratch, SCH_CD_OPS(SCH_ENTRY)};
