# SPDX-License-Identifier: BSD-3-Clause
"""The commands and their options, as ``--help`` shows them."""

from __future__ import annotations

import os
from typing import Annotated

import typer

app = typer.Typer(
    name="schuss",
    help="Train classical models on tables, fast, and see what happened.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

SOURCE_HELP = (
    "CSV (also .gz), Parquet or Arrow file, [bold]sample:NAME[/] for a bundled table, or - for CSV on standard input."
)
MODEL_HELP = "A model file that [bold]schuss train[/] wrote."


# Families of models.
FAMILY_NAMES = (
    "auto",
    "linear",
    "ridge",
    "ridge-cv",
    "lasso",
    "lasso-cv",
    "elasticnet",
    "elasticnet-cv",
    "logistic",
    "logistic-cv",
    "poisson",
    "gamma",
    "tweedie",
    "glm",
    "huber",
    "quantile",
    "svm",
    "perceptron",
    "sgd",
    "tree",
    "forest",
    "boosting",
    "mlp",
)
SourceArgument = Annotated[str, typer.Argument(metavar="SOURCE", help=SOURCE_HELP, show_default=False)]
ModelArgument = Annotated[str, typer.Argument(metavar="MODEL", help=MODEL_HELP, show_default=False)]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
DebugOption = Annotated[bool, typer.Option("--debug", hidden=True, help="Show tracebacks.")]
ThreadsOption = Annotated[
    int | None,
    # More a model file may not ask for.
    typer.Option("--threads", min=1, max=4096, help="Threads to use.", show_default="as many as there are CPUs to use"),
]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"schuss {version('schuss')}")
        raise typer.Exit


@app.callback()
def options(
    _show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Train classical models on tables, fast, and see what happened."""


@app.command(epilog="Try:  schuss train sample:breast_cancer --report report.html")
def train(
    source: SourceArgument,
    target: Annotated[
        str | None,
        typer.Option("--target", "-t", metavar="NAME", help="The column to predict; bundled tables know theirs."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="FAMILY",
            help=f"{', '.join(FAMILY_NAMES)}; auto tries a few and takes what does best on the rows to watch.",
            show_default="logistic for classes, linear for numbers",
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the model, such as C=0.1; repeatable."),
    ] = None,
    test: Annotated[
        str | None, typer.Option("--test", metavar="FILE", help="A second table to test on, instead of a split.")
    ] = None,
    test_size: Annotated[
        float | None,
        typer.Option("--test-size", help="Share of the rows held back for testing.", show_default="0.2"),
    ] = None,
    val_size: Annotated[float, typer.Option("--val-size", help="Share of the rows to watch during training.")] = 0.1,
    keep: Annotated[
        list[str] | None, typer.Option("--keep", metavar="COLUMN", help="Use a column that looks like an identifier.")
    ] = None,
    drop: Annotated[
        list[str] | None, typer.Option("--drop", metavar="COLUMN", help="Do not use a column; repeatable.")
    ] = None,
    out: Annotated[str, typer.Option("--out", "-o", metavar="FILE", help="Where to write the model.")] = "model.schuss",
    report: Annotated[
        str | None, typer.Option("--report", metavar="FILE", help="Also write a report, one HTML page.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**32 - 2, help="Seed of all that is random.")] = 0,
    threads: ThreadsOption = None,
    max_time: Annotated[
        str | None, typer.Option("--max-time", metavar="TIME", help="Stop fitting after 60s, 5m, 1h30m, ...")
    ] = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Train a model on a table, test it, explain it and save it."""
    _debug(debug)
    from schuss.cli.train import TrainOptions, train

    train(
        TrainOptions(
            source=source,
            target=target,
            model=model,
            settings=tuple(settings or ()),
            test=test,
            test_size=test_size,
            val_size=val_size,
            keep=tuple(keep or ()),
            drop=tuple(drop or ()),
            out=out,
            report=report,
            seed=seed,
            threads=threads,
            max_time=max_time,
            json=json,
        )
    )


@app.command()
def predict(
    model: ModelArgument,
    source: SourceArgument,
    out: Annotated[
        str | None,
        typer.Option(
            "--out",
            "-o",
            metavar="FILE",
            help="A .csv, .csv.gz, .parquet or .arrow file.",
            show_default="CSV on standard output",
        ),
    ] = None,
    proba: Annotated[bool, typer.Option("--proba", help="Add the probability of each class.")] = False,
    threads: ThreadsOption = None,
    debug: DebugOption = False,
) -> None:
    """Predict the target of every row of a table."""
    _debug(debug)
    from schuss.cli.predict import predict

    predict(model, source, out=out, proba=proba, threads=threads)


@app.command()
def evaluate(
    model: ModelArgument,
    source: SourceArgument,
    threads: ThreadsOption = None,
    json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Score a model on a table that has the target."""
    _debug(debug)
    from schuss.cli.evaluate import evaluate

    evaluate(model, source, threads=threads, json=json)


@app.command()
def show(model: ModelArgument, json: JsonOption = False, debug: DebugOption = False) -> None:
    """Show what a model is, how its training went and what it was made with."""
    _debug(debug)
    from schuss.cli.show import show

    show(model, json=json)


@app.command()
def info(json: JsonOption = False, debug: DebugOption = False) -> None:
    """Show the version, the instruction sets, the threads and the compiler."""
    _debug(debug)
    from schuss.cli.info import info

    info(json=json)


def _debug(wanted: bool) -> None:
    if wanted:
        os.environ["SCHUSS_DEBUG"] = "1"
