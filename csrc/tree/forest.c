/* tree/forest.c - random forests. Compiled once per instruction set with -DSCH_ISA=<name>; everything is static but the
 * table at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/forest.h"
#include "tree/binned_walk.h"
#include "tree/forest_grow.h"

static int64_t slot_bytes(const sch_forest_grow_args *a)
{
    forest_tree tree;
    sch_arena counter = {.base = NULL};
    take_tree(a, &tree, &counter, frontier_bytes(a));
    return counter.used;
}

SCH_INLINE int64_t n_slots(const sch_forest_grow_args *a) { return sch_min(a->control.n_threads, a->n_trees); }

static int64_t forest_grow_scratch(const sch_forest_grow_args *a) { return n_slots(a) * slot_bytes(a); }

/* A thread with its work memory, which takes trees as long as there are any. */
static void grow_trees(void *context, int64_t slot)
{
    sch_forest_grow_args *const a = context;
    forest_tree tree;
    sch_arena arena = {.base = (char *)a->scratch + slot * slot_bytes(a)};
    take_tree(a, &tree, &arena, frontier_bytes(a));
    while ((tree.tree = __atomic_fetch_add(&a->next, 1, __ATOMIC_RELAXED)) < a->n_trees) {
        if (sch_should_stop(&a->control)) return;
        grow_tree(&tree);
    }
}

static sch_status forest_grow(sch_forest_grow_args *a) { return sch_par_for(&a->control, n_slots(a), grow_trees, a); }

enum { ADD_ROWS = 1024 };

static void add_rows(void *context, int64_t chunk)
{
    const sch_forest_add_args *const a = context;
    const int64_t first = chunk * ADD_ROWS, last = sch_min(first + ADD_ROWS, a->x.n);
    for (int64_t i = first; i < last; ++i) {
        if (a->weight && a->weight[i] > 0) continue;
        const sch_node *const leaf = binned_leaf(&a->x, a->nodes, a->sets, i);
        const double *const values = a->values ? a->values + leaf->left * a->n_values : &leaf->threshold;
        for (int64_t v = 0; v < a->n_values; ++v) a->sums[i * a->n_values + v] += values[v];
        ++a->counts[i];
    }
}

static sch_status forest_add(sch_forest_add_args *a)
{
    const sch_control control = a->x.n <= 4 * ADD_ROWS ? (sch_control){1, a->control.poll} : a->control;
    return sch_par_for(&control, (a->x.n + ADD_ROWS - 1) / ADD_ROWS, add_rows, a);
}

extern const sch_forest_ops SCH_CAT(sch_forest_ops_, SCH_ISA);
const sch_forest_ops SCH_CAT(sch_forest_ops_, SCH_ISA) = {.forest_grow_scratch = forest_grow_scratch,
                                                          SCH_FOREST_OPS(SCH_ENTRY)};
