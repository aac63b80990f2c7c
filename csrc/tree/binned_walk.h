/* tree/binned_walk.h - where a row of a binned table ends up.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_TREE_BINNED_WALK_H
#define SCH_TREE_BINNED_WALK_H

#include "core/prelude.h"
#include "sch/tree.h"

/* The leaf of a tree whose thresholds are bins; its categorical nodes hold rows of sets. */
SCH_INLINE const sch_node *binned_leaf(const sch_binned *x, const sch_node *nodes, const uint64_t *sets, int64_t row)
{
    const sch_node *node = nodes;
    while (node->feature >= 0) {
        const uint8_t bin = x->columns[(node->feature & SCH_NODE_FEATURE) * x->column_stride + row];
        int left = bin <= node->threshold;
        if (bin == SCH_MISSING_BIN) left = (node->feature & SCH_NODE_MISSING_LEFT) != 0;
        else if (node->feature & SCH_NODE_CATEGORICAL)
            left = sch_in_set(sets + SCH_SET_WORDS * (int64_t)node->threshold, bin);
        node = nodes + node->left + !left;
    }
    return node;
}

#endif
