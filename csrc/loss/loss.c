/* loss/loss.c - vector kernels over losses and elementary functions. Compiled once per instruction set with
 * -DSCH_ISA=<name>; everything is static but the table at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/loss.h"
#include "core/blocks.h"
#include "core/math.h"
#include "core/pool.h"
#include "core/prelude.h"

/* Blocks of n rows, at the same time; what they leave in `partial` is added up in order. */
static sch_status sum_blocks(sch_control control, int64_t n, int64_t n_out, sch_chunk chunk, void *a,
                             const double *partial, double *total)
{
    const sch_control few = sch_serial_below(control, (double)n * (double)n_out, 5e4);
    const sch_status status = sch_par_for(&few, sch_n_blocks(n), chunk, a);
    if (status == SCH_OK) *total = sch_sum_ordered(partial, sch_n_blocks(n));
    return status;
}

#define SCH_TEMPLATES "loss/templates.h"
#include "core/for_each_real.h"

#define BY_DTYPE(name, args_t) \
    static sch_status name(args_t *a) { return a->dtype == SCH_F32 ? name##_f32(a) : name##_f64(a); }
SCH_LOSS_OPS(BY_DTYPE)

extern const sch_loss_ops SCH_CAT(sch_loss_ops_, SCH_ISA);
const sch_loss_ops SCH_CAT(sch_loss_ops_, SCH_ISA) = {SCH_LOSS_OPS(SCH_ENTRY)};
