# SPDX-License-Identifier: BSD-3-Clause
"""Optimisers, schedules, the softmax and the guard, as users of the SGD estimators meet them."""

from typing import ClassVar

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import minimize
from scipy.special import logsumexp
from sklearn.datasets import make_classification, make_regression
from sklearn.exceptions import ConvergenceWarning

from schuss.diagnosis import diagnose
from schuss.linear_model import SGDClassifier, SGDRegressor
from schuss.persistence import from_bytes, to_bytes

OPTIMIZERS = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "ftrl"]
FEW_EPOCHS = {"max_iter": 3, "tol": None, "random_state": 0}


def classes(n_classes=3, n=300, sparse=False):
    X, y = make_classification(n, 12, n_informative=8, n_classes=n_classes, flip_y=0.1, random_state=0)
    X[np.abs(X) < 0.5] = 0.0
    return (sp.csr_matrix(X) if sparse else X), y


def numbers(n=300):
    X, y = make_regression(n, 8, noise=5.0, random_state=0)
    return X, y / y.std()


def softmax_objective(X, y, alpha, intercept=True):
    """The mean cross-entropy with penalties, as a function of (k, d + 1) parameters."""
    k, one = y.max() + 1, np.column_stack([X, np.full(len(X), float(intercept))])

    def value(flat):
        w = flat.reshape(k, -1)
        z = one @ w.T
        loss = np.mean(logsumexp(z, axis=1) - z[np.arange(len(y)), y])
        return loss + alpha / 2 * np.sum(w[:, :-1] ** 2)

    def gradient(flat):
        w = flat.reshape(k, -1)
        z = one @ w.T
        p = np.exp(z - logsumexp(z, axis=1, keepdims=True))
        p[np.arange(len(y)), y] -= 1
        g = p.T @ one / len(y)
        g[:, :-1] += alpha * w[:, :-1]
        return g.ravel()

    return value, gradient


class TestSoftmax:
    parameters: ClassVar = {"loss": "log_loss", "multi_class": "multinomial", "random_state": 0}

    @pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
    @pytest.mark.parametrize("optimizer", ["sgd", "adam"])
    def test_finds_the_optimum(self, optimizer, sparse):
        X, y = classes(4)
        intercept = not (sparse and optimizer == "sgd")  # whose steps are a hundredth of the others
        value, gradient = softmax_objective(X, y, 0.01, intercept)
        best = minimize(value, np.zeros(4 * 13), jac=gradient, method="L-BFGS-B", options={"gtol": 1e-8, "ftol": 1e-15})
        assert np.abs(best.jac).max() < 1e-5
        steps = {"learning_rate": "constant", "eta0": 0.02, "batch_size": 8, "average": 5000}
        steps["fit_intercept"] = intercept
        model = SGDClassifier(optimizer=optimizer, alpha=0.01, max_iter=300, tol=None, **self.parameters, **steps).fit(
            sp.csr_matrix(X) if sparse else X, y
        )
        reached = value(np.column_stack([model.coef_, model.intercept_]).ravel())
        assert 0.0 <= reached - best.fun < 2e-3

    def test_probabilities_are_the_softmax_of_the_scores(self):
        X, y = classes(5)
        model = SGDClassifier(max_iter=5, tol=None, alpha=0.01, **self.parameters).fit(X, y)
        z = model.decision_function(X)
        p = model.predict_proba(X)
        np.testing.assert_allclose(p, np.exp(z - logsumexp(z, axis=1, keepdims=True)), rtol=1e-10)
        np.testing.assert_array_equal(model.predict(X), p.argmax(axis=1))
        np.testing.assert_allclose(model.predict_log_proba(X), np.log(p))

    def test_two_classes_make_no_difference(self):
        X, y = classes(2)
        one, two = (
            SGDClassifier(**FEW_EPOCHS | {"loss": "log_loss", "multi_class": m}).fit(X, y)
            for m in ("ovr", "multinomial")
        )
        np.testing.assert_array_equal(one.coef_, two.coef_)
        np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))

    def test_class_weights_are_those_of_the_rows(self):
        X, y = classes(3)
        weights = {0: 2.0, 1: 0.5, 2: 1.0}
        by_class = SGDClassifier(max_iter=3, tol=None, class_weight=weights, **self.parameters).fit(X, y)
        by_row = SGDClassifier(max_iter=3, tol=None, **self.parameters).fit(
            X, y, sample_weight=np.array([weights[c] for c in y])
        )
        np.testing.assert_allclose(by_class.coef_, by_row.coef_, rtol=1e-12)

    @pytest.mark.parametrize("early_stopping", [False, True])
    def test_all_classes_stop_together(self, early_stopping):
        X, y = classes(3, n=900)
        model = SGDClassifier(alpha=0.01, early_stopping=early_stopping, **self.parameters).fit(X, y)
        assert model.stop_reason_ == ("no_improvement" if early_stopping else "converged")
        assert model.history_["objective"][-1] < model.history_.baseline["training_loss"]
        assert diagnose(model).label != "diverged"
        if early_stopping:
            assert model.best_iteration_ == np.argmax(model.history_["validation_score"])

    def test_needs_its_loss(self):
        with pytest.raises(ValueError, match="only works with loss 'log_loss'"):
            SGDClassifier(multi_class="multinomial").fit(*classes())


class TestOptimizers:
    @pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
    @pytest.mark.parametrize("multi_class", ["ovr", "multinomial"])
    @pytest.mark.parametrize("optimizer", OPTIMIZERS)
    def test_an_interrupted_training_is_the_same_training(self, optimizer, multi_class, sparse):
        """Three calls of partial_fit, with the model stored in a file in between, are a fit of three epochs."""
        X, y = classes(3, sparse=sparse)
        parameters = {"loss": "log_loss", "optimizer": optimizer, "multi_class": multi_class, "random_state": 0,
                      "penalty": "elasticnet", "average": 5, "batch_size": 7, "clip_norm": 1.0}  # fmt: skip
        whole = SGDClassifier(max_iter=3, tol=None, **parameters).fit(X, y)
        parts = SGDClassifier(**parameters)
        for _ in range(3):
            parts = from_bytes(to_bytes(parts.partial_fit(X, y, classes=[0, 1, 2])))[0]
        np.testing.assert_array_equal(parts.coef_, whole.coef_)
        np.testing.assert_array_equal(parts.intercept_, whole.intercept_)
        np.testing.assert_array_equal(parts.history_["objective"], whole.history_["objective"])

    @pytest.mark.parametrize("optimizer", OPTIMIZERS[1:])
    def test_a_regression_finds_its_optimum(self, optimizer):
        X, y = numbers()
        rate = {"adagrad": 0.5, "ftrl": 0.5, "adam": 0.01, "adamw": 0.01, "rmsprop": 0.005}.get(optimizer, 0.002)
        alpha = 0.0 if optimizer == "adamw" else 0.01  # its decay is not the objective's
        model = SGDRegressor(
            optimizer=optimizer, learning_rate="constant", eta0=rate, alpha=alpha, average=5000, batch_size=4,
            max_iter=150, tol=None, random_state=0,
        ).fit(X, y)  # fmt: skip
        one = np.column_stack([X, np.ones(len(X))])
        ridge = alpha * len(X) * np.diag(np.append(np.ones(8), 0.0))
        exact = np.linalg.solve(one.T @ one + ridge, one.T @ y)

        def objective(w):
            return np.mean((one @ w - y) ** 2) / 2 + alpha / 2 * np.sum(w[:-1] ** 2)

        reached = objective(np.append(model.coef_, model.intercept_))
        assert 0.0 <= reached - objective(exact) < 2e-3 * objective(exact) + 1e-5

    def test_adaptive_steps_do_not_mind_how_columns_are_scaled(self):
        X, y = numbers()
        scale = 10.0 ** np.linspace(-2, 2, 8)
        parameters = {"optimizer": "adagrad", "eps": 1e-30, "penalty": None, "max_iter": 5, "tol": None}
        parameters |= {"learning_rate": "constant", "random_state": 0, "fit_intercept": False, "eta0": 0.1}
        plain = SGDRegressor(**parameters).fit(X, y, coef_init=np.zeros(8))
        assert plain.score(X, y) > 0.9
        # A single column: its weight's step is eta * sign of the gradient, whatever the unit.
        for s in (1e-3, 1e3):
            one = SGDRegressor(**parameters | {"max_iter": 1, "batch_size": 300}).fit(X[:, :1] * s, y)
            assert abs(one.coef_[0]) == pytest.approx(0.1)
        assert np.isfinite(SGDRegressor(**parameters).fit(X * scale, y).coef_).all()

    def test_ftrl_has_exact_zeros(self):
        X, y = numbers(600)
        X = np.column_stack([X, np.random.default_rng(0).standard_normal((600, 20))])
        model = SGDRegressor(optimizer="ftrl", eta0=0.5, penalty="l1", alpha=0.05, random_state=0, max_iter=30,
                             tol=None).fit(X, y)  # fmt: skip
        assert np.mean(model.coef_[8:] == 0.0) > 0.7
        assert np.mean(model.coef_[:8] != 0.0) > 0.5

    def test_ftrl_starts_where_it_is_told_and_may_change_its_rate(self):
        X, y = numbers()
        start = np.linspace(-1, 1, 8)
        parameters = {"optimizer": "ftrl", "penalty": None, "random_state": 0}
        model = SGDRegressor(eta0=1e-6, **FEW_EPOCHS | parameters).fit(X, y, coef_init=start)
        np.testing.assert_allclose(model.coef_, start, atol=1e-2)
        trained = SGDRegressor(eta0=0.5, **parameters).partial_fit(X, y)
        before = trained.coef_.copy()
        trained.set_params(eta0=1e-9).partial_fit(X, y)
        np.testing.assert_allclose(trained.coef_, before, atol=1e-5)

    def test_a_warm_start_keeps_the_moments(self):
        X, y = numbers()
        model = SGDRegressor(optimizer="adam", warm_start=True, **FEW_EPOCHS).fit(X, y)
        moments, steps = model._optimizer_second.copy(), model._optimizer_steps
        model.fit(X, y)
        assert model._optimizer_steps == 2 * steps == 6 * len(X)
        assert np.any(model._optimizer_second != moments)
        model.set_params(optimizer="sgd").fit(X, y)
        assert not hasattr(model, "_optimizer_second")

    @pytest.mark.parametrize("limit", [{"clip_norm": 0.1}, {"clip_value": 0.1}])
    def test_clipping_bounds_a_step(self, limit):
        X, y = numbers()
        model = SGDRegressor(
            learning_rate="constant", eta0=1.0, penalty=None, max_iter=1, tol=None, batch_size=300, **limit
        ).fit(X, y * 1e6)
        step = np.append(model.coef_, model.intercept_)
        size = np.linalg.norm(step) if "clip_norm" in limit else np.abs(step).max()
        assert size == pytest.approx(0.1)

    @pytest.mark.parametrize("optimizer", ["adam", "ftrl"])
    @pytest.mark.parametrize("n_threads", [2, 3])
    def test_the_number_of_threads_changes_no_bit(self, optimizer, n_threads):
        X, y = classes(5, n=800)
        parameters = FEW_EPOCHS | {"optimizer": optimizer}
        one, more = (SGDClassifier(n_threads=n, **parameters).fit(X, y) for n in (1, n_threads))
        assert one.coef_.tobytes() == more.coef_.tobytes()

    def test_single_precision_stays(self):
        X, y = classes()
        model = SGDClassifier(optimizer="adam", **FEW_EPOCHS).fit(X.astype(np.float32), y)
        assert model.coef_.dtype == model._optimizer_first.dtype == np.float32

    @pytest.mark.parametrize(
        ("parameters", "message"),
        [
            ({"optimizer": "adam", "learning_rate": "pa1"}, "a step size of its own"),
            ({"clip_norm": 1.0, "learning_rate": "pa2"}, "a step size of its own"),
            ({"optimizer": "ftrl", "learning_rate": "cosine"}, "lowers its learning rates by itself"),
            ({"optimizer": "ftrl", "warmup": 1}, "lowers its learning rates by itself"),
            ({"optimizer": "Adam"}, "'optimizer' parameter"),
            ({"beta_1": 1.0}, "'beta_1' parameter"),
        ],
    )
    def test_what_does_not_go_together(self, parameters, message):
        with pytest.raises(ValueError, match=message):
            SGDClassifier(**parameters).fit(*classes())


class TestSchedules:
    @pytest.mark.parametrize("optimizer", ["sgd", "adam"])
    @pytest.mark.parametrize(
        ("rate", "expected"),
        [
            ("cosine", lambda p: 0.5 * (1 + np.cos(np.pi * p))),
            ("one_cycle", lambda p: np.where(p < 0.3, 0.04 + 0.48 * (1 - np.cos(np.pi * p / 0.3)),
                                             4e-6 + 0.499998 * (1 + np.cos(np.pi * (p - 0.3) / 0.7)))),
        ],
    )  # fmt: skip
    def test_rates_are_recorded(self, optimizer, rate, expected):
        X, y = numbers()
        model = SGDRegressor(learning_rate=rate, optimizer=optimizer, eta0=0.1, max_iter=10, tol=None).fit(X, y)
        progress = np.arange(1, 11) / 10
        np.testing.assert_allclose(model.history_["learning_rate"], 0.1 * expected(progress), atol=1e-9)

    def test_warmup(self):
        X, y = numbers()
        model = SGDRegressor(learning_rate="constant", warmup=4, eta0=0.1, max_iter=6, tol=None).fit(X, y)
        expected = 0.1 * np.minimum(1.0, np.arange(1, 7) / 4)
        np.testing.assert_allclose(model.history_["learning_rate"], expected, rtol=4e-3)

    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_a_plateau_lowers_the_rate_before_training_stops(self, n_classes):
        X, y = classes(n_classes, n=600)
        steady = SGDClassifier(learning_rate="constant", eta0=0.5, random_state=0).fit(X, y)
        model = SGDClassifier(learning_rate="plateau", eta0=0.5, random_state=0).fit(X, y)
        rates = model.history_["learning_rate"]
        assert model.stop_reason_ == "converged"
        assert rates[-1] < rates[0]
        assert model.history_["objective"][-1] < steady.history_["objective"][-1]

    def test_a_cosine_ends_calmer_than_a_constant(self):
        X, y = numbers()
        ends = [
            SGDRegressor(learning_rate=rate, eta0=0.02, max_iter=30, tol=None, random_state=0).fit(X, y).score(X, y)
            for rate in ("constant", "cosine")
        ]
        assert ends[1] > ends[0]


class TestGuard:
    wild: ClassVar = {"learning_rate": "constant", "eta0": 30.0, "random_state": 0, "max_iter": 60}

    def test_raising_stays_the_default(self):
        X, y = numbers()
        with pytest.raises(ValueError, match="Floating-point under-/overflow occurred at epoch #1"):
            SGDRegressor(**self.wild).fit(X * 1e300, y, coef_init=np.full(8, 0.5))

    @pytest.mark.parametrize("parameters", [{}, {"penalty": "l1"}, {"batch_size": 8}, {"average": True}])
    def test_backs_off_until_it_learns(self, parameters):
        X, y = numbers()
        with pytest.warns(ConvergenceWarning, match="Training ran away"):
            model = SGDRegressor(on_divergence="back_off", **self.wild, **parameters).fit(X, y)
        assert model.score(X, y) > 0.9
        assert model.history_["back_offs"][-1] >= 2
        assert model.history_["learning_rate"][-1] < 2.0
        verdict = diagnose(model)
        assert verdict.label != "diverged"
        assert any(one.name == "back_offs" for one in verdict.evidence)

    @pytest.mark.parametrize("optimizer", ["momentum", "ftrl"])
    def test_goes_back_to_the_last_good_epoch(self, optimizer):
        """What ran away leaves no trace: the parameters are those from which the smaller steps went on."""
        X, y = numbers()
        model = SGDRegressor(optimizer=optimizer, on_divergence="back_off", random_state=0, eta0=0.001).partial_fit(
            X, y
        )
        good = model.coef_.copy()
        bad = X.copy()
        bad[5, 2] = 1e200
        with pytest.warns(ConvergenceWarning, match="gave up; the parameters are those of the last good epoch"):
            model.partial_fit(bad, y)
        assert model.stop_reason_ == "diverged"
        np.testing.assert_array_equal(model.coef_, good)
        assert diagnose(model).label == "diverged"
        model.partial_fit(X, y)  # and it can go on
        assert np.isfinite(model.coef_).all()

    def test_an_explosion_counts_before_numbers_end(self):
        X, y = numbers()
        parameters = {"learning_rate": "constant", "eta0": 0.28, "random_state": 0, "max_iter": 3, "tol": None}
        loose = SGDRegressor(**parameters).fit(X, y).history_["objective"]
        assert loose.max() > 1e6  # finite, and hopeless
        with pytest.warns(ConvergenceWarning, match="ran away"):
            model = SGDRegressor(on_divergence="back_off", **parameters).fit(X, y)
        assert model.history_["objective"].max() < 1e6


def test_averages_of_sparse_rows_are_those_of_dense_ones():
    """With every column in every row there is nothing to wait for."""
    X, y = numbers()
    parameters = FEW_EPOCHS | {"optimizer": "adagrad", "penalty": "elasticnet", "average": 50}
    dense, sparse = (SGDRegressor(**parameters).fit(table, y) for table in (X, sp.csr_matrix(X)))
    assert np.all(X != 0.0)
    assert dense.coef_.shape == sparse.coef_.shape
    shuffled = {"shuffle": False} | parameters
    dense, sparse = (SGDRegressor(**shuffled).fit(table, y) for table in (X, sp.csr_matrix(X)))
    np.testing.assert_allclose(sparse.coef_, dense.coef_, rtol=1e-9)
