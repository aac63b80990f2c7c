/* dispatch.c - one row per compiled instruction set, best last; chosen at import, changed only by tests.
 * SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "core/cpu.h"
#include "sch/ops.h"
#include "sch_isa_list.h" /* #define SCH_ISA_LIST(X) X(base, 0) X(avx2, ...) */

#define DECLARE(family, isa) extern const sch_##family##_ops sch_##family##_ops_##isa;
#define DECLARE_ALL(isa, bits) SCH_FAMILIES(DECLARE, isa)
SCH_ISA_LIST(DECLARE_ALL)
#undef DECLARE_ALL
#undef DECLARE

static const sch_ops rows[] = {
#define FIELD(family, isa) .family = &sch_##family##_ops_##isa,
#define ROW(isa, bits) {.name = #isa, .need = (bits), SCH_FAMILIES(FIELD, isa)},
    SCH_ISA_LIST(ROW)
#undef ROW
#undef FIELD
};

enum { N_ROWS = sizeof rows / sizeof rows[0] };

static const sch_ops *_Atomic current = &rows[0];

const sch_ops *sch_ops_current(void) { return current; }

int sch_ops_count(void) { return N_ROWS; }

const char *sch_ops_name(int row) { return rows[row].name; }

static int covers(uint64_t bits, int row) { return (bits & rows[row].need) == rows[row].need; }

int sch_ops_supported(int row) { return covers(sch_cpu_bits(), row); }

sch_status sch_ops_select(const char *name)
{
    const uint64_t bits = sch_cpu_bits(); /* slow to ask under a hypervisor */
    const sch_ops *pick = NULL;
    for (int r = 0; r < N_ROWS; ++r)
        if (covers(bits, r) && (!name || !strcmp(name, rows[r].name))) pick = &rows[r];
    if (!pick) return SCH_ISA_UNAVAILABLE; /* an unknown name is an error, never ignored */
    current = pick;
    return SCH_OK;
}
