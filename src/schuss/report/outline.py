# SPDX-License-Identifier: BSD-3-Clause
"""A decision tree as lines of text."""

from __future__ import annotations

from typing import Any

import numpy as np

from schuss.data import TableModel
from schuss.data.columns import Kind
from schuss.data.encoders import CategoryEncoder
from schuss.report import words

Answers = dict[int, tuple[str, str]]


def outline(model: TableModel, depth: int) -> list[str]:
    """Return a tree's questions and answers down to a depth, a line each; none if the model is not one tree.

    Parameters
    ----------
    model : TableModel
    depth : int
        Levels of questions to show.
    """
    tree = getattr(model.estimator, "tree_", None)
    if tree is None:
        return []
    lines: list[str] = []
    _add(lines, tree, 0, "", depth, model, _answers(model))
    return lines


def _answers(model: TableModel) -> Answers:
    """What the features of two values, 0 and 1, say of a row that has the one or the other."""
    yes_or_no = {column.name for column in model.preparation.columns if column.kind is Kind.BOOLEAN}
    encoders = [(encoder, name) for encoder in model.preparation.encoders for name in encoder.names]
    found = {}
    for j, (encoder, name) in enumerate(encoders):
        if isinstance(encoder, CategoryEncoder):
            label = name.removeprefix(f"{encoder.column}=")
            found[j] = f"{encoder.column} is not {label}", f"{encoder.column} is {label}"
        elif encoder.column in yes_or_no:
            found[j] = f"{encoder.column} is false", f"{encoder.column} is true"
    return found


def _add(
    lines: list[str],
    tree: Any,
    node: int,
    indent: str,
    depth: int,
    model: TableModel,
    answers: Answers,
) -> None:
    left, right = int(tree.children_left[node]), int(tree.children_right[node])
    rows = words.count(int(tree.n_node_samples[node]), "row")
    if left < 0 or depth == 0:
        more = "" if left < 0 else ", divided further"
        lines.append(f"{indent}{_answer(tree, node, model)} ({rows}{more})")
        return
    yes, no = _questions(int(tree.feature[node]), float(tree.threshold[node]), model, answers)
    for question, child in ((yes, left), (no, right)):
        lines.append(f"{indent}{question}:")
        _add(lines, tree, child, f"{indent}  ", depth - 1, model, answers)


def _questions(feature: int, threshold: float, model: TableModel, answers: Answers) -> tuple[str, str]:
    """What holds for the rows to the left, and for those to the right."""
    if feature in answers:
        return answers[feature]
    name = model.preparation.feature_names[feature]
    return f"{name} ≤ {words.number(threshold)}", f"{name} > {words.number(threshold)}"


def _answer(tree: Any, node: int, model: TableModel) -> str:
    value = np.asarray(tree.value[node])[0]
    if not model.target.classes:
        return words.number(float(value[0]))
    likely = int(np.argmax(value))
    return f"{model.target.classes[likely]}, {words.percent(float(value[likely] / value.sum()), 0)}"
