# SPDX-License-Identifier: BSD-3-Clause
"""A model together with its table: saved without pickle, loaded to the same bits, scored as scikit-learn scores."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import accuracy_score, balanced_accuracy_score, log_loss, r2_score, roc_auc_score

from schuss.data import DataError, Preparation, TableModel, Target, as_table
from schuss.data.columns import classify_columns
from schuss.data.evaluation import evaluate_model
from schuss.linear_model import LogisticRegression, Ridge, SGDClassifier
from schuss.persistence import Extras, ModelFileError, load_with_extras, save

N = 300


def make_table(rng, classes):
    x, word = rng.normal(size=N), rng.choice(["a", "b", "c"], N)
    signal = x + (word == "a") + rng.normal(scale=0.5, size=N)
    y = np.array(classes)[np.digitize(signal, np.linspace(-0.5, 1.0, len(classes) - 1))] if classes else signal
    return pa.table({"x": x, "word": word, "y": y})


def train(table, estimator):
    target = Target.of(table, "y")
    preparation = Preparation.learn(table, classify_columns(table.drop_columns(["y"])))
    truth = target.codes(table) if target.classes else target.amounts(table)
    target = target.learn(truth)
    estimator.fit(preparation.transform(table), target.fitted_to(truth))
    if target.classes:
        estimator.classes_ = target.labels
    return TableModel(estimator, preparation, target, {"note": "é", "n": 1}), truth


OTHER_TARGET = Target("y", "classification", ("u", "v"), (1, 1)).to_info()

CASES = {
    "texts": (["no", "yes"], LogisticRegression),
    "three": (["è", "b", "z"], LogisticRegression),
    "whole": ([3, 7], LogisticRegression),
    "flags": ([False, True], SGDClassifier),
    "amounts": (None, Ridge),
}


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request, rng):
    classes, kind = request.param
    table = make_table(rng, classes)
    return table, *train(table, kind())


def test_the_same_bits_after_loading(case, tmp_path):
    table, model, _ = case
    model.save(tmp_path / "m")
    again = TableModel.load(tmp_path / "m")
    found = model.predict(table)
    assert again.predict(table).tobytes() == found.tobytes()
    assert again.predict(table).dtype == found.dtype
    assert (again.preparation, again.target, again.run) == (model.preparation, model.target, model.run)
    if model.has_probabilities:
        assert again.predict_proba(table).tobytes() == model.predict_proba(table).tobytes()
    again.save(tmp_path / "n")
    assert (tmp_path / "n").read_bytes() == (tmp_path / "m").read_bytes()


def test_predictions_are_labels_of_the_table(case):
    table, model, _ = case
    found = model.predict(table)
    if model.target.classes:
        assert set(found.tolist()) <= set(table.column("y").to_pylist())
    else:
        assert np.corrcoef(found, table.column("y").to_numpy())[0, 1] > 0.8


def test_frames_of_any_library(case):
    table, model, _ = case
    np.testing.assert_array_equal(model.predict(table.to_pandas()), model.predict(as_table(table)))


def test_scores_are_those_of_scikit_learn(case):
    table, model, truth = case
    features = model.preparation.transform(table)
    evaluation = evaluate_model(model, features, truth)
    scores = {score.name: (score.model, score.constant_guess) for score in evaluation.scores}
    y, found = np.array(table.column("y").to_pylist()), model.predict(table)
    if not model.target.classes:
        guess = DummyRegressor().fit(features, y).predict(features)
        np.testing.assert_allclose(scores["R²"], (r2_score(y, found), r2_score(y, guess)), atol=1e-12)
        assert evaluation.points.shape == (N, 2)
        return
    dummy = DummyClassifier(strategy="prior").fit(features, y)
    guess = dummy.predict(features)
    assert scores["accuracy"] == (accuracy_score(y, found), accuracy_score(y, guess))
    assert scores["balanced accuracy"] == pytest.approx(
        (balanced_accuracy_score(y, found), balanced_accuracy_score(y, guess))
    )
    assert evaluation.confusion.sum() == N
    assert np.trace(evaluation.confusion) == np.sum(y == found)
    if model.has_probabilities:
        proba = model.predict_proba(table).astype(np.float64)
        proba /= proba.sum(axis=1, keepdims=True)
        assert scores["log loss"] == pytest.approx((log_loss(y, proba), log_loss(y, dummy.predict_proba(features))))
        area = roc_auc_score(y, proba[:, 1]) if proba.shape[1] == 2 else roc_auc_score(y, proba, multi_class="ovr")
        assert scores["ROC AUC"] == pytest.approx((area, 0.5))


def test_classes_never_seen_count_as_errors(rng):
    table = make_table(rng, ["no", "yes"])
    model, _ = train(table, LogisticRegression())
    evaluation = evaluate_model(model, model.preparation.transform(table), np.full(N, -1))
    assert evaluation.n_unknown == N
    assert evaluation.scores[0].model == 0.0
    assert [score.model for score in evaluation.scores[1:]] == [None, None, None]


def test_no_probabilities(rng):
    numbers, _ = train(make_table(rng, None), Ridge())
    with pytest.raises(DataError, match="numbers have no class probabilities"):
        numbers.predict_proba(make_table(rng, None))
    hinge, _ = train(make_table(rng, ["a", "b"]), SGDClassifier())
    with pytest.raises(DataError, match="this model's loss gives no class probabilities"):
        hinge.predict_proba(make_table(rng, None))


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("preparation", None),
        ("preparation", {"columns": [], "encoders": []}),
        ("preparation", {"columns": "x", "encoders": 3}),
        ("target", {}),
        ("target", []),
        ("target", OTHER_TARGET),
        ("run", "text"),
    ],
)
def test_what_does_not_fit_together_is_refused(rng, tmp_path, part, change):
    model, _ = train(make_table(rng, ["no", "yes"]), LogisticRegression())
    model.save(tmp_path / "m")
    estimator, extras = load_with_extras(tmp_path / "m")
    save(estimator, tmp_path / "m", extras=Extras(extras.kind, dict(extras.info) | {part: change}))
    with pytest.raises(ModelFileError, match="describes its table wrongly"):
        TableModel.load(tmp_path / "m")


def test_other_extras_are_not_a_table(rng, tmp_path):
    model, _ = train(make_table(rng, ["no", "yes"]), LogisticRegression())
    for extras in (None, Extras("other/1", {}), Extras("table/2", {})):
        save(model.estimator, tmp_path / "m", extras=extras)
        with pytest.raises(ModelFileError, match="a model of arrays, not of a table"):
            TableModel.load(tmp_path / "m")
