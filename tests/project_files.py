# SPDX-License-Identifier: BSD-3-Clause
"""Where the project's own files are, for the tests that read them."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (".ci", "src", "csrc", "cmake", "tests", "tools", "benchmarks", "docs")
SOURCES = {".py", ".pyi", ".pyx", ".pxd", ".c", ".h", ".cmake"}
TEXTS = SOURCES | {".md", ".toml", ".yaml", ".yml", ".html", ".css", ".js", ".txt", ".json", ""}


def project_files(*folders, suffixes=SOURCES):
    """Files with these suffixes below these folders; below all of them and at the top when none is named."""
    found = []
    for folder in folders or FOLDERS:
        found += [path for path in sorted((ROOT / folder).rglob("*")) if path.is_file() and path.suffix in suffixes]
    if not folders:
        found += [path for path in sorted(ROOT.iterdir()) if path.is_file() and path.suffix in suffixes]
    return [path for path in found if not {"__pycache__", ".git"} & set(path.parts)]  # .git is a file in a worktree


def name(path):
    """The path as it reads from the project's root."""
    return path.relative_to(ROOT).as_posix()
