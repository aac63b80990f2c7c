# SPDX-License-Identifier: BSD-3-Clause
"""Every source file names its licence in one line near the top; `--fix` puts the line where it is missing.

python tools/check_headers.py [--fix] [FILE ...]
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LICENCE = "SPDX-License-Identifier: BSD-3-Clause"
FOLDERS = ("src", "csrc", "cmake", "tests", "tools", "benchmarks")
SUFFIXES = {".py", ".pyi", ".pyx", ".pxd", ".c", ".h", ".cmake"}


def source_files():
    """All files that need the line."""
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SUFFIXES and "__pycache__" not in path.parts:
                yield path


def has_licence(path):
    return LICENCE in path.read_text(encoding="utf-8")[:1200]


def add_licence(path):
    text = path.read_text(encoding="utf-8")
    line = f"/* {LICENCE} */" if path.suffix in {".c", ".h"} else f"# {LICENCE}"
    shebang, rest = text.split("\n", 1) if text.startswith("#!") else (None, text)
    path.write_text("\n".join(part for part in (shebang, line, rest) if part is not None), encoding="utf-8")


def main(arguments):
    fix = "--fix" in arguments
    named = [Path(a) for a in arguments if a != "--fix"]
    missing = [path for path in named or source_files() if not has_licence(path)]
    for path in missing:
        if fix:
            add_licence(path)
        print(f"{path}: {'added' if fix else 'lacks'} '{LICENCE}'")
    return bool(missing)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
