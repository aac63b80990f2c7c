# SPDX-License-Identifier: BSD-3-Clause
"""The command line as a person meets it: a process with arguments, two streams and a status."""

import os
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

COMMAND = (sys.executable, "-m", "schuss")


@dataclass(frozen=True)
class Result:
    status: int
    out: str
    err: str


def environment(**more):
    clean = {name: value for name, value in os.environ.items() if name not in ("SCHUSS_DEBUG", "FORCE_COLOR")}
    return clean | {"PYTHONIOENCODING": "utf-8", "COLUMNS": "100"} | more


def run(*arguments, cwd, stdin=None, **env):
    """Run ``schuss`` with arguments."""
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        input=stdin,
        stdin=None if stdin is not None else subprocess.DEVNULL,
        capture_output=True,
        env=environment(**env),
        timeout=120,
        check=False,
    )
    return Result(done.returncode, done.stdout.decode(), done.stderr.decode())


def people(n=400, seed=0):
    """A table with every kind of column; `risk` is made of classes, `cost` of numbers."""
    rng = np.random.default_rng(seed)
    age, city = rng.integers(18, 90, n), rng.choice(["Ulm", "Köln", "Bern, CH", 'the "North"'], n)
    smoker, weight = rng.random(n) < 0.3, rng.normal(75, 12, n).round(1)
    signal = 0.06 * (age - 50) + 1.5 * smoker + (city == "Ulm") + rng.normal(0, 0.4, n)
    return pa.table(
        {
            "number": np.arange(n),
            "name": [f"person {i}" for i in range(n)],
            "age": age,
            "weight": pa.array([None if gone else w for gone, w in zip(rng.random(n) < 0.1, weight, strict=True)]),
            "smoker": smoker,
            "city": city,
            "since": np.datetime64("2020-01-01") + rng.integers(0, 900, n),
            "planet": ["earth"] * n,
            "risk": np.where(signal > 1, "high", "low"),
            "cost": (100 + 40 * signal).round(2),
        }
    )
