/* tree/cart_sort.h - rows in the order of their values: radix sort of the bits of a float, insertion sort of a few.
 * SPDX-License-Identifier: BSD-3-Clause */

enum { CART_FEW = 32, CART_MANY = 4096 };

/* The bits of a float as an unsigned number in the same order; everything that is not a number comes last. */
SCH_INLINE uint32_t cart_key(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint32_t key = bits ^ ((uint32_t)((int32_t)bits >> 31) | UINT32_C(0x80000000));
    return x == x ? key : UINT32_MAX;
}

static void cart_insertion_sort(sch_cart_entry *e, int64_t n)
{
    for (int64_t i = 1; i < n; ++i) {
        const sch_cart_entry moving = e[i];
        const uint32_t key = cart_key(moving.x);
        int64_t j = i;
        for (; j > 0 && cart_key(e[j - 1].x) > key; --j) e[j] = e[j - 1];
        e[j] = moving;
    }
}

/* One pass over the digit at `shift`; returns whether it moved anything. */
SCH_INLINE int cart_radix_pass(const sch_cart_entry *from, sch_cart_entry *to, int64_t n, uint32_t *count, int bits,
                               int shift)
{
    const uint32_t mask = (UINT32_C(1) << bits) - 1;
    uint32_t before = 0;
    if (count[(cart_key(from[0].x) >> shift) & mask] == n) return 0;
    for (uint32_t b = 0; b <= mask; ++b) {
        const uint32_t here = count[b];
        count[b] = before;
        before += here;
    }
    for (int64_t i = 0; i < n; ++i) to[count[(cart_key(from[i].x) >> shift) & mask]++] = from[i];
    return 1;
}

SCH_INLINE void cart_radix_sort(sch_cart_entry *e, sch_cart_entry *spare, int64_t n, const int bits, const int passes)
{
    uint32_t count[4 << 8 > 3 << 11 ? 4 << 8 : 3 << 11];
    const uint32_t mask = (UINT32_C(1) << bits) - 1;
    sch_cart_entry *from = e, *to = spare;
    memset(count, 0, sizeof(uint32_t) * ((size_t)passes << bits));
    for (int64_t i = 0; i < n; ++i) {
        const uint32_t key = cart_key(e[i].x);
        for (int p = 0; p < passes; ++p) ++count[((uint32_t)p << bits) + ((key >> (p * bits)) & mask)];
    }
    for (int p = 0; p < passes; ++p) {
        if (!cart_radix_pass(from, to, n, count + ((size_t)p << bits), bits, p * bits)) continue;
        sch_cart_entry *const swap = from;
        from = to;
        to = swap;
    }
    if (from != e) memcpy(e, from, (size_t)n * sizeof *e);
}

/* Stable, with n < 2^32; `spare` has room for n more. */
static void cart_sort_entries(sch_cart_entry *e, sch_cart_entry *spare, int64_t n)
{
    if (n <= CART_FEW) cart_insertion_sort(e, n);
    else if (n < CART_MANY) cart_radix_sort(e, spare, n, 8, 4);
    else cart_radix_sort(e, spare, n, 11, 3);
}

/* ---------------------------------------------------------------- all features of a table */

typedef struct {
    const sch_cart_sort_args *a;
    sch_slots slots;
    sch_cart_entry *spare; /* (threads, n) */
} cart_sort_work;

/* The first of the sorted row numbers [low, high) that is not below `row`. */
SCH_INLINE int64_t cart_lower_bound(const int32_t *rows, int64_t low, int64_t high, int64_t row)
{
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (rows[middle] < row) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void cart_sort_feature(void *context, int64_t f)
{
    const cart_sort_work *const work = context;
    const sch_columns *x = &work->a->x;
    const float *values = x->data;
    const int32_t *rows = x->indices, *first = x->indptr;
    const int dense = x->storage == SCH_STRIDED;
    const int64_t from = dense ? f * x->n : first[f], n = dense ? x->n : first[f + 1] - from;
    sch_cart_entry *e = work->a->orders + from;
    for (int64_t i = 0; i < n; ++i)
        e[i] = dense ? (sch_cart_entry){values[i * x->row_stride + f * x->column_stride], (uint32_t)i}
                     : (sch_cart_entry){values[from + i], (uint32_t)rows[from + i]};
    const int slot = sch_take_slot(&work->slots);
    cart_sort_entries(e, work->spare + slot * x->n, n);
    sch_return_slot(&work->slots, slot);
}

static int64_t cart_sort_layout(const sch_cart_sort_args *a, cart_sort_work *work, sch_arena *arena)
{
    work->a = a;
    work->slots = sch_slots_layout(a->control.n_threads, arena);
    work->spare = sch_take(arena, a->control.n_threads * a->x.n * (int64_t)sizeof *work->spare);
    return arena->used;
}

static int64_t cart_sort_scratch(const sch_cart_sort_args *a)
{
    cart_sort_work work;
    sch_arena arena = {0};
    return cart_sort_layout(a, &work, &arena);
}

static sch_status cart_sort(sch_cart_sort_args *a)
{
    cart_sort_work work;
    sch_arena arena = {.base = a->scratch};
    const sch_control control = sch_serial_below(a->control, (double)a->x.n * (double)a->x.d, 1e4);
    cart_sort_layout(a, &work, &arena);
    sch_free_slots(&work.slots);
    return sch_par_for(&control, a->x.d, cart_sort_feature, &work);
}

static void cart_select_order(void *context, int64_t l)
{
    const sch_cart_select_args *a = context;
    const sch_cart_entry *from = a->from + l * a->n;
    sch_cart_entry *to = a->to + l * a->n_kept;
    for (int64_t i = 0, kept = 0; i < a->n && kept < a->n_kept; ++i) {
        to[kept] = from[i];
        kept += a->weight[from[i].row] != 0.0;
    }
}

static sch_status cart_select(sch_cart_select_args *a)
{
    const sch_control control = sch_serial_below(a->control, (double)a->n * (double)a->n_orders, 3e4);
    return sch_par_for(&control, a->n_orders, cart_select_order, a);
}
