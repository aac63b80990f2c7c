# SPDX-License-Identifier: BSD-3-Clause
"""Nothing half added: a kernel has a wrapper, a reference, a test and a benchmark; a loss has all its places."""

import re
from importlib import import_module

import pytest
from project_files import ROOT, project_files
from reference import cd, loss, math

from schuss import _kernels as kernels

OPS = re.compile(r"#define SCH_\w+_OPS\(X\)((?:.*\\\n)*.*)")
LOSS_LIST = re.compile(r"#define SCH_(?:SGD|GLM)_LOSS_LIST\(X\)((?:.*\\\n)*.*)")
PYTHON_NAME = {"count_nonfinite": "all_finite", "grow_tree": "Grower"}
REFERENCES = {
    "vector_math": math.FUNCTIONS,
    "gram_path": cd.line_start,  # and from there `gram_cd`, with which its test compares it
    "count_nonfinite": "numpy.isfinite",  # NumPy itself is the oracle
}
REFERENCE_MODULES = [
    import_module(f"reference.{path.stem}") for path in project_files("tests/reference", suffixes={".py"})
]


def read(*folders, suffixes):
    return "\n".join(path.read_text(encoding="utf-8") for path in project_files(*folders, suffixes=suffixes))


HEADERS = read("csrc/include", suffixes={".h"})
KERNELS = [stem for block in OPS.findall(HEADERS) for stem in re.findall(r"X\((\w+),", block)]
LOSSES = dict(pair for block in LOSS_LIST.findall(HEADERS) for pair in re.findall(r'X\((\w+), "(\w+)"\)', block))


def test_the_lists_were_found():
    assert {"loss_sum", "sgd_sweep", "glm_pass"} <= set(KERNELS)
    assert {"SQUARED", "LOGISTIC", "POISSON"} <= set(LOSSES)


@pytest.mark.parametrize("stem", KERNELS)
def test_a_kernel_has_all_its_places(stem):
    python_name = PYTHON_NAME.get(stem, stem)
    assert callable(getattr(kernels, python_name)), "a wrapper"
    assert stem in REFERENCES or any(hasattr(module, stem) for module in REFERENCE_MODULES), (
        "a reference in tests/reference"
    )
    called = re.compile(rf"kernels\.{python_name}\(")
    assert called.search(read("tests/kernels", suffixes={".py"})), "a test in tests/kernels"
    benchmarks = read("benchmarks/kernels", suffixes={".py"})
    assert re.search(rf"\b{python_name}\b", benchmarks), "a benchmark in benchmarks/kernels"
    assert python_name in (ROOT / "docs/kernels.md").read_text(encoding="utf-8"), "a line in docs/kernels.md"


@pytest.mark.parametrize("code", LOSSES)
def test_a_loss_has_all_its_places(code):
    python_name = LOSSES[code]
    template = (ROOT / "csrc/loss/loss_template.h").read_text(encoding="utf-8")
    assert f"case SCH_LOSS_{code}:" in template
    assert python_name in kernels.LOSSES
    assert python_name in loss.LOSSES
    assert f'"{python_name}"' in read("src/schuss", suffixes={".py"}), "a user: an estimator's loss"


def test_no_loss_is_known_only_to_the_tests():
    assert set(loss.LOSSES) | {"softmax"} == set(kernels.LOSSES)
