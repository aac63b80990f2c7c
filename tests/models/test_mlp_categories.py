# SPDX-License-Identifier: BSD-3-Clause
"""Networks with categorical features: one-hot units, tables that are learnt, and how both go with everything else."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone

import schuss
from schuss.neural_network import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
N_LABELS = 60


def made_table(n=1500, seed=0, dtype=np.float64):
    """Numbers in columns 0 and 2; 60 labels in column 1, each with an effect of its own; 4 labels in column 3."""
    rng = np.random.default_rng(seed)
    effects, other = np.random.default_rng(1).normal(size=(N_LABELS, 2)), np.array([-1.0, 0.0, 0.5, 1.5])
    x, label, few = rng.normal(size=(n, 2)), rng.integers(0, N_LABELS, n), rng.integers(0, 4, n)
    signal = 2 * effects[label, 0] * x[:, 0] + effects[label, 1] + other[few]
    X = np.column_stack([x[:, 0], label, x[:, 1], few]).astype(dtype)
    return X, (signal + 0.2 * rng.normal(size=n) > 0).astype(int), signal


def model(**options):
    options = {"categorical_features": [1, 3], "max_iter": 8, "random_state": 0, "batch_size": 64} | options
    return MLPClassifier((12,), **options)


def state_of(model):
    """All that training has made, in one vector."""
    tables = [table for table in model.embeddings_ if table is not None]
    return np.concatenate([np.ravel(a) for a in (*tables, *model.coefs_, *model.intercepts_)])


def test_a_table_learns_what_many_labels_do():
    X, y, _ = made_table(4000)
    train, test = slice(0, 3000), slice(3000, None)
    options = {"max_iter": 60, "learning_rate_init": 0.01}
    learnt = model(**options).fit(X[train], y[train])
    codes = model(**options, categorical_features=None).fit(X[train], y[train])
    assert learnt.embeddings_[1].shape == (N_LABELS + 1, 16)
    assert [table is None for table in learnt.embeddings_] == [True, False, True, True]
    assert learnt.score(X[test], y[test]) > 0.9 > codes.score(X[test], y[test]) + 0.1


def test_numbers_of_a_regression():
    X, _, signal = made_table(3000)
    learnt = MLPRegressor(
        hidden_layer_sizes=(20,), categorical_features=[1, 3], learning_rate_init=0.01, max_iter=60, random_state=0
    ).fit(X[:2500], signal[:2500])
    assert learnt.score(X[2500:], signal[2500:]) > 0.9


def test_few_labels_are_one_hot_units():
    X, y, _ = made_table()
    X, y = X[:, [0, 3]], y
    learnt = model(categorical_features=[1]).fit(X, y)
    spread = np.column_stack([X[:, 0], *(X[:, 1] == k for k in range(4)), np.zeros(len(X))])
    plain = MLPClassifier((12,), max_iter=1, random_state=0, batch_size=64).fit(spread, y)
    plain.coefs_, plain.intercepts_ = learnt.coefs_, learnt.intercepts_
    np.testing.assert_array_equal(learnt.predict_proba(X), plain.predict_proba(spread))
    assert not learnt.coefs_[0][-1].any()  # nothing was missing


@pytest.mark.parametrize("asked", [[False, True, False, True], ["label", "few"], "from_dtype"])
def test_ways_to_say_which_features_are_categorical(asked):
    pd = pytest.importorskip("pandas")
    X, y, _ = made_table()
    frame = pd.DataFrame(X, columns=["a", "label", "b", "few"])
    if asked == "from_dtype":
        frame = frame.astype({"label": "category", "few": "category"})
    got, want = model(categorical_features=asked).fit(frame, y), model().fit(X, y)
    np.testing.assert_array_equal(state_of(got), state_of(want))
    np.testing.assert_array_equal(got.predict_proba(frame), want.predict_proba(X))


def test_labels_may_be_texts():
    pd = pytest.importorskip("pandas")
    X, y, _ = made_table()
    texts = np.array([f"label {int(k):02}" for k in X[:, 1]], dtype=object)
    frame = pd.DataFrame({"a": X[:, 0], "label": texts, "b": X[:, 2], "few": X[:, 3]})
    got = model(categorical_features=["label", "few"]).fit(frame, y)
    np.testing.assert_array_equal(state_of(got), state_of(model().fit(X, y)))
    frame.loc[0, "label"] = "never seen"
    frame.loc[1, "label"] = None
    X[:2, 1] = np.nan
    np.testing.assert_array_equal(got.predict_proba(frame), model().fit(*made_table()[:2]).predict_proba(X))


@pytest.mark.parametrize("odd", [np.nan, -1.0, N_LABELS + 3.0, 2.5])
def test_what_is_unknown_adds_nothing_unless_it_was_trained(odd):
    X, y, _ = made_table()
    untrained = model().fit(X, y)
    assert not untrained.embeddings_[1][-1].any()
    other = X[:20].copy()
    other[:, 1] = odd
    blind = clone(untrained).fit(X, y)
    blind.embeddings_[1][...] = 0.0
    np.testing.assert_array_equal(untrained.predict_proba(other), blind.predict_proba(X[:20]))
    np.testing.assert_array_equal(untrained.predict_proba(other)[:1], untrained.predict_proba(other[:1]))
    X[::7, 1] = np.nan
    trained = model().fit(X, y)
    assert trained.embeddings_[1][-1].all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_is_that_of_the_numbers(dtype):
    X, y, _ = made_table(dtype=dtype)
    learnt = model().fit(X, y)
    assert {a.dtype for a in (learnt.embeddings_[1], *learnt.coefs_)} == {np.dtype(dtype)}
    assert learnt.predict_proba(X[:9]).dtype == dtype
    learnt.predict(X[:1])  # from here on the network is known
    for n in (1, 4, 9):
        np.testing.assert_array_equal(learnt.predict_proba(X[:n]), learnt.predict_proba(X)[:n])


@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw", "nadam", "rmsprop", "adagrad", "lion", "lbfgs"])
def test_every_solver_trains_the_tables(solver):
    X, y, _ = made_table(800)
    fitted = model(solver=solver, max_iter=4, learning_rate_init=0.003).fit(X, y)
    start = model(solver=solver, max_iter=1, learning_rate_init=1e-12).fit(X, y) if solver != "lbfgs" else None
    objective = fitted.history_["objective"]
    assert objective[-1] < objective[0]
    if start is not None:
        moved = np.abs(fitted.embeddings_[1] - start.embeddings_[1]).max(axis=1)
        assert (moved[:-1] > 1e-6).all()


@pytest.mark.parametrize("averaging", [None, "ema", "swa"])
def test_averages_and_limits_go_with_tables(averaging):
    X, y, _ = made_table()
    fitted = model(averaging=averaging, ema_decay=0.9, clip_norm=0.1, accumulate=2, norm="batch", dropout=0.1)
    fitted.fit(X, y)
    assert np.isfinite(state_of(fitted)).all()
    assert fitted.history_["objective"][-1] < fitted.history_["objective"][0]


@pytest.mark.parametrize("options", [{}, {"solver": "sgd", "averaging": "ema"}, {"solver": "nadam", "norm": "layer"}])
def test_a_warm_start_from_a_file_is_the_fit_that_went_on(options, tmp_path):
    X, y, _ = made_table()
    whole = model(**options, max_iter=6, tol=0.0, n_iter_no_change=99).fit(X, y)
    half = model(**options, max_iter=3, tol=0.0, n_iter_no_change=99, warm_start=True).fit(X, y)
    schuss.save(half, tmp_path / "half.schuss")
    again = schuss.load(tmp_path / "half.schuss").fit(X, y)
    np.testing.assert_array_equal(state_of(again), state_of(whole))


def test_epochs_one_by_one_are_a_fit():
    X, y, _ = made_table()
    parts = model(shuffle=False)
    for _ in range(3):
        parts.partial_fit(X, y, classes=[0, 1])
    whole = model(shuffle=False, max_iter=3).fit(X, y)
    np.testing.assert_array_equal(state_of(parts), state_of(whole))


def test_categories_are_those_of_the_first_part():
    X, y, _ = made_table()
    low = X[:, 1] < 30
    parts = model().partial_fit(X[low], y[low], classes=[0, 1])
    assert parts.embeddings_[1].shape[0] == 31
    before = parts.embeddings_[1].copy()
    parts.partial_fit(X[~low], y[~low])
    np.testing.assert_array_equal(parts.embeddings_[1][:-1], before[:-1])
    assert parts.embeddings_[1][-1].all()


def test_the_same_bits_for_any_number_of_threads():
    X, y, _ = made_table(dtype=np.float32)
    one, three = (model(n_threads=k, batch_size=500).fit(X, y) for k in (1, 3))
    assert state_of(one).tobytes() == state_of(three).tobytes()


def test_weights_are_repetitions():
    X, y, _ = made_table(300)
    weight = np.random.default_rng(3).integers(1, 3, 300)
    weighted = model(solver="lbfgs", max_iter=20).fit(X, y, sample_weight=weight)
    repeated = model(solver="lbfgs", max_iter=20).fit(np.repeat(X, weight, axis=0), np.repeat(y, weight))
    np.testing.assert_allclose(state_of(weighted), state_of(repeated), atol=1e-6)


def test_widths_of_tables():
    X, y, _ = made_table()
    assert model(embedding_dims=5).fit(X, y).embeddings_[1].shape == (N_LABELS + 1, 5)
    given = model(embedding_dims={3: 2}).fit(X, y)
    assert [given.embeddings_[j].shape for j in (1, 3)] == [(N_LABELS + 1, 16), (5, 2)]
    for wrong in ({0: 2}, {4: 2}, {"label": 2}, {1: 0}, {1: 2.5}, {1: True}):
        with pytest.raises(ValueError, match="embedding_dims"):
            model(embedding_dims=wrong).fit(X, y)
    with pytest.raises(ValueError, match="embedding_dims"):
        model(embedding_dims=0).fit(X, y)


def test_a_width_by_name():
    pd = pytest.importorskip("pandas")
    X, y, _ = made_table()
    frame = pd.DataFrame(X, columns=["a", "label", "b", "few"])
    assert model(embedding_dims={"label": 3}).fit(frame, y).embeddings_[1].shape[1] == 3


def test_tables_have_their_lines():
    X, y, _ = made_table()
    fitted = model(record_statistics=True).fit(X, y)
    summary = fitted.summary()
    table, inputs = summary.layers[:2]
    assert (table["layer"], table["units"], table["parameters"]) == ("table of feature 1", 16, (N_LABELS + 1) * 16)
    assert (inputs["layer"], inputs["units"]) == ("input", 1 + 16 + 1 + 5)
    assert summary.n_parameters == state_of(fitted).size
    norms = fitted.history_["table_norm_1"]
    assert norms[-1] == pytest.approx(np.sqrt(np.mean(fitted.embeddings_[1] ** 2)))
    assert (np.array(fitted.history_["table_gradient_norm_1"]) > 0.0).all()


def test_the_rate_finder_knows_tables():
    X, y, _ = made_table()
    found = model().find_learning_rate(X, y, n_steps=60)
    assert 1e-4 < found.suggestion < 1.0


def test_missing_numbers_are_refused_and_wrong_widths():
    X, y, _ = made_table()
    fitted = model().fit(X, y)
    for change in (X[:, :3], np.where(np.arange(4) == 0, np.nan, X)):
        with pytest.raises(ValueError, match=r"features|NaN"):
            fitted.predict(change)
        with pytest.raises(ValueError, match=r"categorical_features|NaN"):
            model().fit(change, y)
    with pytest.raises(ValueError, match="inconsistent"):
        model().fit(X, y[:-1])


def test_sparse_tables_with_categories_become_dense():
    X, y, _ = made_table()
    got, want = model().fit(sp.csr_array(X), y), model().fit(X, y)
    np.testing.assert_array_equal(state_of(got), state_of(want))
    np.testing.assert_array_equal(got.predict(sp.csr_array(X)), want.predict(X))


def test_validation_rows_are_coded_alike():
    X, y, _ = made_table()
    X[1200:1210, 1] = N_LABELS + 5  # training has no such label
    fitted = model(early_stopping=True, max_iter=20).fit(X[:1200], y[:1200], X_val=X[1200:], y_val=y[1200:])
    best = fitted.best_iteration_
    assert fitted.history_[best]["validation_score"] == pytest.approx(fitted.score(X[1200:], y[1200:]))


def test_a_feature_without_a_single_category_tells_rows_apart_in_nothing():
    X, y, _ = made_table(200)
    X[:, 1] = np.nan
    fitted = model().fit(X, y)
    assert fitted.coefs_[0].shape[0] == 1 + 2 + 1 + 5
    other = X.copy()
    other[:, 1] = np.arange(200)
    np.testing.assert_array_equal(fitted.predict_proba(other), fitted.predict_proba(X))


def test_a_warm_start_with_other_tables_is_refused():
    X, y, _ = made_table(200)
    fitted = model(warm_start=True).fit(X, y)
    with pytest.raises(ValueError, match="differ from those of the previous fit"):
        fitted.set_params(embedding_dims=3).fit(X, y)
