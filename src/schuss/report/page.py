# SPDX-License-Identifier: BSD-3-Clause
"""Fill the template and write the page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined

from schuss.data import TableModel
from schuss.data.evaluation import Evaluation
from schuss.persistence._atomic import write_atomically
from schuss.report.view import build_view


def render_report(record: Mapping[str, Any], model: TableModel, evaluation: Evaluation | None) -> str:
    """Return the report as one HTML page.

    Everything that comes from a table (column names, labels) is escaped, and the page's own policy forbids
    scripts and every kind of request.

    Parameters
    ----------
    record : mapping
        The record of the run.
    model : TableModel
    evaluation : Evaluation or None
        None if no rows were held back.
    """
    return str(_template().render(view=build_view(record, model, evaluation), style=_text("style.css")))


def write_report(path: str | os.PathLike[str], page: str) -> None:
    """Write a page, atomically."""
    write_atomically(path, [page.encode()])


@cache
def _template() -> Any:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(_text("page.html.j2"))


def _text(name: str) -> str:
    return files("schuss.report").joinpath(name).read_text(encoding="utf-8")
