# SPDX-License-Identifier: BSD-3-Clause
"""Who may include and import whom. The layers above Python are held by import-linter; see pyproject.toml."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from project_files import ROOT, name, project_files

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)

# Folder of csrc -> folders it may include. A family never includes another family.
MAY_INCLUDE = {
    "include/sch": {"sch"},
    "core": {"core", "sch"},
    "loss": {"loss", "core", "sch"},
    "linear": {"linear", "loss", "core", "sch"},
    "tree": {"tree", "core", "sch"},
    "nn": {"nn", "core", "sch"},
    ".": {"core", "sch"},
}
C_LIBRARY = {"float.h", "math.h", "stddef.h", "stdint.h", "string.h"}
MORE_FOR = {
    "csrc/core/pool.c": {"pthread.h", "signal.h", "stdatomic.h", "time.h"},
    "csrc/core/cpu.c": {"cpuid.h"},
    "csrc/tree/apply_blocks.h": {"immintrin.h"},
    "csrc/tree/bin_search_template.h": {"immintrin.h"},
    "csrc/tree/dense.h": {"immintrin.h"},
    "csrc/tree/lanes.h": {"immintrin.h"},
    "csrc/tree/lanes_single.h": {"immintrin.h"},
    "csrc/tree/partition.h": {"immintrin.h"},
    "csrc/core/slots.h": {"stdatomic.h"},
}
GENERATED = {"csrc/dispatch.c": {"sch_isa_list.h"}}

C_FILES = project_files("csrc", suffixes={".c", ".h"})


def includes(path):
    """Quoted and system includes of a file."""
    pairs = INCLUDE.findall(path.read_text(encoding="utf-8"))
    return {own for own, _ in pairs if own}, {system for _, system in pairs if system}


@pytest.mark.parametrize("path", C_FILES, ids=name)
def test_c_includes_stay_in_their_layer(path):
    own, system = includes(path)
    folder = path.parent.relative_to(ROOT / "csrc").as_posix()
    same_folder = {include for include in own if (path.parent / include).exists()}
    for include in own - GENERATED.get(name(path), set()) - same_folder:
        assert include.split("/")[0] in MAY_INCLUDE[folder], f"{name(path)} includes {include}"
    assert system <= C_LIBRARY | MORE_FOR.get(name(path), set()), f"{name(path)} includes {system - C_LIBRARY}"


def test_every_c_folder_has_a_layer():
    assert {path.parent.relative_to(ROOT / "csrc").as_posix() for path in C_FILES} == set(MAY_INCLUDE)


def imported_modules(path):
    """Absolute names of the modules that a Python file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", project_files("src", suffixes={".py"}), ids=name)
def test_private_parts_of_scikit_learn_come_through_one_adapter(path):
    if path.name == "_sklearn.py":
        return
    private = [m for m in imported_modules(path) if m.split(".")[0] == "sklearn" and "._" in m and "__" not in m]
    assert not private, f"{name(path)} imports {private}; let schuss._sklearn do it"


@pytest.mark.parametrize("path", project_files("tests/reference", suffixes={".py"}), ids=name)
def test_the_reference_stands_on_numpy_alone(path):
    allowed = {"numpy", "dataclasses", "collections"} | ({"mpmath"} if path.name == "math.py" else set())
    assert {module.split(".")[0] for module in imported_modules(path)} <= allowed


def test_import_contracts_hold():
    linter = Path(sys.executable).with_name("lint-imports")
    if not linter.exists():
        pytest.skip("import-linter comes with the lint extra; `make lint` runs these contracts too")
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-3000:]
