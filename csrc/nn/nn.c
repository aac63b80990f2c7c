/* nn/nn.c - fully connected networks. Compiled once per instruction set with -DSCH_ISA=<name>; everything is static but
 * the table at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/nn.h"
#include "core/blocks.h"
#include "core/math.h"
#include "core/pool.h"
#include "core/prelude.h"
#include "core/rng.h"
#include "core/vec.h"
#include "nn/tiles.h"

#define SCH_TEMPLATES "nn/nn_templates.h"
#include "core/for_each_real.h"

SCH_NN_OPS(SCH_BY_DTYPE)

static int64_t nn_train_scratch(const sch_nn_train_args *a)
{
    return a->x.dtype == SCH_F32 ? nn_train_scratch_f32(a) : nn_train_scratch_f64(a);
}

static int64_t nn_predict_scratch(const sch_nn_predict_args *a)
{
    return a->x.dtype == SCH_F32 ? nn_predict_scratch_f32(a) : nn_predict_scratch_f64(a);
}

extern const sch_nn_ops SCH_CAT(sch_nn_ops_, SCH_ISA);
const sch_nn_ops SCH_CAT(sch_nn_ops_, SCH_ISA) = {
    .nn_train_scratch = nn_train_scratch, .nn_predict_scratch = nn_predict_scratch, SCH_NN_OPS(SCH_ENTRY)};
