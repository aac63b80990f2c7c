/* tree/boost.c - the trees of gradient boosting. Compiled once per instruction set with -DSCH_ISA=<name>; everything is
 * static but the table at the end.
 * SPDX-License-Identifier: BSD-3-Clause */
#include "sch/boost.h"
#include "core/pool.h"
#include "core/prelude.h"
#include "tree/grow.h"
#include "tree/leaves.h"
#include "tree/reorder.h"
#include "tree/route.h"
#include "tree/sparse.h"

static int64_t grow_tree_scratch(const sch_grow_tree_args *a)
{
    sch_arena arena = {0};
    const growth w = divide_scratch((sch_grow_tree_args *)a, &arena);
    growth_team team;
    team_member members[MOST_MEMBERS];
    if (team_members(a) > 1) take_team(&w, &team, members, &arena);
    return arena.used;
}

static sch_status grow_tree(sch_grow_tree_args *a)
{
    sch_arena arena = {.base = a->scratch};
    growth w = divide_scratch(a, &arena);
    if (a->x.n >= (int64_t)1 << 28 || a->n_rows < 1 || a->max_leaves < 1 || a->min_samples_leaf < 1)
        return SCH_BAD_ARGUMENT;
    if (!describe_tiles(&w)) return SCH_BAD_ARGUMENT; /* a tree needs a feature */
    for (int64_t s = 0; s < w.n_slots; ++s) w.owners[s] = FREE;
    word_pass pass = {.a = a, .partial = w.magnitudes, .words = w.words, .origin = word_origin_of(a)};
    sch_status status = measure_gradients(&pass);
    if (status) return status;
    w.p = pass.p;
    w.row_weight = pass.row_weight;
    w.source = (histogram_source){.a = a, .p = &w.p, .origin = pass.origin, .tile_top = w.tile_top};
    w.source.words = w.words ? (const void *)w.words : a->derivatives;
    w.source.feature_at = w.feature_at;
    w.tile_words = is_packed(&w.p, a->n_rows) ? PLANE : 2 * PLANE;
    begin_tree(&w);
    const int64_t tile = summing_tile(&w);
    if (tile < 0) status = sum_all_rows(&pass);
    if (status) return status;
    w.nodes[0].total = pass.total;
    status = team_members(a) > 1 ? grow_together(&w, &arena) : grow_nodes(&w, tile);
    return status ? status : write_tree(&w);
}

extern const sch_boost_ops SCH_CAT(sch_boost_ops_, SCH_ISA);
const sch_boost_ops SCH_CAT(sch_boost_ops_, SCH_ISA) = {.grow_tree_scratch = grow_tree_scratch,
                                                        SCH_BOOST_OPS(SCH_ENTRY)};
