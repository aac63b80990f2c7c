/* loss/loss.c - vector kernels over losses and elementary functions. Compiled once per instruction set with
 * -DSCH_ISA=<name>; everything is static but the table at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/loss.h"
#include "core/blocks.h"
#include "core/math.h"
#include "core/pool.h"
#include "core/prelude.h"

#define SCH_TEMPLATES "loss/templates.h"
#include "core/for_each_real.h"

#define BY_DTYPE(name, args_t) \
    static sch_status name(args_t *a) { return a->dtype == SCH_F32 ? name##_f32(a) : name##_f64(a); }
SCH_LOSS_OPS(BY_DTYPE)

extern const sch_loss_ops SCH_CAT(sch_loss_ops_, SCH_ISA);
const sch_loss_ops SCH_CAT(sch_loss_ops_, SCH_ISA) = {SCH_LOSS_OPS(SCH_ENTRY)};
