/* nn/product_template.h - the matrix products of a network, from register tiles.
 *
 * A batch is kept by unit, not by row: a panel holds PW = 2 VL rows of the batch as [unit][PW], so that registers run
 * along the rows and every other length is free of a rest. A tile is up to SCH_NN_ROWS units by one panel:
 *   c[r] += sum over k of a[k * a_step + r * a_row] * b[k]      b[k], c[r]: PW rows of the batch
 * The sum goes through k in ascending order whatever the tiling, so results do not depend on it.
 * Include after core/vec_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

#undef PW
#define PW (2 * VL)

typedef struct {
    int64_t depth; /* terms of the sum */
    const real *a;
    int64_t a_row, a_step;
    int64_t span, a_jump; /* after every span terms, a moves on by a_jump beside */
    const real *b;        /* (depth, PW) */
    const real *start;    /* (rows) what the sums begin with, or NULL */
    real *c;              /* (rows, PW), rows c_row apart */
    int64_t c_row;
    int add; /* begin with c instead */
} T(product);

SCH_INLINE void T(tile)(const int rows, const int nv, const int64_t a_row, const T(product) *p)
{
    vreal sum[SCH_NN_ROWS][2];
    const real *a = p->a, *b = p->b;
#pragma GCC unroll 14
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
        for (int v = 0; v < nv; ++v)
            sum[r][v] = p->add ? T(vload)(p->c + r * p->c_row + v * VL) : T(vset)(p->start ? p->start[r] : K(0.0));
    for (int64_t k = 0; k < p->depth; k += p->span) {
        const real *const end = b + sch_min(p->span, p->depth - k) * PW;
        for (; b < end; b += PW, a += p->a_step) {
            const vreal b0 = T(vload)(b), b1 = nv == 2 ? T(vload)(b + VL) : b0;
#pragma GCC unroll 14
            for (int r = 0; r < rows; ++r) {
                const vreal x = T(vset)(a[r * a_row]);
                sum[r][0] += x * b0;
                if (nv == 2) sum[r][1] += x * b1;
            }
        }
        a += p->a_jump;
    }
#pragma GCC unroll 14
    for (int r = 0; r < rows; ++r)
#pragma GCC unroll 2
        for (int v = 0; v < nv; ++v) T(vstore)(p->c + r * p->c_row + v * VL, sum[r][v]);
}

#undef NN_CASE
#define NN_CASE(r, a_row)                         \
    case r:                                       \
        if (nv == 2) T(tile)((r), 2, (a_row), p); \
        else T(tile)((r), 1, (a_row), p);         \
        break;
#undef NN_SOME_CASES
#undef NN_MORE_CASES
#define NN_SOME_CASES(a) NN_CASE(1, a) NN_CASE(2, a) NN_CASE(3, a) NN_CASE(4, a) NN_CASE(5, a) NN_CASE(6, a)
#if SCH_VEC_BYTES == 64
#  define NN_MORE_CASES(a) \
      NN_CASE(7, a)        \
      NN_CASE(8, a) NN_CASE(9, a) NN_CASE(10, a) NN_CASE(11, a) NN_CASE(12, a) NN_CASE(13, a) NN_CASE(14, a)
#else
#  define NN_MORE_CASES(a)
#endif

/* a's rows are neighbours: weights as they stand, or packed. */
SCH_NOINLINE void T(product_near)(int64_t rows, int nv, const T(product) *p)
{
    switch (rows) {
        NN_SOME_CASES(1)
        NN_MORE_CASES(1)
    }
}

/* a's rows are units of a panel. */
SCH_NOINLINE void T(product_far)(int64_t rows, int nv, const T(product) *p)
{
    switch (rows) {
        NN_SOME_CASES(PW)
        NN_MORE_CASES(PW)
    }
}

/* a's rows are a_row apart: the weights' own rows, for a batch so small that packing them would not pay. */
SCH_NOINLINE void T(product_strided)(int64_t rows, int nv, const T(product) *p)
{
    switch (rows) {
        NN_SOME_CASES(p->a_row)
        NN_MORE_CASES(p->a_row)
    }
}

/* Rows of a batch in panels. */
typedef struct {
    int64_t rows, panels;
} T(batch);

SCH_INLINE T(batch) T(batch_of)(int64_t rows) { return (T(batch)){rows, (rows + PW - 1) / PW}; }

/* Registers that panel p fills: a short last panel does with one. */
SCH_INLINE int T(nv_of)(const T(batch) *m, int64_t p) { return m->rows - p * PW > VL ? 2 : 1; }
