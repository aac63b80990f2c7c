# SPDX-License-Identifier: BSD-3-Clause
"""Gradient boosting: every way of training leads to the model whose loss the history tells."""

import subprocess
import sys

import numpy as np
import pytest
from boosting_cases import classes, classifier, missing, numbers, regressor, training_loss, with_categories
from reference import boost as reference
from sklearn import metrics
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from schuss.ensemble import HistGradientBoostingRegressor

WAYS = {
    "plainly": {},
    "by depth": {"growth": "depth", "max_depth": 3},
    "from some rows": {"subsample": 0.5},
    "from some columns": {"colsample_bytree": 0.5, "max_features": 0.6},
    "with one-sided samples": {"boosting": "goss", "top_rate": 0.3, "other_rate": 0.2},
    "with dropout": {"boosting": "dart", "skip_drop": 0.1, "drop_rate": 0.4},
    "with dropout from some rows": {"boosting": "dart", "skip_drop": 0.0, "drop_rate": 0.3, "subsample": 0.7},
    "with penalties": {"l1_regularization": 2.0, "l2_regularization": 3.0, "min_gain_to_split": 0.1},
    "with few interactions": {"interaction_cst": [{0, 1}, {2, 3, 4}]},
    "with monotonic columns": {"monotonic_cst": [1, -1, 0, 1, 0, 0, 0]},
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["numbers", "two classes", "three classes"])
def test_history_tells_the_loss_of_the_model(way, kind):
    if kind == "three classes" and "monotonic_cst" in WAYS[way]:
        pytest.skip("refused, as in scikit-learn")
    make = regressor if kind == "numbers" else classifier
    X, y = numbers() if kind == "numbers" else classes(n_classes=2 if kind == "two classes" else 3)
    X = missing(with_categories(X))
    options = {"categorical_features": [5]} if "monotonic_cst" in WAYS[way] else {"categorical_features": [2]}
    if "monotonic_cst" in WAYS[way]:
        options = {}
    model = make(**WAYS[way], **options).fit(X, y)
    history = model.history_
    assert len(history) == model.n_iter_ == 12
    assert training_loss(model, X, y) == pytest.approx(history["data_loss"][-1], rel=1e-9)
    assert history["data_loss"][-1] < history.baseline["training_loss"]
    assert {"data_loss", "learning_rate", "n_leaves", "depth", "seconds"} <= set(history.columns)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "quantile", "poisson", "gamma", "huber"])
@pytest.mark.parametrize("weighted", [False, True])
def test_history_tells_every_loss(loss, weighted):
    X, y = numbers()
    weight = np.random.default_rng(1).integers(0, 4, len(y)).astype(float) if weighted else None
    model = regressor(loss=loss, quantile=0.3, huber_delta=2.0).fit(X, np.abs(y) + 0.1, weight)
    want = training_loss(model, X, np.abs(y) + 0.1, weight)
    assert want == pytest.approx(model.history_["data_loss"][-1], rel=1e-9)
    assert want < model.history_.baseline["training_loss"]


def naive(X, y, derivatives, baseline, n_iter, learning_rate):
    """Raw predictions of training rows after each iteration, for a table with less values than bins."""
    bins = np.stack([np.unique(column, return_inverse=True)[1] for column in X.T], axis=1).astype(np.uint8)
    n_bins = bins.max(axis=0) + 1
    nothing = np.zeros(X.shape[1], bool)
    raw = np.full(len(y), baseline)
    for _ in range(n_iter):
        # As they are kept, in float32.
        gradient, hessian = (part.astype(np.float32).astype(np.float64) for part in derivatives(y, raw))
        options = reference.Options(max_leaves=5, min_samples_leaf=20)
        nodes = reference.grow_tree(bins, n_bins, nothing, nothing, gradient, hessian, options)
        for rows in reference.leaf_rows(nodes):
            raw[rows] -= learning_rate * gradient[rows].sum() / hessian[rows].sum()
        yield raw.copy()


def rounded(X):
    return np.round(4 * X) / 4


@pytest.mark.parametrize("kind", ["numbers", "two classes"])
def test_stages_are_those_of_naive_boosting(kind):
    X, y = numbers() if kind == "numbers" else classes()
    X = rounded(X)
    if kind == "numbers":
        model = regressor(max_leaf_nodes=5, max_iter=6).fit(X, y)
        stages = naive(X, y, lambda y, raw: (raw - y, np.ones(len(y))), y.mean(), 6, 0.1)
        got = model.staged_predict(X)
    else:
        model = classifier(max_leaf_nodes=5, max_iter=6).fit(X, y)

        def derivatives(y, raw):
            p = 1 / (1 + np.exp(-raw))
            return p - y, p * (1 - p)

        stages = naive(X, y, derivatives, np.log(y.mean() / (1 - y.mean())), 6, 0.1)
        got = model.staged_decision_function(X)
    for ours, want in zip(got, stages, strict=True):
        np.testing.assert_allclose(ours, want, rtol=1e-9, atol=1e-9)


PEAK_OF_A_FIT = """
import sys

import numpy as np
from schuss import ensemble

kind, n, early_stopping = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "True"

def resident(which):
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    return int(status[which].removesuffix("kB\\n"))

def fit(n):
    X = np.random.default_rng(0).standard_normal((n, 28), np.float32)
    y = X[:, 0] + np.random.default_rng(1).standard_normal(n)
    if kind == "Classifier":
        y = (y > 0).astype(np.int64)
    before = resident("VmRSS")
    model = getattr(ensemble, "HistGradientBoosting" + kind)
    model(max_iter=31, early_stopping=early_stopping, n_threads=2).fit(X, y)
    return resident("VmHWM") - before

fit(1000)  # whatever is loaded or made once
print(fit(n))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the peak is read from Linux's /proc")
@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("kind", ["Classifier", "Regressor"])
def test_memory_beside_the_table(kind, early_stopping):
    """Three bytes a value, of which two are bins: in tiles and by column."""
    n, d = 1_000_000, 28
    command = [sys.executable, "-c", PEAK_OF_A_FIT, kind, str(n), str(early_stopping)]
    peak = 1024 * int(subprocess.run(command, capture_output=True, check=True).stdout)
    assert 1.9 * n * d < peak < 3.0 * n * d


@pytest.mark.parametrize("factor", [2.0**-200, 2.0**200])
def test_targets_may_be_of_any_size(factor):
    X, y = numbers()
    want = regressor().fit(X, y).predict(X)
    np.testing.assert_allclose(regressor().fit(X, factor * y).predict(X) / factor, want, rtol=0.0, atol=1e-5)


def test_training_loss_never_rises_with_small_steps():
    X, y = numbers()
    loss = regressor(max_iter=60, learning_rate=0.1).fit(missing(X), y).history_["data_loss"]
    assert (np.diff(loss) <= 0).all()


@pytest.mark.parametrize("kind", ["numbers", "two classes", "three classes"])
def test_a_weight_is_so_many_copies(kind):
    make = regressor if kind == "numbers" else classifier
    X, y = numbers() if kind == "numbers" else classes(n_classes=2 if kind == "two classes" else 3)
    weight = np.random.default_rng(2).integers(0, 4, len(y))
    weighted = make(min_samples_leaf=1, min_gain_to_split=1e-6).fit(X, y, weight)
    copied = make(min_samples_leaf=1, min_gain_to_split=1e-6).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(weighted._raw_predict(X), copied._raw_predict(X), rtol=1e-9, atol=1e-12)
    assert weighted._trees.n_trees == copied._trees.n_trees
    np.testing.assert_array_equal(weighted._trees.nodes["feature"], copied._trees.nodes["feature"])


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_of_quantiles_a_weight_is_so_many_copies_to_the_bit(level):
    X, y = numbers()
    weight = np.random.default_rng(3).integers(0, 4, len(y))
    options = {"loss": "quantile", "quantile": level, "min_samples_leaf": 1}
    weighted = regressor(**options).fit(X, y, weight)
    copied = regressor(**options).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_array_equal(weighted.predict(X), copied.predict(X))
    plain = regressor(**options, max_iter=1, max_leaf_nodes=2).fit(X, y)
    assert plain._baseline[0] == pytest.approx(np.quantile(y, level, method="averaged_inverted_cdf"), rel=1e-15)


def test_one_sided_samples_stand_for_all_rows():
    """Rows drawn for others count as often in the curvature as in the slope; rows without weight are no large ones."""
    rng = np.random.default_rng(0)
    X = rng.random((2000, 3))
    noise, weight = np.arange(2000) % 2 == 1, np.arange(2000) % 2 == 0
    y = np.where(noise, 1e3 * rng.standard_normal(2000), 10.0 * X[:, 0])
    options = {"boosting": "goss", "top_rate": 0.3, "other_rate": 0.05, "max_iter": 30, "random_state": 0}
    steps = np.where(X[:, 0] > 0.5, 9.0, 1.0)
    at_once = HistGradientBoostingRegressor(**options | {"max_iter": 1, "learning_rate": 1.0}).fit(X, steps)
    assert np.median(np.abs(at_once.predict(X) - steps)) < 1e-3
    weighted = HistGradientBoostingRegressor(**options).fit(X, y, sample_weight=weight.astype(float))
    assert weighted.score(X[~noise], y[~noise]) > 0.99


@pytest.mark.parametrize("options", [{}, {"boosting": "goss"}, {"subsample": 0.6, "max_features": 0.5}])
def test_the_same_bytes_for_any_number_of_threads(options):
    X, y = classes(6000, n_classes=3)
    X = missing(X)
    models = [classifier(n_threads=k, max_iter=4, **options).fit(X, y) for k in (1, 2, 3, 5)]
    first = models[0]._trees
    for other in models[1:]:
        assert first.nodes.tobytes() == other._trees.nodes.tobytes()
        assert first.gain.tobytes() == other._trees.gain.tobytes()
        assert models[0].predict_proba(X).tobytes() == other.predict_proba(X).tobytes()


def test_own_losses():
    X, y = numbers()

    def squared(y, raw):
        return 0.5 * (raw - y) ** 2, raw - y, np.ones_like(y)

    built_in, own = regressor().fit(X, y), regressor(loss=squared).fit(X, y)
    np.testing.assert_allclose(own.predict(X), built_in.predict(X), rtol=1e-9)
    np.testing.assert_allclose(own.history_["data_loss"], built_in.history_["data_loss"], rtol=1e-9)
    X, y = classes(n_classes=3)

    def softmax(y, raw):
        p = np.exp(raw - raw.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        return p - np.eye(3)[y.astype(int)], p * (1 - p)

    accuracy = classifier(loss=softmax).fit(X, y).score(X, y)
    assert accuracy == pytest.approx(classifier().fit(X, y).score(X, y), abs=0.02)
    for wrong, message in ((lambda y, raw: raw, "must return"), (lambda y, raw: (raw[1:], raw), "has the shape")):
        with pytest.raises(ValueError, match=message):
            classifier(loss=wrong).fit(X, y)


def test_quantiles_hold_on_training_rows():
    X, y = numbers(2000)
    for level in (0.1, 0.5, 0.9):
        model = regressor(loss="quantile", quantile=level, max_iter=60).fit(X, y)
        assert np.mean(y <= model.predict(X)) == pytest.approx(level, abs=0.04)
    same = regressor(loss="pinball", quantile=0.9, max_iter=60).fit(X, y)
    np.testing.assert_array_equal(same.predict(X), model.predict(X))
    with pytest.raises(ValueError, match="needs a quantile"):
        regressor(loss="quantile").fit(X, y)


def test_huber_resists_outliers():
    X, y = numbers()
    wild = y.copy()
    wild[::20] += 1000.0
    errors = {}
    for loss in ("huber", "squared_error"):
        prediction = regressor(loss=loss, huber_delta=2.0, max_iter=60).fit(X, wild).predict(X)
        errors[loss] = np.median(np.abs(prediction - y))
    assert errors["huber"] < 0.5 * errors["squared_error"]


def test_quality_is_that_of_scikit_learn():
    from sklearn.ensemble import HistGradientBoostingClassifier as Theirs

    losses = np.zeros(2)
    for seed in range(4):
        X, y = classes(2000, seed=seed)
        X, X_test, y, y_test = train_test_split(X, y, random_state=0)
        for i, model in enumerate((classifier(max_iter=40), Theirs(max_iter=40, early_stopping=False))):
            with threadpool_limits(1):  # theirs are slowed down by more on a busy machine
                losses[i] += metrics.log_loss(y_test, model.fit(X, y).predict_proba(X_test))
    assert losses[0] == pytest.approx(losses[1], rel=0.02)


def test_what_cannot_be():
    X, y = classes(n_classes=3)
    with pytest.raises(ValueError, match="monotonic constraints are not supported"):
        classifier(monotonic_cst=[1] * 7).fit(X, y)
    with pytest.raises(ValueError, match="top_rate"):
        classifier(boosting="goss", top_rate=0.8, other_rate=0.4).fit(X, y)
    with pytest.raises(ValueError, match="subsample"):
        classifier(boosting="goss", subsample=0.5).fit(X, y)
    with pytest.raises(ValueError, match="two classes"):
        classifier(metrics="roc_auc").fit(X, y)
    with pytest.raises(ValueError, match="sample_weight_val"):
        classifier().fit(X, y, sample_weight_val=np.ones(3))
