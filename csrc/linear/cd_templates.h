/* linear/cd_templates.h - what cd.c compiles once per element type. No include guard.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "core/vec_template.h"
#include "linear/gram_tile_template.h"
#include "linear/column_gram_template.h"
#include "linear/column_template.h"
