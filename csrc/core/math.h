/* core/math.h - the elementary functions for both element types.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_MATH_H
#define SCH_MATH_H

#include "core/prelude.h"

#define SCH_TEMPLATES "core/math_template.h"
#include "core/for_each_real.h"

#endif
