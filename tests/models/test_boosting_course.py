# SPDX-License-Identifier: BSD-3-Clause
"""The course of gradient boosting: going on, stopping, what is recorded on the way, and what an end leaves."""

import numpy as np
import pytest
from boosting_cases import N, classes, classifier, missing, numbers, regressor, training_loss, with_categories
from sklearn import metrics
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import train_test_split

from schuss.diagnosis import diagnose


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


def test_training_on_takes_only_what_the_trees_before_know():
    X, y = classes(300)
    model = classifier(warm_start=True, categorical_features=[2], max_iter=3).fit(with_categories(X), y)
    before, X = model.predict_proba(with_categories(X)), with_categories(X)
    model.set_params(max_iter=5)
    with pytest.raises(ValueError, match="X has 4 features, but the trees to go on from were grown on 7"):
        model.fit(X[:, :4], y)
    with pytest.raises(ValueError, match=r"y has the classes \[0 1 2\], but the trees"):
        model.fit(X, np.arange(300) % 3)
    with pytest.raises(ValueError, match="other categories"):
        model.fit(X + 1.0, y)
    np.testing.assert_array_equal(model.predict_proba(X), before)


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
    with pytest.raises(ValueError, match="names that differ"):
        classifier(metrics=[metrics.f1_score, metrics.f1_score]).fit(X, y)


def test_metrics_of_two_classes_take_labels_of_any_kind():
    X, y = classes(300)
    names = ["f1", "average_precision", "brier", "roc_auc", "balanced_accuracy", "log_loss"]
    told = classifier(metrics=names, max_iter=2).fit(X, np.array(["no", "yes"])[y]).history_[-1]
    expected = classifier(metrics=names, max_iter=2).fit(X, y).history_[-1]
    assert all(told[f"training_{name}"] == expected[f"training_{name}"] for name in names)
    with pytest.raises(ValueError, match="'f1' is for two classes"):
        classifier(metrics="f1").fit(X, np.arange(300) % 3)


def test_a_metric_need_not_know_of_weights_that_there_are_not():
    X, y = numbers(100)

    def largest(y_true, y_pred):
        return np.abs(y_true - y_pred).max()

    model = regressor(metrics=largest, max_iter=2).fit(X, y)
    assert model.history_["training_largest"][-1] == largest(y, model.predict(X))


def test_early_stopping_needs_something_to_watch():
    X, y = numbers(300)

    def squares(y, raw):
        return raw - y, np.ones_like(y)

    with pytest.raises(ValueError, match="of which the loss function returned no value"):
        regressor(loss=squares, early_stopping=True).fit(X, y)
    assert regressor(loss=squares, early_stopping=True, scoring="r2").fit(X, y).n_iter_ == 12


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
