# SPDX-License-Identifier: BSD-3-Clause
"""Live progress of a fit: a small table on a terminal, plain lines elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.padding import Padding

from schuss.cli.console import make_columns, plain
from schuss.history import History
from schuss.report import words

_SHOWN = 10
_HEADER = ("iteration", "training loss", "validation loss", "seconds")


class Progress:
    """Shows every iteration of a fit as it ends; a callback in scikit-learn's protocol.

    On scikit-learn before 1.9, which has no callbacks, `finish` shows the whole history at once.

    Parameters
    ----------
    console : rich.console.Console
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None
        self._n_shown = 0

    def setup(self, estimator: Any, context: Any) -> None:
        """Nothing to prepare (scikit-learn's protocol)."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Nothing to clean up (scikit-learn's protocol)."""

    def on_fit_task_begin(self, estimator: Any, context: Any, **_: Any) -> None:
        """Nothing to show yet (scikit-learn's protocol)."""

    def on_fit_task_end(self, estimator: Any, context: Any, **_: Any) -> bool:
        """Show what is new; never asks to stop (scikit-learn's protocol)."""
        history = getattr(estimator, "history_", None)
        if history is not None:
            self.show(history)
        return False

    def __enter__(self) -> Progress:
        if self._console.is_terminal and not self._console.quiet:
            self._live = Live(
                console=self._console, refresh_per_second=12, redirect_stdout=False, redirect_stderr=False
            )
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def show(self, history: History) -> None:
        """Show the records that were not shown yet."""
        if len(history) <= self._n_shown:
            return
        if self._live is not None:
            self._live.update(Padding(make_columns(_HEADER, self._rows(history)), (0, 0, 0, 2), expand=False))
        else:
            for i in range(self._n_shown, len(history)):
                if _has_a_line(i):
                    self._console.print(plain(line(i, history)))
        self._n_shown = len(history)

    def finish(self, history: History) -> None:
        """Show what is left, the last record in any case."""
        self.show(history)
        last = len(history) - 1
        if self._live is None and last >= 0 and not _has_a_line(last):
            self._console.print(plain(line(last, history)))

    def _rows(self, history: History) -> list[tuple[str, str, str, str]]:
        """First and latest records, so that the table never outgrows a screen."""
        total = history["seconds"].cumsum()
        wanted = list(range(len(history)))
        if len(wanted) > _SHOWN:
            wanted = [0, *wanted[1 - _SHOWN :]]
        rows = []
        for i in wanted:
            if i and i - 1 not in wanted:
                rows.append(("…", "", "", ""))
            training, validation = losses(history[i])
            rows.append((str(i + 1), words.number(training), words.number(validation), f"{total[i]:.3f}"))
        return rows


def _has_a_line(i: int) -> bool:
    """Whether a record is printed where lines stay: ten of each power of ten, so that logs stay short."""
    return (i + 1) % 10 ** int(math.log10(i + 1)) == 0


def losses(record: Mapping[str, float]) -> tuple[float, float]:
    """Return training and validation loss on the same footing, as far as they were recorded."""
    training = record.get("training_loss", record.get("data_loss", math.nan))
    return training, record.get("validation_loss", math.nan)


def line(i: int, history: History) -> str:
    """Return one record as a line of text."""
    training, validation = losses(history[i])
    parts = [f"iteration {i + 1:>3}", f"training loss {words.number(training)}"]
    if not math.isnan(validation):
        parts.append(f"validation loss {words.number(validation)}")
    return ", ".join((*parts, f"{history['seconds'][: i + 1].sum():.3f} s"))
