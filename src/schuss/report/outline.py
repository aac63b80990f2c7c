# SPDX-License-Identifier: BSD-3-Clause
"""A decision tree as lines of text."""

from __future__ import annotations

from typing import Any

import numpy as np

from schuss.data import TableModel
from schuss.data.encoders import CategoryEncoder
from schuss.report import words


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
    _add(lines, tree, 0, "", depth, model, _labels(model))
    return lines


def _labels(model: TableModel) -> dict[int, tuple[str, str]]:
    """Column and label of the features that stand for a label."""
    encoders = [(encoder, name) for encoder in model.preparation.encoders for name in encoder.names]
    return {
        j: (encoder.column, name.removeprefix(f"{encoder.column}="))
        for j, (encoder, name) in enumerate(encoders)
        if isinstance(encoder, CategoryEncoder)
    }


def _add(
    lines: list[str], tree: Any, node: int, indent: str, depth: int, model: TableModel, labels: dict[int, Any]
) -> None:
    left, right = int(tree.children_left[node]), int(tree.children_right[node])
    rows = words.count(int(tree.n_node_samples[node]), "row")
    if left < 0 or depth == 0:
        more = "" if left < 0 else ", divided further"
        lines.append(f"{indent}{_answer(tree, node, model)} ({rows}{more})")
        return
    yes, no = _questions(int(tree.feature[node]), float(tree.threshold[node]), model, labels)
    for question, child in ((yes, left), (no, right)):
        lines.append(f"{indent}{question}:")
        _add(lines, tree, child, f"{indent}  ", depth - 1, model, labels)


def _questions(feature: int, threshold: float, model: TableModel, labels: dict[int, Any]) -> tuple[str, str]:
    """What holds for the rows to the left, and for those to the right."""
    if feature in labels:
        column, label = labels[feature]
        return f"{column} is not {label}", f"{column} is {label}"
    name = model.preparation.feature_names[feature]
    return f"{name} ≤ {words.number(threshold)}", f"{name} > {words.number(threshold)}"


def _answer(tree: Any, node: int, model: TableModel) -> str:
    value = np.asarray(tree.value[node])[0]
    if not model.target.classes:
        return words.number(float(value[0]))
    likely = int(np.argmax(value))
    return f"{model.target.classes[likely]}, {words.percent(float(value[likely] / value.sum()), 0)}"
