/* linear/dual_templates.h - what dual.c compiles once per element type. No include guard.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "core/vec_template.h"
#include "linear/row_template.h"
#include "linear/dual_template.h"
#include "linear/crammer_singer_template.h"
