# SPDX-License-Identifier: BSD-3-Clause
"""The type stubs of the compiled modules list what the modules hold, with the same parameters."""

import ast
import inspect

import pytest
from project_files import ROOT

from schuss._kernels import _apply, _bin, _cd, _core, _dual, _forest, _glm, _loss, _nn, _sgd

FOLDER = ROOT / "src/schuss/_kernels"


def stub(module):
    return ast.parse((FOLDER / f"{module.__name__.split('.')[-1]}.pyi").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "module",
    [_apply, _bin, _cd, _core, _dual, _forest, _glm, _loss, _nn, _sgd],
    ids=lambda m: m.__name__,
)
def test_functions_and_their_parameters(module):
    described = {node.name: node for node in stub(module).body if isinstance(node, ast.FunctionDef)}
    compiled = {name for name, value in vars(module).items() if inspect.isroutine(value) or "cyfunction" in repr(value)}
    compiled -= {name for name in compiled if name.startswith("__")}  # Cython's own
    assert set(described) == compiled
    for name, node in described.items():
        wanted = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        assert wanted == list(inspect.signature(getattr(module, name)).parameters), name
