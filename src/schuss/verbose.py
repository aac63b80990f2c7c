# SPDX-License-Identifier: BSD-3-Clause
"""The line per iteration that ``verbose`` prints."""

from __future__ import annotations

import math

from schuss.history import History

_LABELS = {
    "data_loss": "loss",
    "objective": "objective",
    "validation_loss": "val. loss",
    "validation_score": "val. score",
    "gradient_norm": "gradient",
    "learning_rate": "rate",
    "step_size": "step",
    "seconds": "seconds",
}


def print_line(iteration: int, history: History) -> None:
    """Print the newest record in one line (a hook of `schuss.training.run`)."""
    record = history[-1]
    values = (
        f"{label} {record[name]:.6g}" for name, label in _LABELS.items() if not math.isnan(record.get(name, math.nan))
    )
    print(f"{iteration + 1:5d}  " + "  ".join(values), flush=True)
