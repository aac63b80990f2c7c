# SPDX-License-Identifier: BSD-3-Clause
"""What a result depends on besides the code: CPU, instruction sets, compiler, versions, commit. No names of hosts."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from schuss.config import config

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = (
    "numpy", "scipy", "scikit-learn", "scikit-learn-intelex", "glum", "lightgbm", "xgboost-cpu", "catboost", "snapml",
    "onnxruntime",
)  # fmt: skip


def facts() -> dict[str, Any]:
    """Everything worth keeping beside a measurement."""
    ours = config()
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "git": git_commit(),
        "cpu": cpu_model(),
        "cpus": os.cpu_count(),
        "caches": caches(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "compiler": ours["compiler"],
        "isa_supported": ours["isa_supported"],
        "isa_in_use": ours["isa_in_use"],
        "schuss": ours["version"],
        "packages": {name: installed(name) for name in PACKAGES},
    }


def installed(package: str) -> str | None:
    """Version of a package, None when it is missing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def git_commit() -> str:
    """Commit of the working tree, with a plus sign when something is changed."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        changed = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"  # an unpacked sdist, or no git
    return commit + ("+" if changed else "")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def cpu_model() -> str:
    """The CPU's name, and the numbers of its family and model where the name says little."""
    lines = (line.partition(":") for line in _lines(Path("/proc/cpuinfo")))
    found = {key.strip(): value.strip() for key, _, value in lines if value.strip()}
    name = found.get("model name") or platform.processor() or platform.machine()
    if "cpu family" in found:
        name += f" (family {found['cpu family']}, model {found.get('model', '?')})"
    return name


def caches() -> dict[str, str]:
    """Sizes of the first CPU's data caches, such as {"L2": "1024K"}."""
    sizes = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = (_first(folder / name) for name in ("level", "type", "size"))
        if kind != "Instruction" and level:
            sizes[f"L{level}"] = size
    return sizes


def _first(path: Path) -> str:
    return next(iter(_lines(path)), "")


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []  # not Linux: then this fact is missing
