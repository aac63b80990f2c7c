/* core/slots.h - work memory by thread: chunks that run at the same time take different slots. Which slot a chunk gets is
 * chance, so it must not leave anything there that another one reads.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_SLOTS_H
#define SCH_SLOTS_H

#include <stdatomic.h>

#include "core/prelude.h"

typedef struct {
    atomic_uchar *busy; /* (n) */
    int n;
} sch_slots;

/* Takes the flags from an arena; as many slots as there may be threads. */
SCH_INLINE sch_slots sch_slots_layout(int n_threads, sch_arena *arena)
{
    return (sch_slots){sch_take(arena, n_threads * (int64_t)sizeof(atomic_uchar)), n_threads};
}

SCH_INLINE void sch_free_slots(const sch_slots *slots)
{
    for (int s = 0; s < slots->n; ++s) atomic_init(&slots->busy[s], 0);
}

/* There is a free one, since no more chunks than threads run at once. */
SCH_INLINE int sch_take_slot(const sch_slots *slots)
{
    for (int s = 0;; s = s + 1 < slots->n ? s + 1 : 0)
        if (!atomic_exchange_explicit(&slots->busy[s], 1, memory_order_acquire)) return s;
}

SCH_INLINE void sch_return_slot(const sch_slots *slots, int slot)
{
    atomic_store_explicit(&slots->busy[slot], 0, memory_order_release);
}

#endif
