# SPDX-License-Identifier: BSD-3-Clause
"""What the compiled files let others see.

An extension module exports its PyInit_ function and nothing else. A kernel object, compiled once per instruction set,
exports one table: anything more could be linked into another instruction set's place and run on a CPU that lacks it.

    python tools/check_symbols.py FILE.so|FILE.o ...      (without files: the installed extension modules)
"""

import re
import subprocess
import sys
from pathlib import Path

TABLE = re.compile(r"sch_[a-z]+_ops_[a-z0-9]+")


def defined_symbols(path):
    """Names that a shared library exports, or that an object file offers to the linker."""
    flags = ["-g"] if Path(path).suffix == ".o" else ["-D"]
    command = ["nm", *flags, "--defined-only", "--format=posix", str(path)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return sorted(line.split()[0] for line in output.splitlines() if line.strip())


def complaint(path):
    """What is wrong with this file, or None."""
    path = Path(path)
    symbols = defined_symbols(path)
    if path.suffix == ".o":
        fine = len(symbols) == 1 and TABLE.fullmatch(symbols[0])
        return None if fine else f"{path}: a kernel object exports one sch_<family>_ops_<isa> only, not {symbols}"
    wanted = [f"PyInit_{path.name.split('.')[0]}"]
    return None if symbols == wanted else f"{path}: exports {symbols}, wanted {wanted}"


def installed_modules():
    from schuss import _kernels

    return sorted(Path(entry) for folder in _kernels.__path__ for entry in Path(folder).glob("*.so"))


def main(files):
    paths = files or installed_modules()
    if not paths:
        return "no compiled files found"
    return "\n".join(filter(None, map(complaint, paths))) or None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
