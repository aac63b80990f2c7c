/* tree/cart.c - exact decision trees. Compiled once per instruction set with -DSCH_ISA=<name>; everything is static but
 * the table at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/cart.h"

#include "core/blocks.h"
#include "core/math.h"
#include "core/pool.h"
#include "core/prelude.h"
#include "core/rng.h"
#include "core/slots.h"

#include "tree/cart_sort.h"
#include "tree/cart_work.h"
#include "tree/cart_median.h"
#include "tree/cart_summary.h"
#include "tree/cart_scan.h"
#include "tree/cart_zeros.h"
#include "tree/cart_stored.h"
#include "tree/cart_search.h"
#include "tree/cart_split.h"
#include "tree/cart_grow.h"

extern const sch_cart_ops SCH_CAT(sch_cart_ops_, SCH_ISA);
const sch_cart_ops SCH_CAT(sch_cart_ops_, SCH_ISA) = {.cart_sort_scratch = cart_sort_scratch,
                                                      .cart_grow_scratch = cart_grow_scratch,
                                                      .cart_preorder_scratch = cart_preorder_scratch,
                                                      SCH_CART_OPS(SCH_ENTRY)};
