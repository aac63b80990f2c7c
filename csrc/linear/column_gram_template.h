/* linear/column_gram_template.h - the column_gram kernel: products of chosen columns, weighted and shifted, in one read
 * of those columns. Blocks of rows are packed as in gram_template.h, whatever the table's layout; blocks are summed in
 * order within a group, groups in order at the end, and neither depends on the number of threads.
 * Include after linear/gram_tile_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

enum { T(COLUMN_GROUPS) = 16 };
static const double T(COLUMN_GRAM_BYTES) = 64e6; /* for the groups' sums together */

typedef struct {
    const sch_column_gram_args *a;
    int64_t left, right; /* m and n_new, padded to panels */
    int64_t blocks, groups;
    real *packed; /* (groups, GRAM_ROWS, left) */
    real *root; /* (groups, GRAM_ROWS) */
    double *sum; /* (groups, left, right) */
} T(column_gram_plan);

static T(column_gram_plan) T(column_gram_layout)(const sch_column_gram_args *a, sch_arena *arena)
{
    T(column_gram_plan) p = {.a = a, .left = sch_round_up(a->m, PANEL), .right = sch_round_up(a->n_new, PANEL)};
    const double size = 8.0 * (double)p.left * (double)p.right;
    p.blocks = (a->x.n + T(GRAM_ROWS) - 1) / T(GRAM_ROWS);
    p.groups = sch_max(1, (int64_t)fmin(fmin(T(COLUMN_GROUPS), (double)p.blocks), T(COLUMN_GRAM_BYTES) / size));
    p.packed = sch_take(arena, p.groups * T(GRAM_ROWS) *p.left * (int64_t)sizeof(real));
    p.root = sch_take(arena, p.groups * T(GRAM_ROWS) *(int64_t)sizeof(real));
    p.sum = sch_take(arena, p.groups * p.left * p.right * (int64_t)sizeof(double));
    return p;
}

static int64_t T(column_gram_scratch)(const sch_column_gram_args *a)
{
    sch_arena arena = {0};
    T(column_gram_layout)(a, &arena);
    return arena.used;
}

SCH_INLINE real T(column_shift)(const sch_column_gram_args *a, int64_t column)
{
    return a->shift ? (real)a->shift[column] : K(0.0);
}

/* One column of a panel, whose elements are neighbours in memory. */
SCH_INLINE void T(pack_column)(const real *from, const real *root, real shift, int64_t rows, real *to)
{
    for (int64_t r = 0; r < rows; ++r) to[r * PANEL] = root[r] * (from[r] - shift);
}

/* One row of a panel: `width` elements, `offset` apart from the row's start; zeros after them. */
SCH_INLINE void T(pack_row_of)(const real *row, const int64_t *offset, const real *shift, int64_t width, real root,
                               real *to)
{
    for (int64_t c = 0; c < width; ++c) to[c] = root * (row[offset[c]] - shift[c]);
    for (int64_t c = width; c < PANEL; ++c) to[c] = K(0.0);
}

static void T(pack_panel)(const sch_column_gram_args *a, int64_t panel, int64_t first, int64_t rows, const real *root,
                          real *packed)
{
    const real *x = (const real *)a->x.data + first * a->x.row_stride;
    const int64_t *columns = a->columns + panel * PANEL, width = sch_min(PANEL, a->m - panel * PANEL);
    int64_t offset[PANEL];
    real shift[PANEL];
    for (int64_t c = 0; c < width; ++c) {
        offset[c] = columns[c] * a->x.column_stride;
        shift[c] = T(column_shift)(a, columns[c]);
    }
    if (a->x.row_stride != 1) {
        for (int64_t r = 0; r < rows; ++r)
            T(pack_row_of)(x + r * a->x.row_stride, offset, shift, width, root[r], packed + r * PANEL);
        return;
    }
    if (width < PANEL) memset(packed, 0, (size_t)(rows * PANEL) * sizeof(real));
    for (int64_t c = 0; c < width; ++c) T(pack_column)(x + offset[c], root, shift[c], rows, packed + c);
}

static void T(column_gram_block)(const T(column_gram_plan) *p, int64_t block, real *root, real *packed, double *sum)
{
    const sch_column_gram_args *a = p->a;
    const int64_t first = block * T(GRAM_ROWS), rows = sch_min(T(GRAM_ROWS), a->x.n - first);
    const real *weight = a->weight ? (const real *)a->weight + first : NULL;
    for (int64_t r = 0; r < rows; ++r) root[r] = weight ? (real)sqrt((double)weight[r]) : K(1.0);
    for (int64_t panel = 0; panel < p->left / PANEL; ++panel)
        T(pack_panel)(a, panel, first, rows, root, packed + panel * PANEL * rows);
    for (int64_t j = 0; j < a->n_new; j += PANEL)
        for (int64_t i = j; i < a->m; i += TILE) {
            const real *left = packed + i / PANEL * PANEL * rows + i % PANEL, *right = packed + j * rows;
            if (a->n_new <= j + VL) T(gram_tile)(0, left, right, rows, p->right, sum + i * p->right + j);
            else T(gram_tile)(1, left, right, rows, p->right, sum + i * p->right + j);
        }
}

static void T(column_gram_group)(void *context, int64_t group)
{
    const T(column_gram_plan) *p = context;
    const int64_t first = group * p->blocks / p->groups, last = (group + 1) * p->blocks / p->groups;
    real *root = p->root + group * T(GRAM_ROWS), *packed = p->packed + group * T(GRAM_ROWS) *p->left;
    double *sum = p->sum + group * p->left * p->right;
    memset(sum, 0, (size_t)(p->left * p->right) * sizeof(double));
    for (int64_t block = first; block < last; ++block) {
        if (sch_should_stop(&p->a->control)) return;
        T(column_gram_block)(p, block, root, packed, sum);
    }
}

static sch_status T(column_gram)(sch_column_gram_args *a)
{
    if (a->x.storage != SCH_STRIDED) return SCH_BAD_ARGUMENT;
    sch_arena arena = {.base = a->scratch};
    T(column_gram_plan) p = T(column_gram_layout)(a, &arena);
    const double work = (double)a->x.n * (double)a->m * (1.0 + (double)a->n_new / 8.0);
    const sch_control control = sch_serial_below(a->control, work, 2e5);
    const sch_status status = sch_par_for(&control, p.groups, T(column_gram_group), &p);
    if (status != SCH_OK) return status;
    for (int64_t group = 1; group < p.groups; ++group) {
        const double *other = p.sum + group * p.left * p.right;
        SCH_SIMD
        for (int64_t e = 0; e < p.left * p.right; ++e) p.sum[e] += other[e];
    }
    for (int64_t i = 0; i < a->m; ++i) /* above the diagonal of the new columns: mirrored */
        for (int64_t j = 0; j < a->n_new; ++j)
            a->gram[i * a->n_new + j] = p.sum[i < j ? j * p.right + i : i * p.right + j];
    return SCH_OK;
}
