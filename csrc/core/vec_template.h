/* core/vec_template.h - registers, and rows whose length is no multiple of one.
 *
 * A row of d elements is read as d / VL whole registers and, where a rest remains, one more that ends at the row's last
 * element: its first lanes, which the registers before have covered, are masked to zero. Nothing beyond the row is
 * touched. Weights that meet such rows are kept in the same layout ("packed"): their rest stands at the end of the last
 * register, zeros before it.
 * Include after core/real.h and core/vec.h.
 * SPDX-License-Identifier: BSD-3-Clause */

SCH_INLINE vreal T(vload)(const real *p) { return *(const vreal *)p; }
SCH_INLINE void T(vstore)(real *p, vreal v) { *(vreal *)p = v; }
SCH_INLINE vreal T(vset)(real x) { return x - (vreal){0}; }

/* Sum of the lanes by halves: a fixed order for each register width. */
SCH_INLINE real T(vsum)(vreal v)
{
#if SCH_VEC_BYTES == 64 && REAL_BITS == 32
    __typeof__(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7)) h =
        __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
        __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
#elif SCH_VEC_BYTES == 64
    __typeof__(__builtin_shufflevector(v, v, 0, 1, 2, 3)) h =
        __builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7);
#else
    vreal h = v;
#endif
#if SCH_VEC_BYTES >= 32 && REAL_BITS == 32
    __typeof__(__builtin_shufflevector(h, h, 0, 1, 2, 3)) q =
        __builtin_shufflevector(h, h, 0, 1, 2, 3) + __builtin_shufflevector(h, h, 4, 5, 6, 7);
#elif SCH_VEC_BYTES >= 32
    __typeof__(__builtin_shufflevector(h, h, 0, 1)) q =
        __builtin_shufflevector(h, h, 0, 1) + __builtin_shufflevector(h, h, 2, 3);
#else
    vreal q = h;
#endif
#if REAL_BITS == 32
    q += __builtin_shufflevector(q, q, 2, 3, 0, 1);
#endif
    return q[0] + q[1];
}

SCH_INLINE real T(vmax)(vreal v)
{
    real lane[VL];
    T(vstore)(lane, v);
#pragma GCC unroll 4
    for (int width = VL / 2; width > 0; width /= 2) {
        SCH_SIMD
        for (int l = 0; l < width; ++l) lane[l] = lane[l] > lane[l + width] ? lane[l] : lane[l + width];
    }
    return lane[0];
}

/* out[r] = sum of the lanes of v_r, four vectors folded together: half the instructions of four single sums. */
SCH_INLINE void T(store_sums)(vreal v0, vreal v1, vreal v2, vreal v3, real *out)
{
#define PICK __builtin_shufflevector
#if SCH_VEC_BYTES * 8 / REAL_BITS == 16
    const vreal u0 = PICK(v0, v1, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
                     PICK(v0, v1, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    const vreal u1 = PICK(v2, v3, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23) +
                     PICK(v2, v3, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    vreal w = PICK(u0, u1, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27) +
              PICK(u0, u1, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31);
    w += PICK(w, w, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
    w += PICK(w, w, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);
    const __typeof__(PICK(w, w, 0, 1, 2, 3)) sums = PICK(w, w, 0, 4, 8, 12);
    memcpy(out, &sums, sizeof sums);
#elif SCH_VEC_BYTES * 8 / REAL_BITS == 8
    const vreal u0 = PICK(v0, v1, 0, 1, 2, 3, 8, 9, 10, 11) + PICK(v0, v1, 4, 5, 6, 7, 12, 13, 14, 15);
    const vreal u1 = PICK(v2, v3, 0, 1, 2, 3, 8, 9, 10, 11) + PICK(v2, v3, 4, 5, 6, 7, 12, 13, 14, 15);
    vreal w = PICK(u0, u1, 0, 1, 4, 5, 8, 9, 12, 13) + PICK(u0, u1, 2, 3, 6, 7, 10, 11, 14, 15);
    w += PICK(w, w, 1, 0, 3, 2, 5, 4, 7, 6);
    const __typeof__(PICK(w, w, 0, 1, 2, 3)) sums = PICK(w, w, 0, 2, 4, 6);
    memcpy(out, &sums, sizeof sums);
#elif SCH_VEC_BYTES * 8 / REAL_BITS == 4
    const vreal u0 = PICK(v0, v1, 0, 1, 4, 5) + PICK(v0, v1, 2, 3, 6, 7);
    const vreal u1 = PICK(v2, v3, 0, 1, 4, 5) + PICK(v2, v3, 2, 3, 6, 7);
    T(vstore)(out, PICK(u0, u1, 0, 2, 4, 6) + PICK(u0, u1, 1, 3, 5, 7));
#else
    T(vstore)(out, PICK(v0, v1, 0, 2) + PICK(v0, v1, 1, 3));
    T(vstore)(out + VL, PICK(v2, v3, 0, 2) + PICK(v2, v3, 1, 3));
#endif
#undef PICK
}

typedef struct {
    int64_t full, rest; /* whole registers; elements after them */
    int64_t packed;     /* elements of the packed layout, a multiple of VL */
    vmask keep;         /* lanes of the last register that hold the rest */
} T(row_shape);

SCH_INLINE T(row_shape) T(shape_of)(int64_t d)
{
    T(row_shape) s = {.full = d / VL, .rest = d % VL};
    s.packed = (s.full + (s.rest > 0)) * VL;
    for (int l = 0; l < VL; ++l) s.keep[l] = l >= VL - s.rest ? -1 : 0;
    return s;
}

/* A row shorter than one register has no whole register to overlap with. */
SCH_INLINE vreal T(load_rest)(const real *row, const T(row_shape) *s)
{
    if (s->full) return (vreal)((vmask)T(vload)(row + s->full * VL + s->rest - VL) & s->keep);
    real lane[VL] = {0};
    for (int64_t r = 0; r < s->rest; ++r) lane[VL - s->rest + r] = row[r];
    return T(vload)(lane);
}

SCH_INLINE void T(pack_row)(const real *row, const T(row_shape) *s, real *packed)
{
    memcpy(packed, row, (size_t)(s->full * VL) * sizeof(real));
    if (s->rest) T(vstore)(packed + s->full * VL, T(load_rest)(row, s));
}

SCH_INLINE void T(unpack_row)(const real *packed, const T(row_shape) *s, real *row)
{
    memcpy(row, packed, (size_t)(s->full * VL) * sizeof(real));
    memcpy(row + s->full * VL, packed + s->packed - s->rest, (size_t)s->rest * sizeof(real));
}
