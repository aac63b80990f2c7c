# SPDX-License-Identifier: BSD-3-Clause
"""Rules of the house that a machine can check by reading."""

import ast
import re

import check_headers
import check_pyx
import pytest
from project_files import TEXTS, name, project_files

ABSOLUTE = re.compile(r"(?<![\w.:/])/(?:home|root|work|Users|mnt|opt|build)/\w")
LOOSE_TOLERANCE = re.compile(r"\b(?:rtol|atol|rel|abs)\s*=\s*[\d.]+(?:e-?\d+)?|assert_(?:almost|array_almost)_equal")


def test_every_source_file_names_its_licence():
    assert [name(path) for path in check_headers.source_files() if not check_headers.has_licence(path)] == []


@pytest.mark.parametrize("path", project_files(suffixes=TEXTS), ids=name)
def test_no_path_of_somebodys_machine(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [line for line in lines if ABSOLUTE.search(line) and "ABSOLUTE = " not in line]
    assert not found


@pytest.mark.parametrize("path", project_files("tests/kernels", suffixes={".py"}), ids=name)
def test_tolerances_come_from_one_place(path):
    assert not LOOSE_TOLERANCE.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", project_files("src", suffixes={".pyx"}), ids=name)
def test_bindings_only_bind(path):
    assert check_pyx.complaints(path) == []


CHECK = re.compile(r"\bassert|pytest\.(raises|warns)|check=True|\.assert_")


def functions_in_tests():
    """(file, name, text) of every function below tests."""
    for path in project_files("tests", suffixes={".py"}):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                yield path, node.name, "\n".join(map(ast.unparse, node.body))


def test_no_test_without_an_assertion():
    """A test that asserts nothing, expects no error and calls no helper that does cannot fail."""
    functions = list(functions_in_tests())
    helpers = [re.escape(function) for _, function, text in functions if CHECK.search(text)]
    checks = re.compile(rf"{CHECK.pattern}|\b({'|'.join(helpers)}|check|compare)\(")
    idle = [(name(path), f) for path, f, text in functions if f.startswith("test_") and not checks.search(text)]
    assert idle == []
