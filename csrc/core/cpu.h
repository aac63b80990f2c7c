/* core/cpu.h - what this CPU and its operating system can run.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_CPU_H
#define SCH_CPU_H

#include <stdint.h>

#define SCH_CPU_AVX2 (UINT64_C(1) << 0)
#define SCH_CPU_FMA (UINT64_C(1) << 1)
#define SCH_CPU_BMI (UINT64_C(1) << 2)
#define SCH_CPU_BMI2 (UINT64_C(1) << 3)
#define SCH_CPU_AVX512 (UINT64_C(1) << 4) /* F, CD, BW, DQ and VL together */

uint64_t sch_cpu_bits(void);

#endif
