/* tree/row_masks.h - rows side by side, a byte for each.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_ROW_MASKS_H
#define SCH_TREE_ROW_MASKS_H

#include "core/prelude.h"

enum { REGISTER_ROWS = 64 }; /* whose bytes are read together */

typedef uint8_t row_mask; /* of one row, 0 or 255 */
typedef uint8_t bytes __attribute__((vector_size(SCH_VEC_BYTES), aligned(1), may_alias));

#endif
