# SPDX-License-Identifier: BSD-3-Clause
"""Nothing is exported but what has to be, and detection of the CPU agrees with NumPy's."""

import re
import subprocess

import check_symbols
import numpy as np
import pytest
from project_files import ROOT

from schuss import _kernels as kernels


def kernel_sources():
    cmake = (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")
    return re.search(r"set\(SCHUSS_KERNEL_SOURCES\s+([^)]*)\)", cmake)[1].split()


def test_modules_export_only_their_init_function():
    modules = check_symbols.installed_modules()
    assert {path.name.split(".")[0] for path in modules} >= {"_core", "_loss", "_glm", "_sgd", "_cd"}
    assert [check_symbols.complaint(path) for path in modules] == [None] * len(modules)


@pytest.mark.parametrize("source", kernel_sources())
def test_kernel_objects_export_one_table(source, tmp_path):
    target = tmp_path / "kernel.o"
    flags = ["-std=c11", "-Og", "-fno-inline", "-DSCH_ISA=probe"]
    include = [f"-I{ROOT / 'csrc'}", f"-I{ROOT / 'csrc' / 'include'}"]
    command = ["cc", *flags, *include, "-c", str(ROOT / source), "-o", str(target)]
    subprocess.run(command, check=True)
    assert check_symbols.complaint(target) is None


def test_a_stray_symbol_is_noticed(tmp_path):
    source, target = tmp_path / "stray.c", tmp_path / "stray.o"
    source.write_text("const int sch_loss_ops_probe = 1;\nint helper(void) { return 2; }\n")
    subprocess.run(["cc", "-c", str(source), "-o", str(target)], check=True)
    assert "helper" in check_symbols.complaint(target)


NEEDS = {"avx2": ("AVX2", "FMA3"), "avx512": ("AVX512F", "AVX512CD", "AVX512BW", "AVX512DQ", "AVX512VL")}


def test_cpu_detection_agrees_with_numpy():
    features = np._core._multiarray_umath.__cpu_features__
    for isa in set(kernels.isa_compiled()) & set(NEEDS):
        assert (isa in kernels.isa_supported()) == all(features[feature] for feature in NEEDS[isa]), isa
