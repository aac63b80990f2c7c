# SPDX-License-Identifier: BSD-3-Clause
"""What a person reads on the terminal; the same words for a fresh run and for a model file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from schuss.cli.console import bullets, columns, facts, heading, plain, say
from schuss.report import words
from schuss.report.facts import choice_rows, table_facts

_COLOURS = {
    "converged": "green",
    "still improving": "yellow",
    "diverged": "red",
    "overfit": "yellow",
    "underfit": "yellow",
    "noise-limited": "yellow",
}


class Teller:
    """Tells the story of a run, part by part.

    Parameters
    ----------
    console : rich.console.Console
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def table(self, record: Mapping[str, Any]) -> None:
        """Say what the model is trained on."""
        facts(self._console, table_facts(record))
        for note in record["notes"]:
            say(self._console, f"note: {note}", style="dim")

    def fit_begins(self, title: str, threads: tuple[int, str]) -> None:
        """Say what is being fitted."""
        heading(self._console, f"{title}, {words.count(threads[0], 'thread')}")

    def choice(self, choice: Mapping[str, Any]) -> None:
        """Say what was tried, and what was chosen and why."""
        heading(self._console, f"Tried, by {choice['measure']} on {words.count(choice['rows'], 'row')} to watch")
        columns(self._console, ("", choice["measure"], "iterations", "time"), choice_rows(choice))
        say(self._console, plain("Chosen: ", "bold"), choice["why"])

    def outcome(self, record: Mapping[str, Any]) -> None:
        """Say why it stopped, how good it is, what to think of it and where the time went."""
        self.stop(record["stop"])
        self.scores(record["test"])
        self.verdict(record["verdict"])
        self.seconds(record["seconds"])

    def stop(self, stop: Mapping[str, Any]) -> None:
        """Say why the fit ended."""
        sentence = words.stop_sentence(stop)
        if stop["best_restored"]:
            sentence += f" Kept is iteration {stop['best_iteration'] + 1}, the best on validation rows."
        say(self._console, sentence)

    def scores(self, test: Mapping[str, Any] | None) -> None:
        """Show the scores on unseen rows beside those of a constant guess."""
        if test is None:
            heading(self._console, "No rows were held back for testing, so there are no scores")
            return
        heading(self._console, f"On {words.count(test['rows'], 'row')} it has not seen")
        rows = [
            (s["name"], words.score_text(s["name"], s["model"]), words.score_text(s["name"], s["constant_guess"]))
            for s in test["scores"]
        ]
        columns(self._console, ("", "model", "constant guess"), rows, ("", "bold", "dim"))
        if n := test["rows_of_unknown_class"]:
            known = f"{words.count(n, 'row')} of classes the model has never seen count as errors"
            say(self._console, known, style="dim")

    def verdict(self, verdict: Mapping[str, Any]) -> None:
        """Show the verdict with its evidence and its advice."""
        colour = _COLOURS.get(verdict["label"], "")
        self._console.print()
        self._console.print(
            Text.assemble(plain("Verdict: ", "bold"), plain(verdict["label"], f"bold {colour}".strip()))
        )
        say(self._console, verdict["summary"])
        bullets(self._console, (item["sentence"] for item in verdict["evidence"]), "dim")
        say(self._console, plain("Advice: ", "bold"), verdict["advice"])

    def seconds(self, seconds: Mapping[str, float]) -> None:
        """Say where the time went."""
        total = sum(seconds.values())
        heading(self._console, f"Time: {words.seconds(total)}")
        split = ", ".join(f"{phase} {words.seconds(value)}" for phase, value in seconds.items())
        say(self._console, split)

    def files(self, paths: Sequence[Path]) -> None:
        """Say what was written."""
        written = " and ".join(f"{path} ({words.size(path.stat().st_size)})" for path in paths)
        self._console.print()
        self._console.print(plain(f"Wrote {written}", "bold"))
