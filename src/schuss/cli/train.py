# SPDX-License-Identifier: BSD-3-Clause
"""``schuss train``: read, prepare, fit, test, explain, save."""

from __future__ import annotations

import json
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schuss.cli.errors import CommandError, Stopped
from schuss.cli.files import MODEL_MARK, REPORT_MARK, check_output
from schuss.cli.parse import check_model, check_share, parse_settings, parse_time
from schuss.cli.stopwatch import Stopwatch
from schuss.data.source import check_place

_TEST_SIZE = 0.2


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """What the person asked for; names as on the command line."""

    source: str
    target: str | None = None
    model: str | None = None
    settings: tuple[str, ...] = ()
    test: str | None = None
    test_size: float | None = None
    val_size: float = 0.1
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    out: str = "model.schuss"
    report: str | None = None
    seed: int = 0
    threads: int | None = None
    max_time: str | None = None
    json: bool = False


def train(options: TrainOptions) -> None:
    """Train a model as the options say.

    Raises
    ------
    CommandError, DataError
        For a mistake in the options or the tables; nothing is written then.
    Stopped
        After Ctrl-C, when what there was is saved.
    """
    watch = Stopwatch()
    with watch("starting"):
        check_model(options.model)
        check_share("--test-size", options.test_size or 0.0)
        check_share("--val-size", options.val_size)
        test_size = _TEST_SIZE if options.test_size is None else options.test_size
        if not options.test and test_size + options.val_size >= 1:
            sizes = f"--test-size {test_size:g} and --val-size {options.val_size:g}"
            raise CommandError(f"{sizes} leave no rows to train on")
        if options.test and options.test_size is not None:
            raise CommandError("--test and --test-size exclude each other")
        inputs = [options.source, options.test]
        for where in filter(None, inputs):
            check_place(where)
        out = check_output(options.out, "--out", inputs, MODEL_MARK)
        report = None
        if options.report is not None:
            report = check_output(options.report, "--report", [*inputs, options.out], REPORT_MARK)
        settings = parse_settings(options.settings)
        max_time = parse_time(options.max_time) if options.max_time else None
        run = _Run(options, settings, max_time, out, report, watch)
    run.prepare()
    try:
        run.fit()
        run.test()
        run.write()
    except KeyboardInterrupt:
        run.keep()
    run.tell()


class _Run:
    """One training run; each method is one phase."""

    def __init__(
        self,
        options: TrainOptions,
        settings: dict[str, Any],
        max_time: float | None,
        out: Path,
        report: Path | None,
        watch: Stopwatch,
    ) -> None:
        # Imported here and not above: a mistake in the options is answered without them. Some are needed
        # only later; loaded now, they neither pass for other work nor delay the answer to Ctrl-C.
        import sklearn.metrics
        import sklearn.model_selection
        import sklearn.preprocessing  # noqa: F401

        import schuss.persistence  # noqa: F401
        from schuss._threads import effective_n_threads, explain_n_threads
        from schuss.cli.console import make_console
        from schuss.cli.models import load_classes, task_of
        from schuss.cli.summary import Teller

        self.options, self.settings, self.max_time = options, settings, max_time
        self.out, self.report, self.watch = out, report, watch
        why = "as asked" if options.threads else explain_n_threads()[1]
        self.threads = (effective_n_threads(options.threads), why)
        self.auto = options.model == "auto"
        if self.auto:
            self._check_auto()
        load_classes(options.model)
        self.task = task_of(options.model)
        if self.task is not None:
            self._build(options.model or "", self.task)  # a mistake in --set is answered before reading
        self.events = make_console(stderr=True, quiet=options.json and not sys.stderr.isatty())
        self.teller = Teller(make_console(quiet=options.json))
        self.fitted = False
        self.evaluation: Any = None
        self.choice: dict[str, Any] | None = None
        self.record: dict[str, Any] = {}

    def prepare(self) -> None:
        """Read the tables and prepare them."""
        from schuss.cli import models
        from schuss.cli.tables import make_tables
        from schuss.data import read_source

        options = self.options
        if options.threads:
            import pyarrow

            pyarrow.set_cpu_count(options.threads)
        with self.watch("reading"):
            source = read_source(options.source)
        target = options.target or source.target
        if target is None:
            from schuss.data.errors import shown
            from schuss.report.words import listing

            names = listing([shown(name) for name in source.table.column_names], most=12)
            raise CommandError(f"which column is to be predicted? Say --target with one of {names}")
        self.tables = make_tables(
            source,
            target,
            task=self.task,
            power=models.power_of(options.model, self.settings),
            form=models.form_of(options.model),
            test=options.test,
            test_size=_TEST_SIZE if options.test_size is None else options.test_size,
            val_size=options.val_size,
            keep=options.keep,
            drop=options.drop,
            seed=options.seed,
            watch=self.watch,
        )
        task = self.tables.target.task
        self.family = models.default_family(task) if options.model in (None, "auto") else options.model
        self.estimator = self._build(self.family, task)
        self.teller.table(self._describe())

    def fit(self) -> None:
        """Fit the model; Ctrl-C after a complete iteration ends the run here."""
        if self.auto:
            self._fit_several()
            return
        with self.watch("fitting"):
            outcome = self._fit_one(self.estimator, self.tables)
        self.tables.notes.extend(outcome.warnings)
        self.fitted = True
        if outcome.interrupted:
            raise KeyboardInterrupt

    def _fit_one(self, estimator: Any, tables: Any) -> Any:
        from schuss.cli import models
        from schuss.cli.fitting import fit
        from schuss.cli.progress import Progress
        from schuss.report.words import title

        models.tell_categories(estimator, tables.preparation.coded, self.settings)
        self.teller.fit_begins(title(estimator), self.threads)
        return fit(estimator, tables, Progress(self.events))

    def _fit_several(self) -> None:
        """Try some families and keep the best; after Ctrl-C the best of those that have come far enough."""
        from schuss.cli import auto, models

        def fit(family: str, tables: Any, max_time: float | None) -> Any:
            own = tables.prepared_for(models.form_of(family), models.power_of(family, {}))
            estimator = self._build(family, own.target.task, max_time)
            return estimator, own, self._fit_one(estimator, own)

        with self.watch("fitting"):
            if not len(self.tables.validation[1]):
                raise CommandError("--model auto compares models on rows to watch, of which this table is too small")
            trials, interrupted = auto.try_families(self.tables, self.max_time, fit)
            chosen = auto.choose(trials)
            self.choice = auto.describe(trials, chosen, self.tables)
        best = trials[chosen]
        self.family, self.estimator, self.tables, self.fitted = best.family, best.estimator, best.tables, True
        self.teller.choice(self.choice)
        if interrupted:
            raise KeyboardInterrupt

    def _check_auto(self) -> None:
        """Refuse what makes no sense for several families."""
        if self.settings:
            raise CommandError("--set is for one family of models; --model auto tries several")
        if self.options.val_size == 0:
            raise CommandError("--model auto compares models on rows to watch; leave --val-size above 0")

    def test(self) -> None:
        """Score the model on unseen rows, and judge the run."""
        from schuss.data.evaluation import evaluate_model

        with self.watch("testing"):
            if len(self.tables.test[1]):
                self.evaluation = evaluate_model(self._model(), *self.tables.test)

    def write(self) -> None:
        """Write the model, and the report if one is wanted."""
        with self.watch("writing"):
            self.record = self._describe()
            model = self._model(self.record)
            model.save(self.out)
            if self.report is not None:
                from schuss.report.page import render_report, write_report

                write_report(self.report, render_report(self.record, model, self.evaluation))

    def keep(self) -> None:
        """Save the last complete iteration after Ctrl-C, and stop."""
        if not self.fitted:
            raise Stopped("stopped before the first iteration was complete; nothing was kept")
        previous = signal.signal(signal.SIGINT, signal.SIG_IGN)  # impatience must not lose the model
        try:
            self.record = self._describe()
            self._model(self.record).save(self.out)
        finally:
            signal.signal(signal.SIGINT, previous)
        if self.options.json:
            self._print_json()
        from schuss.report.words import count

        n_done = len(self.estimator.history_)
        raise Stopped(f"stopped; the model of {count(n_done, 'complete iteration')} was kept in {self.out}")

    def tell(self) -> None:
        """Print what came out."""
        self.record["seconds"] = self._seconds()  # with those of writing
        if self.options.json:
            self._print_json()
            return
        self.teller.outcome(self.record)
        self.teller.files([path for path in (self.out, self.report) if path is not None])

    def _build(self, family: str, task: Any, max_time: float | None = None) -> Any:
        from schuss.cli.models import build

        options = self.options
        return build(
            family,
            task,
            self.settings,
            seed=options.seed,
            threads=options.threads,
            max_time=self.max_time if max_time is None else max_time,
            validates=options.val_size > 0,
        )

    def _model(self, record: dict[str, Any] | None = None) -> Any:
        from schuss.data import TableModel

        return TableModel(self.estimator, self.tables.preparation, self.tables.target, record or {})

    def _describe(self) -> dict[str, Any]:
        """Return the record of the run as far as it has come."""
        from schuss.cli import record

        described: dict[str, Any] = {"schema": record.SCHEMA}
        described |= record.describe_tables(self.tables)
        described["model"] = record.describe_model(self.estimator, self.family, self.threads)
        described["choice"] = self.choice
        if self.fitted:
            from schuss.diagnosis import diagnose

            described["stop"] = record.describe_stop(self.estimator)
            described["verdict"] = diagnose(self.estimator).to_dict()
            if not len(self.tables.validation[1]):  # in words of the command line, not of Python
                described["verdict"]["advice"] = (
                    "To learn whether it carries over to unseen rows, watch some with --val-size 0.1."
                )
        described["test"] = record.describe_evaluation(self.evaluation) if self.evaluation else None
        described["seed"] = self.options.seed
        described["seconds"] = self._seconds()
        described["notes"] = list(self.tables.notes)
        files = {"model": str(self.out), "report": str(self.report) if self.report else None}
        return described | {"files": files} | record.surroundings()

    def _print_json(self) -> None:
        full = self.record | {"history": self.estimator.history_.to_dict()}
        print(json.dumps(full, ensure_ascii=False, allow_nan=False, indent=2))

    def _seconds(self) -> dict[str, float]:
        return {phase: round(seconds, 6) for phase, seconds in self.watch.seconds.items()}
