/* tree/cart_stored.h - entries of a sparse table by node. If all features are searched, a node is a range of one list,
 * sorted by feature and value, and a split divides it as it does the rows: what is not stored is never looked at. The list
 * is written back and forth between two copies, the node's depth says which. Where a node looks at few features, their
 * columns are searched for its rows, or its rows in their columns.
 * SPDX-License-Identifier: BSD-3-Clause */

/* ---------------------------------------------------------------- one feature */

SCH_INLINE sch_cart_entry *cart_stored(const sch_cart_grow_args *a, const sch_cart_node *node)
{
    return a->stored + (node->depth & 1) * a->n_stored + node->stored_start;
}

SCH_INLINE int32_t *cart_stored_feature(const sch_cart_grow_args *a, const sch_cart_node *node)
{
    return a->stored_feature + (node->depth & 1) * a->n_stored + node->stored_start;
}

static cart_column cart_listed_column(const sch_cart_grow_args *a, const sch_cart_node *node, int64_t f)
{
    const int32_t *feature = cart_stored_feature(a, node);
    const int64_t from = cart_lower_bound(feature, 0, node->n_stored, f);
    const int64_t until = cart_lower_bound(feature, from, node->n_stored, f + 1);
    return (cart_column){cart_stored(a, node) + from, until - from, node->n_rows - (until - from), 1};
}

/* Few rows are looked up in the column. */
static cart_column cart_look_up(const sch_cart_grow_args *a, const sch_cart_entry *rows, int64_t n_rows, int64_t f,
                                sch_cart_entry *to)
{
    const int32_t *index = a->x.indices, *first = a->x.indptr;
    const float *values = a->x.data;
    int64_t n = 0;
    for (int64_t i = 0; i < n_rows; ++i) {
        const int64_t j = cart_lower_bound(index, first[f], first[f + 1], rows[i].row);
        if (j < first[f + 1] && (uint32_t)index[j] == rows[i].row) to[n++] = (sch_cart_entry){values[j], rows[i].row};
    }
    return (cart_column){to, n, n_rows - n, 0};
}

/* Entries of a column that are in the node, in ascending order if values are searched. `to` has room for one more. */
static cart_column cart_filter(const sch_cart_grow_args *a, const sch_cart_node *node, int64_t f, sch_cart_entry *to)
{
    const int32_t *index = a->x.indices, *first = a->x.indptr, id = (int32_t)(node - a->nodes);
    const float *values = a->x.data;
    int64_t n = 0;
    for (int64_t j = first[f]; j < first[f + 1]; ++j) {
        const sch_cart_entry e = a->by_value ? a->by_value[j] : (sch_cart_entry){values[j], (uint32_t)index[j]};
        to[n] = e;
        n += a->node_of[e.row] == id;
    }
    return (cart_column){to, n, node->n_rows - n, a->by_value != NULL};
}

static cart_column cart_gather_stored(const sch_cart_grow_args *a, const sch_cart_node *node,
                                      const sch_cart_entry *rows, int64_t f, sch_cart_entry *to)
{
    const int32_t *first = a->x.indptr;
    const int few = node->n_rows * 16 < first[f + 1] - first[f];
    return few ? cart_look_up(a, rows, node->n_rows, f, to) : cart_filter(a, node, f, to);
}

/* ---------------------------------------------------------------- dividing the list */

/* The list of a node in pieces, one at least. */
static void cart_add_pieces(cart_work *work, int64_t id, int64_t n_stored)
{
    int64_t piece = 0;
    do {
        cart_add_task(work, id, piece, sch_min(CART_CHUNK, n_stored - piece * CART_CHUNK));
    } while (++piece * CART_CHUNK < n_stored);
}

/* Tasks are pieces of the parent's list, named by the left child. */
static void cart_count_chunk(void *context, int64_t chunk)
{
    const cart_work *const work = context;
    const sch_cart_grow_args *a = work->a;
    for (int64_t t = work->bounds[chunk]; t < work->bounds[chunk + 1]; ++t) {
        const sch_cart_node *parent = &a->nodes[a->nodes[work->tasks[t].node].parent];
        const int64_t begin = (int64_t)work->tasks[t].item * CART_CHUNK;
        const int64_t end = sch_min(begin + CART_CHUNK, parent->n_stored);
        const sch_cart_entry *e = cart_stored(a, parent);
        int64_t n_right = 0;
        for (int64_t i = begin; i < end; ++i) n_right += a->side[e[i].row];
        work->found[t].n_left = end - begin - n_right;
    }
}

/* From how many entries of each piece go left, where these begin, and the children's ranges. */
static void cart_place_children(const cart_work *work)
{
    const sch_cart_grow_args *a = work->a;
    int64_t n_left = 0;
    for (int64_t t = 0; t < work->n_tasks; ++t) {
        sch_cart_node *const left = &a->nodes[work->tasks[t].node], *const right = left + 1;
        const sch_cart_node *parent = &a->nodes[left->parent];
        if (work->tasks[t].item == 0) n_left = 0;
        const int64_t before = n_left;
        n_left += work->found[t].n_left;
        work->found[t].n_left = before;
        left->stored_start = parent->stored_start;
        left->n_stored = n_left;
        right->stored_start = parent->stored_start + n_left;
        right->n_stored = parent->n_stored - n_left;
    }
}

static void cart_place_chunk(void *context, int64_t chunk)
{
    const cart_work *const work = context;
    const sch_cart_grow_args *a = work->a;
    for (int64_t t = work->bounds[chunk]; t < work->bounds[chunk + 1]; ++t) {
        const sch_cart_node *left = &a->nodes[work->tasks[t].node], *parent = &a->nodes[left->parent];
        const int64_t begin = (int64_t)work->tasks[t].item * CART_CHUNK;
        const int64_t end = sch_min(begin + CART_CHUNK, parent->n_stored);
        const sch_cart_entry *e = cart_stored(a, parent);
        const int32_t *feature = cart_stored_feature(a, parent);
        sch_cart_entry *const to = cart_stored(a, left);
        int32_t *const to_feature = cart_stored_feature(a, left);
        int64_t next[2] = {work->found[t].n_left, left->n_stored + begin - work->found[t].n_left};
        for (int64_t i = begin; i < end; ++i) {
            const int64_t at = next[a->side[e[i].row]]++;
            to[at] = e[i];
            to_feature[at] = feature[i];
        }
    }
}

/* Lists of the n chosen nodes are divided among their children, in batches. */
static sch_status cart_divide_stored(cart_work *work, int64_t n)
{
    const sch_cart_grow_args *a = work->a;
    sch_status status = SCH_OK;
    cart_begin_tasks(work);
    for (int64_t j = 0; j < n && status == SCH_OK; ++j) {
        const sch_cart_node *node = &a->nodes[work->chosen[j]];
        if (node->depth + 1 < a->max_depth) cart_add_pieces(work, a->n_nodes + 2 * j, node->n_stored);
        if (work->n_tasks < CART_TASKS && j + 1 < n) continue;
        status = cart_run_tasks(work, cart_count_chunk);
        if (status != SCH_OK) return status;
        cart_place_children(work);
        status = cart_run_tasks(work, cart_place_chunk);
        cart_begin_tasks(work);
    }
    return status;
}
