# SPDX-License-Identifier: BSD-3-Clause
"""Bindings only bind: they fill a struct, call one kernel without the interpreter lock, and check the status.

Work on data belongs into C, decisions into Python. `_core.pyx` owns the pool and the tables and is not a binding.

    python tools/check_pyx.py [FILE.pyx ...]
"""

import re
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "src/schuss/_kernels"
LONGEST_BODY = 40
MAY_CIMPORT = re.compile(r"from (libc\.\w+|cpython(\.\w+)?|schuss\._kernels\._(core|bin)) cimport ")
DEF = re.compile(r"^(?:def|cpdef) \w+", re.MULTILINE)


def functions(text):
    """Name and body lines (after signature and docstring) of each top-level def."""
    starts = [match.start() for match in DEF.finditer(text)]
    for start, stop in zip(starts, [*starts[1:], len(text)], strict=True):
        source = text[start:stop]
        after_signature = source[re.search(r"\):\n", source).end() :]
        body = re.sub(r'\A\s*"""(?s:.*?)"""\n', "", after_signature)
        yield re.split(r"[ (]", source)[1], [line for line in body.splitlines() if line.startswith("    ")]


def complaints(path):
    """What is wrong with one file, a line each."""
    path = Path(path)
    if path.name.startswith("_core"):
        return []
    text = path.read_text(encoding="utf-8")
    found = []
    for line in text.splitlines():
        if re.search(r"\bcimport\b", line) and not MAY_CIMPORT.match(line):
            found.append(f"cimports from elsewhere: {line}")
        if re.match(r"\s*(import|from) schuss\S* import|\s*import schuss", line):
            found.append(f"imports Python of this package: {line}")
    for name, body in functions(text):
        if len(body) > LONGEST_BODY:
            found.append(f"{name}: {len(body)} lines, at most {LONGEST_BODY}")
        if any(re.match(r"\s*(for|while)\b", line) for line in body):
            found.append(f"{name}: loops; loops belong into C")
        calls = sum(line.strip() == "with nogil:" for line in body)
        if calls != any(re.match(r"\s*cdef sch_\w+_args", line) for line in body):
            found.append(f"{name}: {calls} calls without the lock; one for each struct of arguments")
    return [f"{path.name}: {line}" for line in found]


def main(arguments):
    paths = arguments or sorted(FOLDER.glob("*.pyx"))
    return "\n".join(line for path in paths for line in complaints(path)) or None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
