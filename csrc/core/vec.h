/* core/vec.h - one machine register as a GNU vector type. Loads and stores need only the element's alignment.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_VEC_H
#define SCH_VEC_H

#include "core/prelude.h"

typedef float vec_f32 __attribute__((vector_size(SCH_VEC_BYTES), aligned(4), may_alias));
typedef double vec_f64 __attribute__((vector_size(SCH_VEC_BYTES), aligned(8), may_alias));
typedef int32_t vec_i32 __attribute__((vector_size(SCH_VEC_BYTES), aligned(4), may_alias));
typedef uint32_t vec_u32 __attribute__((vector_size(SCH_VEC_BYTES), aligned(4), may_alias));
typedef int64_t vec_i64 __attribute__((vector_size(SCH_VEC_BYTES), aligned(8), may_alias));

#endif
