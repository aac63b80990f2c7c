# SPDX-License-Identifier: BSD-3-Clause
"""The type stubs of the compiled modules list what the modules hold, with the same parameters."""

import ast
import inspect
from importlib import import_module

import pytest
from project_files import ROOT

FOLDER = ROOT / "src/schuss/_kernels"
STUBS = {path.stem: path for path in FOLDER.glob("*.pyi")}


def test_every_compiled_module_has_one():
    assert set(STUBS) == {path.stem for path in FOLDER.glob("*.pyx")}


@pytest.mark.parametrize("name", STUBS)
def test_functions_and_their_parameters(name):
    module = import_module(f"schuss._kernels.{name}")
    stub = ast.parse(STUBS[name].read_text(encoding="utf-8"))
    described = {node.name: node for node in stub.body if isinstance(node, ast.FunctionDef)}
    compiled = {name for name, value in vars(module).items() if inspect.isroutine(value) or "cyfunction" in repr(value)}
    compiled -= {name for name in compiled if name.startswith("__")}  # Cython's own
    assert set(described) == compiled
    for function, node in described.items():
        wanted = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        assert wanted == list(inspect.signature(getattr(module, function)).parameters), function
