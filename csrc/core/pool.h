/* core/pool.h - the thread pool, reached only through sch_par_for.
 *
 * A loop is cut into chunks whose bounds never depend on the number of threads; which thread runs a chunk is left to
 * chance, what the chunk computes is not. The caller takes part. One loop runs at a time: a second caller runs its loop
 * alone rather than wait. A forked child starts without workers.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_POOL_H
#define SCH_POOL_H

#include "sch/status.h"
#include "sch/types.h"

typedef void (*sch_chunk)(void *context, int64_t chunk);

/* Runs body(context, 0 .. n_chunks - 1). SCH_CANCELLED when control->poll asked to stop: some chunks then did not run. */
sch_status sch_par_for(const sch_control *control, int64_t n_chunks, sch_chunk body, void *context);

/* For chunks that last long: non-zero once the loop is to stop. Asks control->poll only on the calling thread, and not
 * more often than every few milliseconds. */
int sch_should_stop(const sch_control *control);

/* For chunks that wait for what another one, which runs, is computing: lets a moment pass, the more turns the longer.
 * 0: the loop is to stop. */
int sch_wait(const sch_control *control, int64_t turn);

#endif
