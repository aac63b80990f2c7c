/* tree/bin_templates.h - what bin.c compiles once per element type. No include guard.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "tree/bin_column_template.h"
#include "tree/bin_key_template.h"
#include "tree/bin_group_template.h"
#include "tree/bin_cuts_template.h"
#include "tree/bin_bounds_template.h"
#include "tree/bin_search_template.h"
#include "tree/bin_table_template.h"
