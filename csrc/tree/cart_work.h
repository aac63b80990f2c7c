/* tree/cart_work.h - what the pieces of cart_grow share: options resolved, work memory divided, tasks in chunks.
 * SPDX-License-Identifier: BSD-3-Clause */

enum { CART_BLOCK = 256, CART_TASKS = 1 << 15, CART_CHUNK = 1 << 13, CART_POLL = 1 << 14 };
#define CART_INFINITY ((double)INFINITY)
static const float CART_SAME = 1e-7f; /* values that differ by no more are not told apart, as in scikit-learn */

/* How the candidates of a block are rated, from the running sums that its loop leaves behind. */
typedef enum {
    CART_RATE_SQUARES, /* one output: sum^2 / weight on both sides; also Gini's impurity of two classes */
    CART_RATE_ENTROPY, /* two classes */
    CART_RATE_POISSON, /* one output */
    CART_RATE_PAIRS,   /* sums of squares, which the loop has summed over outputs and classes */
    CART_RATE_READY,   /* the loop has rated them itself */
} cart_rating;

/* The best split of one feature so far. */
typedef struct {
    double rating, threshold;
    int64_t n_left;
    int32_t feature;
    uint8_t missing_left, constant;
} cart_split;

/* A feature of a node: entries, and how many rows more there are, all zero. */
typedef struct {
    sch_cart_entry *e;
    int64_t n, zeros;
    int sorted;
} cart_column;

/* Candidates between entry i and i + 1 of a block: x, the weight and the sums on the left. */
typedef struct {
    float x[CART_BLOCK + 1];
    double weight[CART_BLOCK], sum[CART_BLOCK], other[CART_BLOCK], rating[CART_BLOCK];
    double value_left[CART_BLOCK], value_right[CART_BLOCK]; /* with constraints only */
} cart_block;

/* Work memory of one thread. */
typedef struct {
    cart_block *block;
    sch_cart_entry *gathered, *spare; /* (n_rows), of the first one more */
    double *left;                     /* (n_outputs, n_values) sums to the left of a candidate */
    double *sums, *rest;              /* (n_outputs, n_values) */
    int32_t *features;                /* (d) identity but while a permutation is drawn */
    uint8_t *mark;                    /* (n) sides of a split on trial */
    double *tree_w, *tree_wy;         /* (n_rows + 1) sums over the targets' ranks */
    double *error_left, *error_right, *median_left, *median_right; /* (n_rows) */
} cart_slot;

typedef struct {
    int32_t node, item;
} cart_task;

typedef struct {
    const sch_cart_grow_args *a;
    cart_rating rating;
    int64_t width;      /* n_outputs * n_values */
    int64_t by_y;       /* the first order by target */
    int whole_lists;    /* whether a node looks at all features of a sparse table, along the list of its entries */
    sch_slots slots;
    cart_slot *slot;    /* (threads) */
    cart_task *tasks;   /* (CART_TASKS + d) */
    cart_split *found;  /* likewise */
    int32_t *first;     /* first task of each node of a batch, and one more */
    int64_t *bounds;    /* first task of each chunk, and one more */
    int32_t *chosen;    /* (capacity) */
    int64_t n_tasks, n_chunks, n_batch, in_chunk, cells;
    int64_t begin;      /* first node of the children being made */
} cart_work;

static cart_rating cart_rating_of(const sch_cart_grow_args *a)
{
    const int one = a->n_outputs == 1, two_classes = a->codes && a->n_values == 2;
    switch (a->criterion) {
    case SCH_CART_GINI: return one && two_classes ? CART_RATE_SQUARES : CART_RATE_PAIRS;
    case SCH_CART_ENTROPY: return one && two_classes ? CART_RATE_ENTROPY : CART_RATE_READY;
    case SCH_CART_SQUARED: return one ? CART_RATE_SQUARES : CART_RATE_PAIRS;
    case SCH_CART_POISSON: return one ? CART_RATE_POISSON : CART_RATE_READY;
    default: return CART_RATE_READY;
    }
}

static void cart_slot_layout(const sch_cart_grow_args *a, cart_slot *slot, sch_arena *arena)
{
    const int64_t entries = a->n_rows * (int64_t)sizeof(sch_cart_entry), width = a->n_outputs * a->n_values;
    const int absolute = a->criterion == SCH_CART_ABSOLUTE, spells_out = absolute && a->x.storage != SCH_STRIDED;
    const int64_t reals = absolute ? (a->n_rows + 1) * (int64_t)sizeof(double) : 0;
    slot->block = sch_take(arena, sizeof(cart_block));
    slot->gathered =
        sch_take(arena, a->search != SCH_CART_SORTED || spells_out ? entries + (int64_t)sizeof(sch_cart_entry) : 0);
    slot->spare = sch_take(arena, entries);
    slot->left = sch_take(arena, width * (int64_t)sizeof(double));
    slot->sums = sch_take(arena, width * (int64_t)sizeof(double));
    slot->rest = sch_take(arena, width * (int64_t)sizeof(double));
    slot->features = sch_take(arena, a->x.d * (int64_t)sizeof(int32_t));
    slot->mark = sch_take(arena, spells_out || (absolute && a->search == SCH_CART_RANDOM) ? a->x.n : 0);
    slot->tree_w = sch_take(arena, reals);
    slot->tree_wy = sch_take(arena, reals);
    slot->error_left = sch_take(arena, reals);
    slot->error_right = sch_take(arena, reals);
    slot->median_left = sch_take(arena, reals);
    slot->median_right = sch_take(arena, reals);
    if (!arena->base) return;
    for (int64_t f = 0; f < a->x.d; ++f) slot->features[f] = (int32_t)f;
}

static void cart_work_layout(const sch_cart_grow_args *a, cart_work *work, sch_arena *arena)
{
    const int64_t most = CART_TASKS + sch_max(a->x.d, a->n_orders) + a->n_stored / CART_CHUNK + 1;
    *work = (cart_work){.a = a, .rating = cart_rating_of(a), .width = a->n_outputs * a->n_values};
    work->by_y = a->search == SCH_CART_SORTED && !a->stored ? a->x.d : 1;
    work->whole_lists = a->stored && a->max_features >= a->x.d;
    work->slots = sch_slots_layout(a->control.n_threads, arena);
    work->slot = sch_take(arena, a->control.n_threads * (int64_t)sizeof *work->slot);
    work->tasks = sch_take(arena, most * (int64_t)sizeof *work->tasks);
    work->found = sch_take(arena, most * (int64_t)sizeof *work->found);
    work->first = sch_take(arena, (most + 1) * (int64_t)sizeof *work->first);
    work->bounds = sch_take(arena, (most + 1) * (int64_t)sizeof *work->bounds);
    work->chosen = sch_take(arena, a->capacity * (int64_t)sizeof *work->chosen);
    for (int t = 0; t < a->control.n_threads; ++t) {
        cart_slot counted;
        cart_slot_layout(a, arena->base ? &work->slot[t] : &counted, arena);
    }
    if (arena->base) sch_free_slots(&work->slots);
}

static int64_t cart_grow_scratch(const sch_cart_grow_args *a)
{
    cart_work work;
    sch_arena arena = {0};
    cart_work_layout(a, &work, &arena);
    return arena.used;
}

SCH_INLINE double cart_weight(const sch_cart_grow_args *a, int64_t row) { return a->weight ? a->weight[row] : 1.0; }

/* The node's rows, in the order of some list. */
SCH_INLINE sch_cart_entry *cart_order(const cart_work *work, int64_t l, const sch_cart_node *node)
{
    return work->a->orders + l * work->a->n_rows + node->start;
}

/* Any order will do. */
SCH_INLINE const sch_cart_entry *cart_rows(const cart_work *work, const sch_cart_node *node)
{
    return cart_order(work, 0, node);
}

/* ---------------------------------------------------------------- tasks */

static void cart_begin_tasks(cart_work *work)
{
    work->n_tasks = work->n_chunks = work->n_batch = work->in_chunk = work->cells = 0;
    work->bounds[0] = 0;
}

/* A chunk is as many tasks as make some work: bounds depend on the tree alone. */
static void cart_add_task(cart_work *work, int64_t node, int64_t item, int64_t cells)
{
    work->tasks[work->n_tasks++] = (cart_task){(int32_t)node, (int32_t)item};
    work->in_chunk += cells + 64;
    work->cells += cells + 64;
    if (work->in_chunk < CART_CHUNK) return;
    work->bounds[++work->n_chunks] = work->n_tasks;
    work->in_chunk = 0;
}

static sch_status cart_run_tasks(cart_work *work, sch_chunk body)
{
    const sch_control control = sch_serial_below(work->a->control, (double)work->cells, 2e4);
    if (work->bounds[work->n_chunks] < work->n_tasks) work->bounds[++work->n_chunks] = work->n_tasks;
    return sch_par_for(&control, work->n_chunks, body, work);
}
