/* sch/status.h - how a kernel ends.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_STATUS_H
#define SCH_STATUS_H

#define SCH_STATUS_LIST(X)                                  \
    X(OK, "success")                                        \
    X(NONFINITE, "a value became infinite or NaN")          \
    X(CANCELLED, "stopped on request")                      \
    X(BAD_ARGUMENT, "internal error: unsupported argument") \
    X(ISA_UNAVAILABLE, "instruction set not compiled in or not supported by this CPU")

typedef enum {
#define SCH_STATUS_ENUMERATOR(name, text) SCH_##name,
    SCH_STATUS_LIST(SCH_STATUS_ENUMERATOR)
#undef SCH_STATUS_ENUMERATOR
} sch_status;

const char *sch_status_text(sch_status status);

/* A family's list of kernels, expanded with this, is its table's fields. */
#define SCH_KERNEL(name, args_t) sch_status (*name)(args_t *);

#endif
