/* nn/transpose_template.h - rows into columns, a square of registers at a time.
 * Include after core/vec_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

/* Exchanges the lanes in which bit `width` of the lane number and of the register number differ. */
#undef NN_LOW
#undef NN_HIGH
#undef NN_EXCHANGE
#define NN_EXCHANGE(width, low, high)                                       \
    _Pragma("GCC unroll 16") for (int i = 0; i < VL; ++i) if (!(i & width)) \
    {                                                                       \
        const vreal a = r[i], b = r[i + width];                             \
        r[i] = __builtin_shufflevector(a, b, low);                          \
        r[i + width] = __builtin_shufflevector(a, b, high);                 \
    }
#define NN_LIST(...) __VA_ARGS__

SCH_INLINE void T(transpose_square)(vreal r[VL]){
#if SCH_VEC_BYTES * 8 / REAL_BITS == 16
    NN_EXCHANGE(8, NN_LIST(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
                NN_LIST(8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31))
        NN_EXCHANGE(4, NN_LIST(0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27),
                    NN_LIST(4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31))
            NN_EXCHANGE(2, NN_LIST(0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
                        NN_LIST(2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31))
                NN_EXCHANGE(1, NN_LIST(0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30),
                            NN_LIST(1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31))
#elif SCH_VEC_BYTES * 8 / REAL_BITS == 8
    NN_EXCHANGE(4, NN_LIST(0, 1, 2, 3, 8, 9, 10, 11), NN_LIST(4, 5, 6, 7, 12, 13, 14, 15))
        NN_EXCHANGE(2, NN_LIST(0, 1, 8, 9, 4, 5, 12, 13), NN_LIST(2, 3, 10, 11, 6, 7, 14, 15))
            NN_EXCHANGE(1, NN_LIST(0, 8, 2, 10, 4, 12, 6, 14), NN_LIST(1, 9, 3, 11, 5, 13, 7, 15))
#elif SCH_VEC_BYTES * 8 / REAL_BITS == 4
    NN_EXCHANGE(2, NN_LIST(0, 1, 4, 5), NN_LIST(2, 3, 6, 7)) NN_EXCHANGE(1, NN_LIST(0, 4, 2, 6), NN_LIST(1, 5, 3, 7))
#else
    NN_EXCHANGE(1, NN_LIST(0, 2), NN_LIST(1, 3))
#endif
}

/* dst[c * stride + 0 .. VL) = column c of VL rows, NULL standing for a row of zeros; c from 0 to columns. A rest of
 * columns is done together with some of those before it, once more. */
SCH_INLINE void T(transpose_rows)(const real *const row[VL], int64_t columns, real *dst, int64_t stride)
{
    for (int64_t next = 0; next < columns; next += VL) {
        const int64_t c = sch_max(0, sch_min(next, columns - VL)), count = sch_min(VL, columns);
        vreal r[VL];
        if (count == VL) {
#pragma GCC unroll 16
            for (int i = 0; i < VL; ++i) r[i] = row[i] ? T(vload)(row[i] + c) : (vreal){0};
        } else {
            for (int i = 0; i < VL; ++i) {
                r[i] = (vreal){0};
                for (int64_t k = 0; row[i] && k < count; ++k) r[i][k] = row[i][k];
            }
        }
        T(transpose_square)(r);
        if (count == VL) {
#pragma GCC unroll 16
            for (int i = 0; i < VL; ++i) T(vstore)(dst + (c + i) * stride, r[i]);
        } else {
            for (int64_t i = 0; i < count; ++i) T(vstore)(dst + (c + i) * stride, r[i]);
        }
    }
}
