# SPDX-License-Identifier: BSD-3-Clause
"""What SGD estimators record, why they stop, and what they return to."""

import time
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sgd_tables import FEW_EPOCHS, classes, numbers
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import hinge_loss, r2_score

from schuss.linear_model import SGDClassifier, SGDRegressor
from schuss.linear_model._sgd import setup, solver
from schuss.training import StopReason


class TestHistory:
    def test_a_record_per_epoch(self):
        X, y, *_ = classes()
        model = SGDClassifier(**FEW_EPOCHS).fit(X, y)
        assert len(model.history_) == model.n_iter_ == 5
        expected = ("data_loss", "penalty", "objective", "learning_rate", "seconds")
        assert model.history_.columns == expected
        for column in expected:
            assert np.isfinite(model.history_[column]).all()

    def test_data_loss_is_the_mean_before_each_update(self):
        X, y, *_ = numbers()
        model = SGDRegressor(max_iter=1, tol=None, shuffle=False, learning_rate="constant").fit(X, y)
        coef, intercept, losses = np.zeros(10), 0.0, []
        for x, target in zip(X, y, strict=True):
            residual = x @ coef + intercept - target
            losses.append(0.5 * residual**2)
            coef = coef * (1 - 0.01 * 1e-4) - 0.01 * residual * x
            intercept -= 0.01 * residual
        assert model.history_[0]["data_loss"] == pytest.approx(np.mean(losses))

    @pytest.mark.parametrize("n_classes", [2, 3])
    @pytest.mark.parametrize(
        ("penalty", "l1", "l2"), [("l2", 0, 1), ("l1", 1, 0), ("elasticnet", 0.15, 0.85), (None, 0, 0)]
    )
    def test_objective_is_loss_plus_penalty(self, penalty, l1, l2, n_classes):
        X, y, *_ = classes(n_classes=n_classes)
        model = SGDClassifier(penalty=penalty, alpha=0.01, **FEW_EPOCHS).fit(X, y)
        last = model.history_[-1]
        expected = 0.01 * (l1 * np.abs(model.coef_).sum() + l2 * 0.5 * (model.coef_**2).sum())
        assert last["penalty"] == pytest.approx(expected)
        assert last["objective"] == last["data_loss"] + last["penalty"]

    @pytest.mark.parametrize(
        ("rate", "expected"),
        [
            ("constant", lambda t: 0.1),
            ("invscaling", lambda t: 0.1 / t**0.5),
            ("optimal", lambda t: 1 / (0.01 * (1 / (0.01**-0.25 * 0.01) + t - 1))),
        ],
    )
    def test_learning_rate_at_the_end_of_each_epoch(self, rate, expected):
        X, y, *_ = classes()
        model = SGDClassifier(learning_rate=rate, eta0=0.1, alpha=0.01, **FEW_EPOCHS).fit(X, y)
        ends = [expected(1 + (i + 1) * len(X)) for i in range(5)]
        np.testing.assert_allclose(model.history_["learning_rate"], ends)

    def test_the_adaptive_rate_falls(self):
        X, y, *_ = classes()
        model = SGDClassifier(learning_rate="adaptive", eta0=0.1, random_state=0).fit(X, y)
        rates = model.history_["learning_rate"]
        assert rates[0] == 0.1
        assert rates[-1] < 1e-6
        steps = rates[1:] / rates[:-1]
        assert set(np.round(steps, 6)) == {1.0, 0.2}
        assert model.stop_reason_ == "converged"

    def test_seconds_add_up(self):
        X, y, *_ = classes()
        start = time.perf_counter()
        model = SGDClassifier(**FEW_EPOCHS).fit(X, y)
        assert 0 < model.history_["seconds"].sum() < time.perf_counter() - start

    def test_baseline_is_the_best_constant(self):
        X, y, X_val, y_val = numbers()
        model = SGDRegressor(**FEW_EPOCHS).fit(X, y, X_val=X_val, y_val=y_val)
        assert model.history_.baseline == pytest.approx(
            {
                "training_loss": 0.5 * y.var(),
                "validation_loss": 0.5 * np.mean((y_val - y.mean()) ** 2),
                "training_score": 0.0,
                "training_samples": min(len(y), len(y_val)),
                "validation_samples": len(y_val),
            }
        )

    def test_fit_starts_a_new_history(self):
        X, y, *_ = classes()
        model = SGDClassifier(warm_start=True, **FEW_EPOCHS).fit(X, y)
        first = model.history_
        model.fit(X, y)
        assert len(first) == len(model.history_) == 5
        assert model.history_ is not first

    def test_verbose_prints_a_line_per_epoch(self, capsys):
        X, y, *_ = classes()
        SGDClassifier(verbose=1, **FEW_EPOCHS).fit(X, y)
        lines = capsys.readouterr().out.splitlines()
        assert len(lines) == 5
        assert all("loss" in line for line in lines)


class TestValidation:
    def test_curves_of_classes(self):
        X, y, X_val, y_val = classes()
        model = SGDClassifier(loss="log_loss", **FEW_EPOCHS).fit(X, y, X_val=X_val, y_val=y_val)
        last = model.history_[-1]
        assert last["validation_score"] == pytest.approx(model.score(X_val, y_val))
        assert last["training_score"] == pytest.approx(model.score(X, y))
        # via the decision function: saturated probabilities would be clipped
        for part, rows, labels in [("validation", X_val, y_val), ("training", X, y)]:
            z = model.decision_function(rows)
            expected = np.mean(np.logaddexp(0, z) - labels * z)
            assert last[f"{part}_loss"] == pytest.approx(expected)

    def test_curves_of_numbers(self):
        X, y, X_val, y_val = numbers()
        weight = np.random.default_rng(0).random(len(y_val))
        model = SGDRegressor(**FEW_EPOCHS)
        model.fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=weight)
        last, z = model.history_[-1], model.predict(X_val)
        expected = np.average(0.5 * (y_val - z) ** 2, weights=weight)
        assert last["validation_loss"] == pytest.approx(expected)
        assert last["validation_score"] == pytest.approx(r2_score(y_val, z, sample_weight=weight))

    def test_several_classes_sum_their_losses(self):
        X, y, X_val, y_val = classes(n_classes=3)
        model = SGDClassifier(**FEW_EPOCHS).fit(X, y, X_val=X_val, y_val=y_val)
        z = model.decision_function(X_val)
        each = [hinge_loss(y_val == k, z[:, k]) for k in range(3)]
        assert model.history_[-1]["validation_loss"] == pytest.approx(sum(each))
        assert model.history_[-1]["validation_score"] == pytest.approx(model.score(X_val, y_val))

    def test_curves_alone_change_nothing(self):
        X, y, X_val, y_val = classes()
        plain = SGDClassifier(random_state=0).fit(X, y)
        with_curves = SGDClassifier(random_state=0).fit(X, y, X_val=X_val, y_val=y_val)
        np.testing.assert_array_equal(plain.coef_, with_curves.coef_)
        assert not hasattr(plain, "best_iteration_")
        scores = with_curves.history_["validation_score"]
        assert scores[with_curves.best_iteration_] == scores.max()

    def test_training_curve_uses_no_more_rows_than_the_validation_curve(self, monkeypatch):
        sizes = []

        class Spy(setup.Evaluator):
            def __init__(self, X, *rest, **options):
                sizes.append(X.shape[0])
                super().__init__(X, *rest, **options)

        monkeypatch.setattr(setup, "Evaluator", Spy)
        X, y, X_val, y_val = classes()
        SGDClassifier(**FEW_EPOCHS).fit(X, y, X_val=X_val[:40], y_val=y_val[:40])
        assert sizes == [40, 40]

    @pytest.mark.parametrize("kind", ["list", "csr", "float32"])
    def test_validation_data_is_converted(self, kind):
        X, y, X_val, y_val = classes()
        other = {"list": X_val.tolist(), "csr": sp.csr_array(X_val), "float32": X_val.astype("f")}
        model = SGDClassifier(**FEW_EPOCHS).fit(X, y, X_val=other[kind], y_val=y_val.tolist())
        assert model.history_[-1]["validation_score"] == pytest.approx(model.score(X_val, y_val))

    @pytest.mark.parametrize(
        ("broken", "message"),
        [
            ({"X_val": np.zeros((3, 10))}, "y_val was not provided"),
            ({"X_val": np.zeros((3, 9)), "y_val": [0, 1, 0]}, "9 features"),
            ({"X_val": np.full((3, 10), np.nan), "y_val": [0, 1, 0]}, "NaN"),
            ({"X_val": np.zeros((3, 10)), "y_val": [0, 1]}, "inconsistent"),
            ({"X_val": np.zeros((3, 10)), "y_val": [0, 1, 7]}, "not among the classes: 7"),
        ],
    )
    def test_broken_validation_data(self, broken, message):
        X, y, *_ = classes()
        with pytest.raises(ValueError, match=message):
            SGDClassifier(**FEW_EPOCHS).fit(X, y, **broken)


class TestEarlyStopping:
    def noisy(self):
        """Few rows, many columns: the validation score falls again."""
        X, y = make_classification(300, 100, n_informative=5, flip_y=0.3, random_state=1)
        return X[:120], y[:120], X[120:], y[120:]

    @pytest.mark.parametrize("given", [False, True])
    def test_the_best_parameters_come_back(self, given):
        X, y, X_val, y_val = self.noisy()
        validation = {"X_val": X_val, "y_val": y_val} if given else {}
        model = SGDClassifier(loss="log_loss", early_stopping=True, random_state=0)
        model.fit(X, y, **validation)
        scores = model.history_["validation_score"]
        assert model.stop_reason_ == "no_improvement"
        assert model.best_iteration_ < model.n_iter_ - 1
        assert scores[model.best_iteration_] == scores.max() > scores[-1]
        if given:
            assert model.score(X_val, y_val) == pytest.approx(scores.max())

    def test_given_data_is_not_split_off(self):
        X, y, X_val, y_val = self.noisy()
        parameters = {"random_state": 0, "shuffle": False, "learning_rate": "constant", "max_iter": 1}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            stopping = SGDClassifier(early_stopping=True, **parameters)
            stopping.fit(X, y, X_val=X_val, y_val=y_val)
            plain = SGDClassifier(**parameters).fit(X, y)
        np.testing.assert_array_equal(stopping.coef_, plain.coef_)

    def test_best_of_an_averaged_model(self):
        X, y, X_val, y_val = self.noisy()
        model = SGDClassifier(early_stopping=True, average=True, random_state=0)
        model.fit(X, y, X_val=X_val, y_val=y_val)
        best = model.history_["validation_score"].max()
        assert model.score(X_val, y_val) == pytest.approx(best)

    def test_each_class_stops_on_its_own(self):
        X, y, X_val, y_val = classes(n_classes=4)
        model = SGDClassifier(early_stopping=True, n_iter_no_change=3, random_state=0)
        model.fit(X, y, X_val=X_val, y_val=y_val)
        assert model.stop_reason_ == "no_improvement"
        best = model.history_["validation_score"].max()
        assert model.score(X_val, y_val) == pytest.approx(best)

    def test_the_adaptive_rate_waits_for_the_score(self):
        X, y, X_val, y_val = self.noisy()
        model = SGDClassifier(early_stopping=True, learning_rate="adaptive", eta0=0.1, random_state=0).fit(
            X, y, X_val=X_val, y_val=y_val
        )
        assert model.history_["learning_rate"][-1] < 1e-6
        assert model.stop_reason_ == "no_improvement"


class TestStopReasons:
    def test_converged(self):
        X, y, *_ = classes()
        model = SGDClassifier(random_state=0).fit(X, y)
        assert model.stop_reason_ == StopReason.CONVERGED == "converged"
        assert type(model.stop_reason_) is str

    def test_max_iter_warns(self):
        X, y, *_ = classes()
        with pytest.warns(ConvergenceWarning, match="Maximum number of iteration"):
            model = SGDClassifier(max_iter=2, random_state=0).fit(X, y)
        assert (model.stop_reason_, model.n_iter_) == ("max_iter", 2)

    def test_max_time(self):
        X, y, *_ = classes(20_000)
        start = time.perf_counter()
        model = SGDClassifier(max_time=0.2, max_iter=10**9, tol=None).fit(X, y)
        assert 0.2 <= time.perf_counter() - start < 2.0
        assert model.stop_reason_ == "max_time"
        assert model.n_iter_ == len(model.history_) > 1

    def test_overflow_is_an_error(self):
        X, y, *_ = numbers()
        model = SGDRegressor(**FEW_EPOCHS)
        with pytest.raises(ValueError, match=r"Floating-point under-/overflow occurred at epoch #1\."):
            model.fit(X * 1e300, y, coef_init=np.full(10, 0.5))
        assert (model.stop_reason_, model.n_iter_, len(model.history_)) == ("diverged", 0, 0)
        np.testing.assert_array_equal(model.coef_, 0.5)

    @pytest.mark.parametrize("average", [False, True])
    @pytest.mark.parametrize(
        ("error", "raised", "reason"),
        [
            (FloatingPointError("inf"), ValueError, "diverged"),
            (KeyboardInterrupt(), KeyboardInterrupt, "interrupted"),
        ],
        ids=["overflow", "ctrl-c"],
    )
    def test_what_ends_an_epoch_leaves_the_one_before(self, monkeypatch, error, raised, reason, average):
        def ending(table, y, coef, *rest, epoch, **options):
            sums = sweep(table, y, coef, *rest, epoch=epoch, **options)
            if epoch == 2:
                coef[:] = np.nan
                if average:
                    options["average_coef"][:] = np.nan
                raise error
            return sums

        sweep = solver.kernels.sgd_sweep
        X, y, *_ = numbers()
        two = SGDRegressor(average=average, **FEW_EPOCHS | {"max_iter": 2}).fit(X, y)
        monkeypatch.setattr(solver.kernels, "sgd_sweep", ending)
        model = SGDRegressor(average=average, **FEW_EPOCHS)
        with pytest.raises(raised):
            model.fit(X, y)
        assert (model.stop_reason_, model.n_iter_, model.t_) == (reason, 2, two.t_)
        np.testing.assert_array_equal(model.coef_, two.coef_)
        np.testing.assert_array_equal(model.intercept_, two.intercept_)
        np.testing.assert_array_equal(model.history_["objective"], two.history_["objective"])
        model.predict(X)

    def test_time_limit_of_an_estimator_is_checked(self):
        with pytest.raises(ValueError, match="max_time"):
            SGDClassifier(max_time=-1).fit(*classes()[:2])
