# SPDX-License-Identifier: BSD-3-Clause
"""Gradient boosting: every way of training leads to the model whose loss the history tells."""

import pickle
import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from reference import boost as reference
from sklearn import metrics
from sklearn.datasets import make_classification, make_friedman1
from sklearn.exceptions import NotFittedError
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

import schuss
from schuss.diagnosis import diagnose
from schuss.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

N = 600


def numbers(n=N, seed=0):
    X, y = make_friedman1(n, n_features=7, noise=0.5, random_state=seed)
    return X, y


def classes(n=N, n_classes=2, seed=0):
    return make_classification(
        n, n_features=7, n_informative=5, n_redundant=0, n_classes=n_classes, random_state=seed, class_sep=0.7
    )


def missing(X, share=0.15):
    X = X.copy()
    X[np.random.default_rng(5).random(X.shape) < share] = np.nan
    return X


def with_categories(X):
    X = X.copy()
    X[:, 2] = np.floor(6 * (X[:, 2] - X[:, 2].min()) / np.ptp(X[:, 2]))
    return X


def regressor(**options):
    return HistGradientBoostingRegressor(**{"max_iter": 12, "early_stopping": False, "random_state": 0, **options})


def classifier(**options):
    return HistGradientBoostingClassifier(**{"max_iter": 12, "early_stopping": False, "random_state": 0, **options})


def training_loss(model, X, y, weight=None):
    """The loss of a fitted model, from its predictions alone."""
    if hasattr(model, "classes_"):
        return metrics.log_loss(y, model.predict_proba(X), sample_weight=weight)
    prediction = model.predict(X)
    values = {
        "squared_error": lambda: 0.5 * (y - prediction) ** 2,
        "absolute_error": lambda: np.abs(y - prediction),
        "quantile": lambda: np.maximum(model.quantile * (y - prediction), (model.quantile - 1) * (y - prediction)),
        "poisson": lambda: prediction - y * np.log(prediction),
        "gamma": lambda: np.log(prediction) + y / prediction,
        "huber": lambda: np.where(
            np.abs(y - prediction) <= model.huber_delta,
            0.5 * (y - prediction) ** 2,
            model.huber_delta * (np.abs(y - prediction) - 0.5 * model.huber_delta),
        ),
    }[model.loss]()
    return np.average(values, weights=weight)


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


def test_memory_beside_the_table():
    """Bins twice, in tiles of 16 columns and by column; 40 bytes a row; histograms of 31 leaves."""
    n, d = 100_000, 28
    X = np.random.default_rng(0).standard_normal((n, d), np.float32)
    y = (X[:, 0] > 0).astype(np.int64)
    histograms = 32 * 2 * 256 * 32 * 8
    tracemalloc.start()
    try:
        HistGradientBoostingClassifier(max_iter=2, early_stopping=False, n_threads=1).fit(X, y)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < (32 + d + 40) * n + histograms + 1e6


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


@pytest.mark.parametrize(
    "options", [{}, {"subsample": 0.5, "colsample_bytree": 0.5}, {"boosting": "goss"}, {"max_features": 0.5}]
)
def test_training_on_is_training_at_once(options):
    X, y = classes(n_classes=3)
    X = missing(with_categories(X))
    options |= {"categorical_features": [2]}
    once = classifier(**options).fit(X, y)
    twice = classifier(**options, warm_start=True).set_params(max_iter=5).fit(X, y).set_params(max_iter=12).fit(X, y)
    assert once._trees.nodes.tobytes() == twice._trees.nodes.tobytes()
    assert once._trees.categories.tobytes() == twice._trees.categories.tobytes()
    assert len(twice.history_) == twice.n_iter_ == 12
    np.testing.assert_array_equal(once.history_["n_leaves"], twice.history_["n_leaves"])


def test_training_on_with_dropout_knows_the_trees_before():
    X, y = numbers()
    options = {"boosting": "dart", "skip_drop": 0.0, "drop_rate": 0.5}
    model = regressor(**options, warm_start=True, max_iter=5).fit(X, y).set_params(max_iter=12).fit(X, y)
    assert training_loss(model, X, y) == pytest.approx(model.history_["data_loss"][-1], rel=1e-9)


def test_early_stopping_returns_to_the_best_iteration():
    X, y = classes(300)
    X_val, y_val = classes(300, seed=0)[0][::-1], classes(300, seed=0)[1]
    model = classifier(max_iter=200, early_stopping=True, n_iter_no_change=4, learning_rate=0.5)
    model.fit(X, y, X_val=X_val, y_val=y_val)
    assert model.stop_reason_ == "no_improvement"
    losses = model.history_["validation_loss"]
    assert model.best_iteration_ == np.argmin(losses) < model.n_iter_ - 1
    assert metrics.log_loss(y_val, model.predict_proba(X_val)) == pytest.approx(losses.min())
    stages = list(model.staged_predict_proba(X_val))
    assert len(stages) == model.n_iter_
    np.testing.assert_array_equal(stages[model.best_iteration_], model.predict_proba(X_val))
    np.testing.assert_allclose(model.validation_score_[1:], -losses)
    assert diagnose(model).label.value


@pytest.mark.parametrize("scoring", ["accuracy", "neg_log_loss", "roc_auc", None])
def test_scores_are_those_of_the_scorer(scoring):
    X, y = classes(500)
    y = np.array(["no", "yes"])[y]
    X_val, y_val = X[400:], y[400:]
    model = classifier(early_stopping=True, scoring=scoring, n_iter_no_change=50)
    model.fit(X[:400], y[:400], X_val=X_val, y_val=y_val)
    scorer = metrics.get_scorer(scoring or "accuracy")
    assert len(model.train_score_) == len(model.validation_score_) == model.n_iter_ + 1
    assert scorer(model, X_val, y_val) == pytest.approx(model.validation_score_.max())
    np.testing.assert_array_equal(model.history_["validation_score"], model.validation_score_[1:])


def test_validation_data_alone_makes_it_stop_early():
    X, y = numbers()
    model = regressor(early_stopping="auto").fit(X[:400], y[:400], X_val=X[400:], y_val=y[400:])
    assert model.do_early_stopping_
    assert not regressor(early_stopping="auto").fit(X, y).do_early_stopping_
    assert training_loss(model, X[400:], y[400:]) == pytest.approx(model.history_["validation_loss"].min())


def test_metrics_are_recorded_on_every_set():
    X, y = classes(500)
    model = classifier(early_stopping=True, metrics=["roc_auc", "accuracy", metrics.f1_score], n_iter_no_change=99)
    model.fit(X[:400], y[:400], X_val=X[400:], y_val=y[400:])
    best = model.best_iteration_
    for name, part in (("training", slice(400)), ("validation", slice(400, None))):
        probabilities = model.predict_proba(X[part])[:, 1]
        auc, f1 = metrics.roc_auc_score(y[part], probabilities), metrics.f1_score(y[part], probabilities > 0.5)
        assert model.history_[f"{name}_roc_auc"][best] == pytest.approx(auc)
        assert model.history_[f"{name}_f1_score"][best] == pytest.approx(f1)
        assert f"{name}_accuracy" in model.history_
    with pytest.raises(ValueError, match="Unknown metric 'rmse'"):
        classifier(metrics="rmse").fit(X, y)


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


def test_sparse_tables_are_as_dense_ones():
    X, y = classes()
    X[np.random.default_rng(0).random(X.shape) < 0.6] = 0.0
    dense, sparse = classifier().fit(X, y), classifier().fit(sp.csr_matrix(X), y)
    assert dense._trees.nodes.tobytes() == sparse._trees.nodes.tobytes()
    np.testing.assert_array_equal(dense.predict_proba(X), sparse.predict_proba(sp.csr_array(X)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layouts_of_the_table_do_not_matter(dtype):
    X, y = numbers()
    X = X.astype(dtype)
    first = regressor().fit(X, y)
    for other in (np.asfortranarray(X), X.repeat(2, axis=0)[::2], X.tolist()):
        assert regressor().fit(other, y)._trees.nodes.tobytes() == first._trees.nodes.tobytes()
        np.testing.assert_array_equal(first.predict(other), first.predict(X))


def test_categories_of_frames():
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 8, 2000)
    noise = rng.random(2000)
    y = np.isin(codes, (1, 4, 6)) * 3.0 + noise
    names = np.array([f"name {code}" for code in codes], dtype=object)
    names[:40] = None
    frame = pd.DataFrame({"a": noise, "b": pd.Categorical(names)})
    model = regressor(max_depth=2).fit(frame, y)
    np.testing.assert_array_equal(model.is_categorical_, [False, True])
    numeric = np.column_stack([noise, np.where(np.arange(2000) < 40, np.nan, codes)])
    same = regressor(max_depth=2, categorical_features=[1]).fit(numeric, y)
    np.testing.assert_array_equal(model.predict(frame), same.predict(numeric))
    shuffled = frame.assign(b=frame["b"].cat.reorder_categories(sorted(frame["b"].cat.categories, reverse=True)))
    np.testing.assert_array_equal(model.predict(frame), model.predict(shuffled))
    unknown = frame.assign(b=pd.Categorical(["nobody"] * 2000))
    lacking = frame.assign(b=pd.Categorical([None] * 2000, categories=["nobody"]))
    np.testing.assert_array_equal(model.predict(unknown), model.predict(lacking))
    assert model.get_feature_importances()[1] > 0.9


def test_numbers_that_are_no_codes_are_missing():
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.random(500), rng.integers(0, 5, 500)])
    y = X[:, 1] % 2 + 0.1 * X[:, 0]
    model = regressor(categorical_features=[1]).fit(X, y)
    lacking = np.column_stack([X[:, 0], np.full(500, np.nan)])
    for other in (1.5, -1.0, 5.0, 1e9, np.inf):
        np.testing.assert_array_equal(
            model.predict(np.column_stack([X[:, 0], np.full(500, other)])), model.predict(lacking)
        )
    with pytest.raises(ValueError, match="3 features, but"):
        model.predict(X[:, [0, 1, 1]])
    X[::3, 1] = -7
    same = np.where(X == -7, np.nan, X)
    first, second = (regressor(categorical_features=[1]).fit(table, y) for table in (X, same))
    assert first._trees.nodes.tobytes() == second._trees.nodes.tobytes()
    np.testing.assert_array_equal(first.predict(X), second.predict(same))


def test_importances():
    X, y = numbers(2000)
    model = regressor(max_iter=40)
    with pytest.raises(NotFittedError):
        model.get_feature_importances()
    model.fit(X, y)
    assert model.feature_importances_.sum() == pytest.approx(1.0)
    assert set(np.argsort(model.feature_importances_)[-5:]) == set(range(5))  # the columns that the target is made of
    splits = model.get_feature_importances("split")
    assert splits.sum() == pytest.approx(1.0)
    with pytest.raises(ValueError, match="importance_type"):
        model.get_feature_importances("weight")
    shuffled = permutation_importance(model, X, y, n_repeats=2, random_state=0).importances_mean
    assert np.argmax(shuffled) == np.argmax(model.feature_importances_)
    constant = regressor(min_samples_leaf=400).fit(X[:500], y[:500])
    assert not constant.feature_importances_.any()


def test_partial_dependence():
    X, y = numbers(1500)
    model = regressor(max_iter=40).fit(X, y)
    rises = partial_dependence(model, X, [3], grid_resolution=10)["average"][0]
    assert np.polyfit(np.linspace(0, 1, 10), rises, 1)[0] == pytest.approx(10.0, rel=0.25)  # as the target is made


def test_constraints_hold():
    X, y = numbers(1500)
    model = regressor(monotonic_cst=[0, 0, 0, 1, -1, 0, 0], max_iter=40).fit(X, y)
    for feature, sign in ((3, 1), (4, -1)):
        grid = X[:50].repeat(20, axis=0)
        grid[:, feature] = np.tile(np.linspace(0, 1, 20), 50)
        steps = sign * np.diff(model.predict(grid).reshape(50, 20), axis=1)
        assert (steps >= 0).all()
        assert steps.any() == (sign > 0)  # the target rises with both columns
    alone = regressor(interaction_cst="no_interactions", max_iter=40).fit(X, y)
    for tree in alone._trees:
        used = tree["feature"][tree["feature"] >= 0] & ((1 << 29) - 1)
        assert len(set(used.tolist())) <= 1


def test_sets_of_features_that_interact_are_saved(tmp_path):
    X, y = numbers()
    model = regressor(interaction_cst=[{4, 2, 0}, frozenset({1, 3}), (5,)], max_iter=5).fit(X, y)
    schuss.save(model, tmp_path / "model.schuss")
    again = schuss.load(tmp_path / "model.schuss")
    assert again.get_params() == model.get_params()
    np.testing.assert_array_equal(again.fit(X, y).predict(X), model.predict(X))


def test_an_interrupt_leaves_the_last_whole_iteration():
    X, y = numbers()
    calls = []

    def loss(y, raw):
        calls.append(1)
        if len(calls) == 30:
            raise KeyboardInterrupt
        return 0.5 * (raw - y) ** 2, raw - y, np.ones_like(y)

    model = regressor(loss=loss, max_iter=100)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert model.stop_reason_ == "interrupted"
    assert 0 < len(model.history_) == model.n_iter_ == model._trees.n_trees < 100
    assert training_loss(regressor().fit(X, y).set_params(loss="squared_error"), X, y)
    assert 0.5 * np.mean((y - model.predict(X)) ** 2) == pytest.approx(model.history_["data_loss"][-1], rel=1e-9)


def test_time_is_kept():
    X, y = numbers(3000)
    model = regressor(max_iter=100_000, max_time=0.2).fit(X, y)
    assert model.stop_reason_ == "max_time"
    assert model.n_iter_ == model._trees.n_trees < 100_000


def test_models_can_be_pickled_and_stored(tmp_path):
    X, y = classes(n_classes=3)
    X = missing(with_categories(X))
    model = classifier(categorical_features=[2], early_stopping=True).fit(X, y)
    proba = model.predict_proba(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), proba)
    schuss.save(model, tmp_path / "model.schuss")
    again = schuss.load(tmp_path / "model.schuss")
    np.testing.assert_array_equal(again.predict_proba(X), proba)
    again.set_params(warm_start=True, max_iter=20).fit(X, y)
    assert again.n_iter_ > model.n_iter_


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


def test_rows_set_aside_are_not_seen():
    X, y = classes()
    rows, held_out = train_test_split(np.arange(N), test_size=0.2, stratify=y, random_state=model_seed(0))
    rows.sort()
    held_out.sort()
    options = {"early_stopping": True, "n_iter_no_change": 50}
    model = classifier(**options, validation_fraction=0.2).fit(X, y)
    given = classifier(**options).fit(X[rows], y[rows], X_val=X[held_out], y_val=y[held_out])
    assert model._trees.nodes.tobytes() == given._trees.nodes.tobytes()
    np.testing.assert_array_equal(model.history_["validation_loss"], given.history_["validation_loss"])


def model_seed(random_state):
    """The seed of the split that an estimator draws, as scikit-learn's."""
    return np.random.RandomState(random_state).randint(np.iinfo(np.uint32).max, dtype="u8")


def test_callbacks_see_the_model_grow():
    pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks since 1.9")
    X, y = numbers()
    seen = []

    class Watcher:
        def setup(self, estimator, context):
            pass

        def on_fit_task_begin(self, estimator, context):
            pass

        def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
            if context.task_name == "iteration":
                seen.append(fitted_estimator)
            return len(seen) == 5

        def teardown(self, estimator, context):
            pass

    model = regressor().set_callbacks(Watcher()).fit(X, y)
    assert (model.stop_reason_, model.n_iter_, len(seen)) == ("callback", 5, 5)
    for copy, stage in zip(seen, model.staged_predict(X), strict=True):
        np.testing.assert_allclose(copy.predict(X), stage, rtol=1e-12)


def test_a_fit_before_the_first_iteration_leaves_no_half_model():
    X, y = numbers()
    model = regressor().fit(X, y)

    def loss(y, raw):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model.set_params(loss=loss).fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)
