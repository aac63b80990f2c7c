/* core/for_each_real.h - includes SCH_TEMPLATES once per element type. No include guard.
 * SPDX-License-Identifier: BSD-3-Clause */
#define REAL_BITS 32
#include "core/real.h"
#include SCH_TEMPLATES
#undef REAL_BITS
#define REAL_BITS 64
#include "core/real.h"
#include SCH_TEMPLATES
#undef REAL_BITS
#undef SCH_TEMPLATES
