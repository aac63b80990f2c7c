/* sch/ops.h - the kernels of one instruction set, and which set is in use.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_OPS_H
#define SCH_OPS_H

#include "sch/apply.h"
#include "sch/bin.h"
#include "sch/boost.h"
#include "sch/cart.h"
#include "sch/cd.h"
#include "sch/dual.h"
#include "sch/forest.h"
#include "sch/glm.h"
#include "sch/loss.h"
#include "sch/nn.h"
#include "sch/sgd.h"
#include "sch/status.h"

/* One table of kernels per family and instruction set: sch_glm_ops_avx2, for instance. */
#define SCH_FAMILIES(X, isa) \
    X(loss, isa)             \
    X(glm, isa)              \
    X(sgd, isa)              \
    X(cd, isa)               \
    X(dual, isa)             \
    X(apply, isa)            \
    X(bin, isa)              \
    X(forest, isa)           \
    X(boost, isa)            \
    X(nn, isa)               \
    X(cart, isa)

typedef struct {
    const char *name;
    uint64_t need; /* SCH_CPU_* bits without which the row must not run */
#define SCH_FIELD(family, isa) const sch_##family##_ops *family;
    SCH_FAMILIES(SCH_FIELD, )
#undef SCH_FIELD
} sch_ops;

const sch_ops *sch_ops_current(void);
sch_status sch_ops_select(const char *name); /* NULL: the best that this CPU supports */
int sch_ops_count(void);
const char *sch_ops_name(int row);
int sch_ops_supported(int row);

#endif
