# SPDX-License-Identifier: BSD-3-Clause
# Compiler and linker flags, in one place.
#
# -ffp-contract=fast lets the compiler fuse a*b+c where the instruction set has it (strict C11 mode turns it off).
# -fno-math-errno and -fno-trapping-math free sqrt, floor and comparisons for vectorisation without changing a result.
# -ffast-math is never used: it would delete NaN checks and change the floating-point mode of the whole process.
set(SCHUSS_WARNINGS -Wall -Wextra -Wvla -Werror=implicit -Wformat=2)
set(SCHUSS_KERNEL_WARNINGS ${SCHUSS_WARNINGS} -Wmissing-prototypes -Wstrict-prototypes -Wdouble-promotion -Wno-psabi)
if(CMAKE_C_COMPILER_ID MATCHES "Clang") # fields left out are meant to be zero; a loop not vectorised is no fault
  list(APPEND SCHUSS_KERNEL_WARNINGS -Wno-missing-field-initializers -Wno-pass-failed)
endif()
set(SCHUSS_KERNEL_FLAGS -O3 -fopenmp-simd -fno-math-errno -fno-trapping-math
                        -ffp-contract=fast -fno-stack-protector ${SCHUSS_KERNEL_WARNINGS})

set(SCHUSS_HARDENING -fstack-clash-protection -fno-strict-overflow -fno-delete-null-pointer-checks
                     -fno-common -fvisibility=hidden)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
  list(APPEND SCHUSS_HARDENING -fcf-protection=full)
endif()
set(SCHUSS_CODE_HARDENING -O2 -Werror=implicit -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)

set(SCHUSS_LINK_FLAGS)
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  set(SCHUSS_LINK_FLAGS -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed -Wl,--build-id=sha1
                        -Wl,--exclude-libs,ALL)
endif()

if(SCHUSS_SANITIZE)
  list(APPEND SCHUSS_KERNEL_FLAGS -g -fsanitize=address,undefined -fno-omit-frame-pointer)
  list(REMOVE_ITEM SCHUSS_CODE_HARDENING -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  list(APPEND SCHUSS_CODE_HARDENING -g -fsanitize=address,undefined -fno-omit-frame-pointer)
  list(APPEND SCHUSS_LINK_FLAGS -fsanitize=address,undefined)
endif()
