# SPDX-License-Identifier: BSD-3-Clause
# The only file that knows instruction-set names, their compiler flags and the CPU bits they need.
# The flags and the bits stand on one line, so that "compiled with" cannot drift from "checked for".
include(CheckCSourceCompiles)

set(SCHUSS_ISA_ONLY "" CACHE STRING "Compile for this one instruction set, to save time while developing; empty: all")

function(schuss_isa name)
  cmake_parse_arguments(ARG "" "CPU" "FLAGS" ${ARGN})
  if(SCHUSS_ISA_ONLY AND NOT name STREQUAL SCHUSS_ISA_ONLY)
    return()
  endif()
  set(probe ${PROJECT_SOURCE_DIR}/cmake/probes/${name}.c)
  if(EXISTS ${probe}) # can this compiler emit it?
    file(READ ${probe} source)
    list(JOIN ARG_FLAGS " " CMAKE_REQUIRED_FLAGS)
    check_c_source_compiles("${source}" SCHUSS_CC_HAS_${name})
    if(NOT SCHUSS_CC_HAS_${name})
      return()
    endif()
  endif()
  add_library(sch_${name} OBJECT ${SCHUSS_KERNEL_SOURCES})
  target_compile_definitions(sch_${name} PRIVATE SCH_ISA=${name})
  target_compile_options(sch_${name} PRIVATE ${SCHUSS_HARDENING} ${SCHUSS_KERNEL_FLAGS} ${ARG_FLAGS})
  target_include_directories(sch_${name} PRIVATE csrc csrc/include)
  # Whole-program optimisation could hand one instruction set's copy of a function to another: never for kernels.
  set_target_properties(sch_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON C_VISIBILITY_PRESET hidden
                                               C_EXTENSIONS OFF INTERPROCEDURAL_OPTIMIZATION OFF)
  set_property(GLOBAL APPEND PROPERTY SCHUSS_ISA_OBJECTS $<TARGET_OBJECTS:sch_${name}>)
  set_property(GLOBAL APPEND_STRING PROPERTY SCHUSS_ISA_ROWS " X(${name}, ${ARG_CPU})")
endfunction()

# Best last: the last row that the CPU supports is the one in use.
function(schuss_kernels)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|amd64")
    schuss_isa(base FLAGS -march=x86-64-v2 CPU "0")
    schuss_isa(avx2 FLAGS -march=x86-64-v2 -mavx2 -mfma -mbmi -mbmi2
                    CPU "SCH_CPU_AVX2 | SCH_CPU_FMA | SCH_CPU_BMI | SCH_CPU_BMI2")
    schuss_isa(avx512 FLAGS -march=x86-64-v2 -mavx2 -mfma -mbmi -mbmi2 -mavx512f -mavx512cd -mavx512bw -mavx512dq
                            -mavx512vl -mprefer-vector-width=512
                      CPU "SCH_CPU_AVX2 | SCH_CPU_FMA | SCH_CPU_BMI | SCH_CPU_BMI2 | SCH_CPU_AVX512")
  else() # aarch64: NEON is the floor of the platform, so base is the NEON build
    schuss_isa(base CPU "0")
  endif()
  get_property(rows GLOBAL PROPERTY SCHUSS_ISA_ROWS)
  file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/sch_isa_list.h
       CONTENT "/* generated: one row per compiled instruction set, best last */\n#define SCH_ISA_LIST(X)@rows@\n" @ONLY)
endfunction()
