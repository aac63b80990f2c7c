/* tree/cart_grow.h - the order in which nodes are split: level by level, or best first.
 * SPDX-License-Identifier: BSD-3-Clause */

static sch_status cart_plant(cart_work *work, sch_cart_grow_args *a)
{
    sch_cart_node *const root = a->nodes;
    *root = (sch_cart_node){
        .feature = -1, .parent = -1, .n_rows = a->n_rows, .lower = -CART_INFINITY, .upper = CART_INFINITY};
    root->n_stored = a->n_stored;
    if (a->node_of) memset(a->node_of, -1, (size_t)a->x.n * sizeof *a->node_of); /* rows that weigh nothing */
    cart_describe(work, root, a->sums);
    a->n_nodes = a->n_leaves = 1;
    a->level = a->depth = 0;
    a->impurity_sum = root->weight * root->impurity;
    a->loss_sum = root->weight * root->loss;
    const sch_status status = cart_consider(work, 0, 1);
    a->n_frontier = root->n_left > 0;
    a->frontier[0] = 0;
    return status;
}

/* Splits the n chosen nodes. Parents learn of their children last, so that an interruption leaves a whole tree. */
static sch_status cart_split_chosen(cart_work *work, sch_cart_grow_args *a, int64_t n)
{
    const int64_t begin = a->n_nodes;
    for (int64_t j = 0; j < n; ++j) cart_make_children(a, work->chosen[j], begin + 2 * j);
    sch_status status = cart_divide(work, n);
    if (status != SCH_OK) return status;
    status = cart_consider(work, begin, begin + 2 * n);
    if (status != SCH_OK) return status;
    for (int64_t j = 0; j < n; ++j) {
        const int64_t left = begin + 2 * j;
        sch_cart_node *const parent = &a->nodes[a->nodes[left].parent];
        parent->left = (int32_t)left;
        a->impurity_sum -= parent->weight * parent->impurity;
        a->loss_sum -= parent->weight * parent->loss;
        for (int64_t id = left; id < left + 2; ++id) {
            a->impurity_sum += a->nodes[id].weight * a->nodes[id].impurity;
            a->loss_sum += a->nodes[id].weight * a->nodes[id].loss;
        }
        a->depth = sch_max(a->depth, parent->depth + 1);
    }
    a->n_nodes += 2 * n;
    a->n_leaves += n;
    return SCH_OK;
}

/* ---------------------------------------------------------------- level by level */

/* Leaves of the deepest level that may be split, listed. */
static int64_t cart_list_level(const cart_work *work, const sch_cart_grow_args *a)
{
    int64_t n = 0;
    for (int64_t id = a->level; id < a->n_nodes; ++id)
        if (a->nodes[id].n_left > 0) work->chosen[n++] = (int32_t)id;
    return n;
}

static sch_status cart_next_level(cart_work *work, sch_cart_grow_args *a)
{
    const int64_t level = a->n_nodes;
    const sch_status status = cart_split_chosen(work, a, cart_list_level(work, a));
    if (status == SCH_OK) a->level = level;
    return status;
}

/* ---------------------------------------------------------------- best first */

/* Nodes that gain more come first, older ones before younger ones. */
SCH_INLINE int cart_before(const sch_cart_grow_args *a, int32_t one, int32_t other)
{
    const double gain = a->nodes[one].gain, rival = a->nodes[other].gain;
    return gain > rival || (gain == rival && one < other);
}

static void cart_push(sch_cart_grow_args *a, int32_t id)
{
    int64_t at = a->n_frontier++;
    for (; at > 0 && cart_before(a, id, a->frontier[(at - 1) / 2]); at = (at - 1) / 2)
        a->frontier[at] = a->frontier[(at - 1) / 2];
    a->frontier[at] = id;
}

static int32_t cart_pop(sch_cart_grow_args *a)
{
    const int32_t best = a->frontier[0], last = a->frontier[--a->n_frontier];
    int64_t at = 0;
    for (;;) {
        int64_t child = 2 * at + 1;
        if (child >= a->n_frontier) break;
        if (child + 1 < a->n_frontier && cart_before(a, a->frontier[child + 1], a->frontier[child])) ++child;
        if (!cart_before(a, a->frontier[child], last)) break;
        a->frontier[at] = a->frontier[child];
        at = child;
    }
    a->frontier[at] = last;
    return best;
}

static sch_status cart_next_split(cart_work *work, sch_cart_grow_args *a)
{
    const int64_t left = a->n_nodes;
    work->chosen[0] = cart_pop(a);
    const sch_status status = cart_split_chosen(work, a, 1);
    if (status != SCH_OK) return status;
    for (int64_t id = left; id < left + 2; ++id)
        if (a->nodes[id].n_left > 0) cart_push(a, (int32_t)id);
    return SCH_OK;
}

/* ---------------------------------------------------------------- steps */

static int64_t cart_count_open(const cart_work *work, const sch_cart_grow_args *a)
{
    if (!a->max_leaves) return cart_list_level(work, a);
    return a->n_frontier > 0 && a->n_leaves < a->max_leaves;
}

static sch_status cart_grow(sch_cart_grow_args *a)
{
    cart_work work;
    sch_arena arena = {.base = a->scratch};
    sch_status status = SCH_OK;
    cart_work_layout(a, &work, &arena);
    if (a->n_nodes == 0) status = cart_plant(&work, a);
    a->n_open = cart_count_open(&work, a);
    for (; status == SCH_OK && a->steps > 0 && a->n_open && a->n_nodes + 2 * a->n_open <= a->capacity; --a->steps) {
        status = a->max_leaves ? cart_next_split(&work, a) : cart_next_level(&work, a);
        a->n_open = cart_count_open(&work, a);
    }
    return status;
}

/* ---------------------------------------------------------------- numbering */

/* Subtrees one after another, the left one first: from the sizes of subtrees, which children know before parents. */
static sch_status cart_preorder(sch_cart_preorder_args *a)
{
    int64_t *const size = a->scratch;
    for (int64_t i = a->n - 1; i >= 0; --i) size[i] = a->left[i] ? 1 + size[a->left[i]] + size[a->left[i] + 1] : 1;
    a->position[0] = 0;
    for (int64_t i = 0; i < a->n; ++i) {
        if (!a->left[i]) continue;
        a->position[a->left[i]] = a->position[i] + 1;
        a->position[a->left[i] + 1] = a->position[i] + 1 + size[a->left[i]];
    }
    return SCH_OK;
}

static int64_t cart_preorder_scratch(const sch_cart_preorder_args *a) { return a->n * (int64_t)sizeof(int64_t); }
