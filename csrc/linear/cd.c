/* linear/cd.c - coordinate descent. Compiled once per instruction set with -DSCH_ISA=<name>;
 * everything is static but the table at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/cd.h"
#include "core/prelude.h"
#include "linear/gram_cd.h"

extern const sch_cd_ops SCH_CAT(sch_cd_ops_, SCH_ISA);
const sch_cd_ops SCH_CAT(sch_cd_ops_, SCH_ISA) = {
#define FIELD(name, args_t) .name = name,
    SCH_CD_OPS(FIELD)
#undef FIELD
        .gram_cd_scratch = gram_cd_scratch,
};
