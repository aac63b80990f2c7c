# SPDX-License-Identifier: BSD-3-Clause
"""What SGD estimators learn: in parts as at once, whatever chance and threads do, and only from numbers."""

import numpy as np
import pytest
import scipy.sparse as sp
from sgd_tables import FEW_EPOCHS, classes, numbers
from sklearn.metrics import log_loss

from schuss.linear_model import SGDClassifier, SGDRegressor


class TestContinuation:
    @pytest.mark.parametrize("average", [False, True])
    @pytest.mark.parametrize("rate", ["optimal", "invscaling"])
    def test_partial_fits_are_a_fit(self, rate, average):
        X, y, *_ = classes()
        parameters = {"random_state": 0, "learning_rate": rate, "average": average}
        whole = SGDClassifier(max_iter=4, tol=None, **parameters).fit(X, y)
        parts = SGDClassifier(**parameters)
        for _ in range(4):
            parts.partial_fit(X, y, classes=[0, 1])
        np.testing.assert_array_equal(parts.coef_, whole.coef_)
        np.testing.assert_array_equal(parts.intercept_, whole.intercept_)
        np.testing.assert_array_equal(parts.history_["objective"], whole.history_["objective"])

    def test_partial_fit_leaves_the_arrays_handed_out_alone(self):
        X, y, *_ = classes()
        model = SGDClassifier(random_state=0).partial_fit(X, y, classes=[0, 1])
        coef = model.coef_
        before = coef.copy()
        model.partial_fit(X, y)
        np.testing.assert_array_equal(coef, before)
        assert not np.array_equal(model.coef_, before)

    def test_partial_fit_after_fit(self):
        X, y, *_ = numbers()
        model = SGDRegressor(**FEW_EPOCHS).fit(X, y).partial_fit(X, y)
        assert (model.n_iter_, model.t_, len(model.history_)) == (1, 6 * len(X) + 1, 6)

    def test_partial_fit_keeps_the_first_dtype(self):
        X, y, *_ = classes()
        model = SGDClassifier().partial_fit(X.astype("f"), y, classes=[0, 1])
        model.partial_fit(X, y)
        assert model.coef_.dtype == np.float32

    def test_partial_fit_refuses_unknown_labels(self):
        X, y, *_ = classes()
        model = SGDClassifier().partial_fit(X, y, classes=[0, 1])
        with pytest.raises(ValueError, match="not among the classes: 2"):
            model.partial_fit(X, y + 1)

    def test_a_warm_start_at_the_optimum_stays_there(self):
        X, y, *_ = numbers()
        model = SGDRegressor(alpha=0.1, warm_start=True, random_state=0).fit(X, y)
        before, epochs = model.history_[-1]["objective"], model.n_iter_
        model.fit(X, y)
        assert model.history_[0]["objective"] < model.history_.baseline["training_loss"]
        assert model.history_[-1]["objective"] == pytest.approx(before, rel=0.05)
        assert model.n_iter_ <= epochs

    def test_densify_and_sparsify(self):
        X, y, *_ = classes()
        model = SGDClassifier(penalty="l1", alpha=0.1, random_state=0).fit(X, y)
        expected = model.decision_function(X)
        model.sparsify()
        assert sp.issparse(model.coef_)
        np.testing.assert_array_equal(model.decision_function(X), expected)
        model.densify().partial_fit(X, y)


class TestChance:
    @pytest.mark.parametrize("n_classes", [2, 5])
    @pytest.mark.parametrize("n_threads", [2, 3])
    def test_the_number_of_threads_changes_no_bit(self, n_classes, n_threads):
        X, y, *_ = classes(4000, n_classes)
        parameters = {"random_state": 3, "early_stopping": True, "loss": "log_loss"}
        one = SGDClassifier(n_threads=1, **parameters).fit(X, y)
        more = SGDClassifier(n_threads=n_threads, **parameters).fit(X, y)
        assert one.coef_.tobytes() == more.coef_.tobytes()
        assert one.history_["objective"].tobytes() == more.history_["objective"].tobytes()

    def test_seeds(self):
        X, y, *_ = classes()
        fits = [SGDClassifier(**FEW_EPOCHS | {"random_state": s}).fit(X, y).coef_ for s in (0, 0, 1)]
        np.testing.assert_array_equal(fits[0], fits[1])
        assert not np.array_equal(fits[0], fits[2])

    def test_epochs_are_shuffled_differently(self):
        X, y, *_ = classes()
        model = SGDClassifier(learning_rate="constant", random_state=0)
        start = np.zeros((1, 10))
        first = model.fit(X, y, coef_init=start).history_
        ordered = SGDClassifier(learning_rate="constant", shuffle=False).fit(X, y).history_
        assert first["data_loss"][0] != ordered["data_loss"][0]

    def test_a_random_state_object_moves_on(self):
        X, y, *_ = classes()
        model = SGDClassifier(**FEW_EPOCHS | {"random_state": np.random.RandomState(0)})
        first = model.fit(X, y).coef_
        assert not np.array_equal(model.fit(X, y).coef_, first)


class TestBatches:
    def test_one_batch_is_gradient_descent(self):
        X, y, *_ = numbers()
        model = SGDRegressor(
            batch_size=10_000, learning_rate="constant", eta0=0.1, penalty=None, max_iter=3, tol=None
        ).fit(X, y)
        coef, intercept = np.zeros(10), 0.0
        for _ in range(3):
            residual = X @ coef + intercept - y
            coef, intercept = coef - 0.1 * X.T @ residual / len(X), intercept - 0.1 * residual.mean()
        np.testing.assert_allclose(model.coef_, coef, rtol=1e-10)
        np.testing.assert_allclose(model.intercept_, intercept, rtol=1e-10)

    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_batches_learn(self, n_classes):
        X, y, X_val, y_val = classes(2000, n_classes)
        single = SGDClassifier(loss="log_loss", alpha=0.01, random_state=0).fit(X, y)
        batches = SGDClassifier(loss="log_loss", alpha=0.01, random_state=0, batch_size=16).fit(X, y)
        assert batches.score(X_val, y_val) > single.score(X_val, y_val) - 0.03


def test_probabilities_are_calibrated_on_average():
    X, y, X_val, y_val = classes(4000)
    model = SGDClassifier(loss="log_loss", alpha=0.01, average=True, random_state=0).fit(X, y)
    assert log_loss(y_val, model.predict_proba(X_val)) < log_loss(y_val, np.full(len(y_val), 0.5))


def test_probabilities_disappear_with_other_losses():
    model = SGDClassifier(loss="hinge")
    assert not hasattr(model, "predict_proba")
    assert not hasattr(model, "predict_log_proba")
    assert hasattr(model.set_params(loss="modified_huber"), "predict_proba")


def test_probabilities_of_a_sample_no_class_wants_are_uniform():
    X = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    model = SGDClassifier(loss="modified_huber", random_state=0).fit(X, [0, 1, 2])
    model.intercept_[:] = -100.0
    np.testing.assert_array_equal(model.predict_proba(X), np.full((3, 3), 1 / 3))


class TestLargeTablesThatHoldNoNumber:
    """They are not searched beforehand: training itself comes upon what is no number, wherever it stands."""

    LOSSES = ("hinge", "log_loss", "modified_huber", "squared_hinge", "perceptron", "huber", "epsilon_insensitive")

    @pytest.fixture
    def table(self):
        rng = np.random.default_rng(0)
        return rng.standard_normal((1200, 230), dtype=np.float32) / 15, rng.integers(0, 3, 1200)

    def refuses(self, model, table, value, n_classes=2):
        X, y = table[0].copy(), np.minimum(table[1], n_classes - 1)
        X[1001, 17] = value
        with pytest.raises(ValueError, match="Input X contains " + ("NaN" if np.isnan(value) else "infinity")):
            model.fit(X, y)
        assert not hasattr(model, "coef_")

    @pytest.mark.parametrize("value", [np.nan, np.inf])
    @pytest.mark.parametrize("n_classes", [2, 3])
    @pytest.mark.parametrize("loss", LOSSES)
    def test_any_loss(self, table, loss, n_classes, value):
        self.refuses(SGDClassifier(loss=loss, **FEW_EPOCHS), table, value, n_classes)

    @pytest.mark.parametrize("n_classes", [2, 3])
    @pytest.mark.parametrize(
        "options",
        [
            {"penalty": "l1", "average": True},
            {"batch_size": 7},
            {"learning_rate": "pa1", "eta0": 1.0},
            {"multi_class": "multinomial", "loss": "log_loss"},
            {"optimizer": "ftrl", "eta0": 0.1, "penalty": "l1"},
            {"clip_value": 0.1},
            {"on_divergence": "back_off"},
            {"early_stopping": True},
        ],
        ids=str,
    )
    def test_any_way_of_training(self, table, options, n_classes):
        self.refuses(SGDClassifier(**FEW_EPOCHS | options), table, np.nan, n_classes)

    def test_regression(self, table):
        self.refuses(SGDRegressor(**FEW_EPOCHS), table, np.nan)

    def test_rows_that_weigh_nothing(self, table):
        X, y = table[0].copy(), table[1] > 0
        X[3] = np.nan
        with pytest.raises(ValueError, match="Input X contains NaN"):
            SGDClassifier(**FEW_EPOCHS).fit(X, y, sample_weight=(np.arange(1200) != 3).astype(float))
