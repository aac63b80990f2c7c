/* core/prelude.h - what every kernel file starts with.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_PRELUDE_H
#define SCH_PRELUDE_H

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SCH_INLINE static inline __attribute__((always_inline, unused))
#define SCH_NOINLINE static __attribute__((noinline))
#define SCH_RESTRICT restrict
#define SCH_PASTE(a, b) a##b
#define SCH_CAT(a, b) SCH_PASTE(a, b)

#define SCH_PRAGMA(text) _Pragma(#text)
#define SCH_SIMD SCH_PRAGMA(omp simd)
#define SCH_SIMD_SUM(variable) SCH_PRAGMA(omp simd reduction(+ : variable))

/* A family's list of kernels, expanded with these, is the entries of its table; and where they are templates, included for
 * both types of a table's elements, the choice between the two. */
#define SCH_ENTRY(name, args_t) .name = name,
#define SCH_BY_DTYPE(name, args_t) \
    static sch_status name(args_t *a) { return a->x.dtype == SCH_F32 ? name##_f32(a) : name##_f64(a); }

/* The widest register of the instruction set that this file is being compiled for, in bytes. */
#if defined(__AVX512F__)
#  define SCH_VEC_BYTES 64
#elif defined(__AVX__)
#  define SCH_VEC_BYTES 32
#else
#  define SCH_VEC_BYTES 16
#endif

/* Scratch memory is handed out in cache lines. */
enum { SCH_LINE = 64 };

SCH_INLINE int64_t sch_min(int64_t a, int64_t b) { return a < b ? a : b; }
SCH_INLINE int64_t sch_max(int64_t a, int64_t b) { return a > b ? a : b; }
SCH_INLINE int64_t sch_round_up(int64_t n, int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }

/* Takes `bytes` from a 64-byte aligned arena; with a NULL arena it only counts, so that one function both sizes and
 * divides the scratch. */
typedef struct {
    char *base;
    int64_t used;
} sch_arena;

SCH_INLINE void *sch_take(sch_arena *arena, int64_t bytes)
{
    void *piece = arena->base ? arena->base + arena->used : NULL;
    arena->used += sch_round_up(bytes, SCH_LINE);
    return piece;
}

#endif
