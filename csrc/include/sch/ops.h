/* sch/ops.h - the kernels of one instruction set, and which set is in use.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_OPS_H
#define SCH_OPS_H

#include "sch/cd.h"
#include "sch/dual.h"
#include "sch/glm.h"
#include "sch/loss.h"
#include "sch/sgd.h"
#include "sch/status.h"

typedef struct {
    const char *name;
    uint64_t need; /* SCH_CPU_* bits without which the row must not run */
    const sch_loss_ops *loss;
    const sch_glm_ops *glm;
    const sch_sgd_ops *sgd;
    const sch_cd_ops *cd;
    const sch_dual_ops *dual;
} sch_ops;

const sch_ops *sch_ops_current(void);
sch_status sch_ops_select(const char *name); /* NULL: the best that this CPU supports */
int sch_ops_count(void);
const char *sch_ops_name(int row);
int sch_ops_supported(int row);

#endif
