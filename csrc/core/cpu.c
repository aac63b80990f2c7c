/* core/cpu.c - CPU detection. A feature counts only when the operating system saves its registers (XCR0).
 * SPDX-License-Identifier: BSD-3-Clause */
#include "core/cpu.h"

#if defined(__x86_64__)

#  include <cpuid.h>

enum { XCR0_AVX = 0x06, XCR0_AVX512 = 0xe6 }; /* xmm+ymm; and opmask, upper zmm, zmm16-31 */

static uint64_t read_xcr0(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return ((uint64_t)high << 32) | low;
}

static int has(uint32_t word, int bit) { return (word >> bit) & 1u; }

uint64_t sch_cpu_bits(void)
{
    uint32_t a, b, c, d, c1;
    uint64_t bits = 0, xcr0;
    if (!__get_cpuid(1, &a, &b, &c1, &d) || !has(c1, 27)) /* OSXSAVE */
        return 0;
    xcr0 = read_xcr0();
    if ((xcr0 & XCR0_AVX) != XCR0_AVX || !__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
    if (has(c1, 12)) bits |= SCH_CPU_FMA;
    if (has(b, 5)) bits |= SCH_CPU_AVX2;
    if (has(b, 3)) bits |= SCH_CPU_BMI;
    if (has(b, 8)) bits |= SCH_CPU_BMI2;
    if ((xcr0 & XCR0_AVX512) == XCR0_AVX512 && has(b, 16) && has(b, 17) && has(b, 28) && has(b, 30) && has(b, 31))
        bits |= SCH_CPU_AVX512;
    return bits;
}

#else

uint64_t sch_cpu_bits(void) { return 0; }

#endif
