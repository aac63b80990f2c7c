# SPDX-License-Identifier: BSD-3-Clause
"""What the documents show is so: the example runs, tables are those of the results, links lead somewhere."""

import json
import re
import subprocess
import sys

import pytest
from project_files import ROOT, name, project_files

DOCUMENTS = project_files(suffixes={".md"})
NAMED = re.compile(r"`([\w/]+\.(?:py|pyx|pyi|c|h|cmake))`")
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")


def run(*arguments, cwd=ROOT):
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def test_the_example_of_the_readme_runs(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "example.py").write_text(code, encoding="utf-8")
    result = run("example.py", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[1] == "converged [5]", "the comment in the example"
    assert (tmp_path / "model.schuss").exists()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_links_within_the_project_lead_somewhere(path):
    targets = LINK.findall(path.read_text(encoding="utf-8"))
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_files_that_are_named_exist(path):
    ours = tuple(f"/{name(file)}" for file in project_files())
    named = set(NAMED.findall(path.read_text(encoding="utf-8"))) - {"Python.h"}
    assert [file for file in named if not any(one.endswith(f"/{file}") for one in ours)] == []


def test_every_decision_is_listed():
    folder = ROOT / "docs/decisions"
    listed = set(LINK.findall((folder / "README.md").read_text(encoding="utf-8")))
    assert listed == {path.name for path in folder.glob("[0-9]*.md")}


def test_tables_are_those_of_the_committed_results():
    result = run("-m", "benchmarks.report", "--check")
    assert result.returncode == 0, result.stdout + result.stderr


def results(seconds):
    times = {"min": seconds, "median": seconds, "seconds": [seconds]}
    return {"rows": [{"id": "row", "candidates": [{"name": "schuss", "library": "schuss", "times": times}]}]}


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        (1.0, 1.05, 0),  # in relative terms too little
        (1e-5, 3e-5, 0),  # in absolute terms too little
        (1.0, 1.2, 1),
        (1.2, 1.0, 0),
    ],
)
def test_compare_needs_a_relative_and_an_absolute_slowdown(tmp_path, before, after, status):
    for file, seconds in (("base.json", before), ("head.json", after)):
        (tmp_path / file).write_text(json.dumps(results(seconds)), encoding="utf-8")
    result = run("-m", "benchmarks.compare", str(tmp_path / "base.json"), str(tmp_path / "head.json"))
    assert result.returncode == status, result.stdout + result.stderr


def test_a_dry_run_of_a_race_reports_every_library(tmp_path):
    out = tmp_path / "models.json"
    result = run("-m", "benchmarks.models", "--quick", "--rows", "ridge_f64", "--repeats", "1", "--out", str(out))
    assert result.returncode == 0, result.stderr
    (row,) = json.loads(out.read_text(encoding="utf-8"))["rows"]
    assert {candidate["library"] for candidate in row["candidates"]} == {
        "schuss", "scikit-learn", "scikit-learn-intelex",
    }  # fmt: skip
    assert {candidate["status"] for candidate in row["candidates"]} <= {"ok", "missing", "slow"}
    assert row["quick"] is True
