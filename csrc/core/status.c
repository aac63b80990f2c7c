/* core/status.c - names of the enumerators that Python reads, so that they are never typed twice.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/status.h"
#include "sch/sgd.h"
#include "sch/loss.h"

const char *sch_status_text(sch_status status)
{
    switch (status) {
#define CASE(name, text) \
    case SCH_##name: return text;
        SCH_STATUS_LIST(CASE)
#undef CASE
    }
    return "unknown status";
}

const char *sch_loss_name(sch_loss loss)
{
    switch (loss) {
#define CASE(name, text) \
    case SCH_LOSS_##name: return text;
        SCH_LOSS_LIST(CASE)
#undef CASE
    case SCH_LOSS_SOFTMAX: return "softmax";
    case SCH_N_LOSSES: break;
    }
    return "";
}

const char *sch_optimizer_name(sch_optimizer optimizer)
{
    switch (optimizer) {
#define CASE(name, text) \
    case SCH_OPTIMIZER_##name: return text;
        SCH_OPTIMIZER_LIST(CASE)
#undef CASE
    case SCH_N_OPTIMIZERS: break;
    }
    return "";
}

const char *sch_schedule_name(sch_schedule schedule)
{
    switch (schedule) {
#define CASE(name, text) \
    case SCH_SCHEDULE_##name: return text;
        SCH_SCHEDULE_LIST(CASE)
#undef CASE
    case SCH_N_SCHEDULES: break;
    }
    return "";
}
