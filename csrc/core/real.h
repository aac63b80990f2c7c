/* core/real.h - the element type of a template; read again whenever REAL_BITS changes, hence no include guard.
 *   real     the element          vreal   a register of them      ireal, ubits   the integers of its width
 *   T(name)  name_f32 / name_f64  K(c)    the constant c
 * SPDX-License-Identifier: BSD-3-Clause */
#undef real
#undef vreal
#undef vmask
#undef ireal
#undef ubits
#undef T
#undef K
#undef VL
#if REAL_BITS == 32
#  define real float
#  define vreal vec_f32
#  define vmask vec_i32
#  define ireal int32_t
#  define ubits uint32_t
#  define T(name) name##_f32
#  define K(c) c##f
#  define VL (SCH_VEC_BYTES / 4)
#else
#  define real double
#  define vreal vec_f64
#  define vmask vec_i64
#  define ireal int64_t
#  define ubits uint64_t
#  define T(name) name##_f64
#  define K(c) c
#  define VL (SCH_VEC_BYTES / 8)
#endif
