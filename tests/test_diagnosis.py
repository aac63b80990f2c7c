# SPDX-License-Identifier: BSD-3-Clause
"""The verdict on runs whose diagnosis is known, and its statistics on curves that hold nothing but noise."""

from __future__ import annotations

import json
import math
import warnings
from collections import Counter

import numpy as np
import pytest
from fitted_runs import FITTED
from made_runs import MADE, Run
from sklearn import datasets
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from schuss.diagnosis import Label, Verdict, diagnose
from schuss.diagnosis._curves import noise, rise, trend
from schuss.history import History
from schuss.linear_model import LassoCV, LogisticRegression, LogisticRegressionCV, Ridge, SGDClassifier, SGDRegressor

SEEDS = range(4)


def _verdict(run: Run) -> Verdict:
    return diagnose(run.history, stop_reason=run.stop_reason, kept_iteration=run.kept)


# -- the table ----------------------------------------------------------------------------


@pytest.mark.parametrize("make", [*MADE, *FITTED], ids=lambda make: make.__name__)
@pytest.mark.parametrize("seed_of_run", SEEDS)
@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")  # runs that diverge do
def test_verdict_is_what_a_practitioner_would_say(make, seed_of_run):
    run = make(np.random.default_rng(seed_of_run))
    verdict = _verdict(run)
    assert verdict.label == run.label, str(verdict)


def test_table_covers_every_label():
    labels = Counter(make(np.random.default_rng(0)).label for make in MADE)
    assert set(labels) == {label.value for label in Label}
    assert min(labels.values()) >= 2


# -- statistics ---------------------------------------------------------------------------


@pytest.mark.parametrize("n", [10, 30, 100, 1000])
@pytest.mark.parametrize("scale", [1e-3, 0.01, 0.1])
def test_flat_noise_is_neither_falling_nor_rising(n, scale):
    """Significance alone, before anything is held against what is material."""
    rng = np.random.default_rng(1)
    curves = [0.5 + scale * rng.standard_normal(n) for _ in range(200)]
    assert sum(trend(curve).is_falling for curve in curves) <= 0.1 * len(curves)
    assert sum(rise(curve).is_real for curve in curves) <= 0.05 * len(curves)


@pytest.mark.parametrize("n", [10, 30, 100, 1000])
def test_noise_is_measured_on_a_sloping_curve(n):
    rng = np.random.default_rng(2)
    measured = [noise(np.linspace(9.0, 1.0, n) + 0.1 * rng.standard_normal(n)) for _ in range(100)]
    assert np.median(measured) == pytest.approx(0.1, rel=0.15)


@pytest.mark.parametrize("scale", [0.0, 0.002])
def test_trend_foretells_a_straight_line(scale):
    curve = np.linspace(1.0, 0.0, 61) + scale * np.random.default_rng(3).standard_normal(61)
    going = trend(curve)
    assert going.is_falling
    assert going.span == 20
    assert going.gain == pytest.approx(20 / 60, abs=3 * going.error + 1e-9)


@pytest.mark.parametrize("curve", [0.5 ** np.arange(30.0), 1 / np.arange(1.0, 31)], ids=["geometric", "harmonic"])
def test_trend_foretells_what_is_left_of_a_bending_curve(curve):
    """A third is shown to foretell the next: right within a factor of two."""
    seen = curve[:20]
    going = trend(seen)
    truth = seen[-1] - (curve[19 + going.span] if 19 + going.span < 30 else curve[-1])
    assert truth / 2 <= going.gain <= 2 * truth


def test_trend_of_a_run_that_has_arrived_is_nil():
    newton = np.array([0.473, 0.332, 0.207, 0.1639, 0.1577, 0.1575])
    assert 0.0 <= trend(newton).gain < 1e-4


def test_rise_finds_the_lowest_point_under_noise():
    i = np.arange(100)
    curve = 0.3 + 1e-4 * (i - 40.0) ** 2 + 0.01 * np.random.default_rng(4).standard_normal(100)
    up = rise(curve)
    assert up.is_real
    assert abs(up.at - 40) <= 8
    assert up.amount == pytest.approx(1e-4 * 55**2, rel=0.25)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_short_curves_have_no_statistics_but_do_no_harm(n):
    curve = np.full(n, 0.5)
    assert not trend(curve).is_falling
    assert not rise(curve).is_real
    assert noise(curve) == 0.0


def test_outlier_does_not_turn_a_trend():
    curve = np.linspace(1.0, 0.4, 60)
    curve[55] = 50.0
    assert trend(curve).gain == pytest.approx(0.2, rel=0.3)


def test_long_histories_are_judged_quickly():
    n = 300_000
    curve = 0.3 + 0.3 / np.arange(1, n + 1)
    columns = {"objective": curve.tolist(), "training_loss": curve.tolist(), "validation_loss": curve.tolist()}
    history = History.from_dict({"n_records": n, "columns": columns, "baseline": {"training_loss": 0.7}})
    assert diagnose(history).label == "converged"


# -- what a verdict says ------------------------------------------------------------------


def test_evidence_holds_the_numbers():
    history = History(
        [{"objective": 0.3 + 0.4 * 0.5**i, "training_loss": 0.3, "validation_loss": 0.35} for i in range(20)],
        baseline={"training_loss": 0.7, "validation_loss": 0.7, "validation_samples": 400.0},
    )
    found = {item.name: item for item in diagnose(history).evidence}
    assert found["skill"].value == pytest.approx(4 / 7)
    assert "57%" in found["skill"].sentence
    assert found["gap"].value == pytest.approx(0.05)
    assert f"{math.sqrt(2) * 0.35 / 20:.1g}" in found["gap"].sentence
    assert found["rise"].value == 0.0
    assert found["rise"].sentence == "The validation loss, smoothed over 2 iterations, was lowest at its end."
    assert found["further_gain"].value == pytest.approx(0.0, abs=1e-4)


def test_the_lowest_validation_loss_is_named_as_what_it_is():
    def sentences(curve):
        return {item.name: item.sentence for item in diagnose(History.from_dict(_columns(curve))).evidence}

    few, many = [0.6, 0.4, 0.5, 0.52, 0.53], [0.6 - 0.3 * i / 20 if i < 20 else 0.3 for i in range(40)]
    assert "The validation loss was lowest at iteration 2 of 5 and ended 0.13 ±" in sentences(few)["rise"]
    assert "would leave the validation loss where it is ±" in sentences(many)["further_gain"]
    assert sentences([0.5])["gradient_norm"] == "The largest entry of the gradient is 0.25."


def _columns(curve):
    columns = dict.fromkeys(("objective", "training_loss", "validation_loss"), curve)
    return {
        "n_records": len(curve),
        "columns": {**columns, "gradient_norm": [0.25] * len(curve)},
        "baseline": {"training_loss": 0.7, "validation_loss": 0.7},
    }


def test_without_validation_it_says_what_cannot_be_judged():
    history = History([{"objective": 0.3 + 0.4 * 0.5**i} for i in range(20)])
    verdict = diagnose(history)
    assert "without validation data, overfitting cannot be judged" in verdict.summary
    assert "X_val" in verdict.advice


def test_sampling_error_decides_on_a_gap():
    columns = {"training_loss": 0.3, "validation_loss": 0.38}
    history = History([columns] * 10, baseline={"training_loss": 0.69, "validation_loss": 0.69})
    labels = {rows: diagnose(history, validation_samples=rows).label.value for rows in (20, 1_000_000)}
    assert labels == {20: "noise-limited", 1_000_000: "overfit"}
    assert diagnose(history).label == "overfit"  # a wide gap counts even if its error is unknown


def test_verdict_goes_through_json():
    for make in MADE:
        verdict = _verdict(make(np.random.default_rng(0)))
        text = json.dumps(verdict.to_dict(), allow_nan=False)
        assert Verdict.from_dict(json.loads(text)) == verdict


@pytest.mark.parametrize("damage", [{"label": "fine"}, {"label": []}, {"evidence": 3}, {"evidence": [{"name": "x"}]}])
def test_what_is_no_verdict_is_refused(damage):
    with pytest.raises(ValueError):
        Verdict.from_dict({})
    good = _verdict(MADE[0](np.random.default_rng(0))).to_dict()
    with pytest.raises(ValueError):
        Verdict.from_dict({**good, **damage})


def test_text_has_the_label_the_evidence_and_the_advice():
    verdict = _verdict(MADE[0](np.random.default_rng(0)))
    lines = str(verdict).splitlines()
    assert lines[0] == f"converged: {verdict.summary}"
    assert lines[-1] == f"  Advice: {verdict.advice}"
    assert [line[4:] for line in lines[1:-1]] == [item.sentence for item in verdict.evidence]


def test_nothing_to_judge_is_an_error():
    with pytest.raises(ValueError, match="no iteration was recorded"):
        diagnose(History())
    with pytest.raises(ValueError, match="no curve of the loss"):
        diagnose(History([{"seconds": 1.0}]))
    with pytest.raises(NotFittedError):
        diagnose(SGDClassifier())
    with pytest.raises(TypeError, match=r"Pipeline keeps no history_.* such as pipeline\[-1\]"):
        diagnose(make_pipeline(SGDClassifier()).fit([[0.0], [1.0]], [0, 1]))


def test_kept_iteration_must_be_there():
    with pytest.raises(ValueError, match="no iteration 3 in a history of 2"):
        diagnose(History([{"objective": 1.0}] * 2), kept_iteration=3)


def test_training_on_without_validation_data_is_judged_without_it():
    both = [{"objective": 0.3, "training_loss": 0.3, "validation_loss": 0.9}] * 10
    verdict = diagnose(History([*both, *[{"objective": 0.3}] * 10], baseline={"training_loss": 0.7}))
    assert verdict.label == "converged"
    assert "without validation data" in verdict.summary


def test_validation_loss_that_overflows_is_a_divergence():
    records = [{"objective": 0.3, "training_loss": 0.3, "validation_loss": value} for value in (0.4, 9e300, math.inf)]
    assert diagnose(History(records)).label == "diverged"


# -- estimators ---------------------------------------------------------------------------

REAL = [
    (datasets.load_breast_cancer, LogisticRegression(), "converged"),
    (datasets.load_breast_cancer, LogisticRegression(C=1e4), "overfit"),
    (datasets.load_breast_cancer, LogisticRegression(C=1e-4), "underfit"),
    (datasets.load_breast_cancer, SGDClassifier("log_loss", random_state=0), "noise-limited"),
    (datasets.load_digits, LogisticRegression(), "converged"),
    (datasets.load_digits, LogisticRegression(C=1e-4), "underfit"),
    (datasets.load_digits, SGDClassifier("log_loss", alpha=0.01, random_state=0), "converged"),
    (datasets.load_wine, LogisticRegression(), "converged"),
    (datasets.load_diabetes, Ridge(alpha=1e6), "underfit"),
    (
        datasets.load_diabetes,
        SGDRegressor(learning_rate="constant", eta0=1e-6, tol=None, max_iter=20),
        "still improving",
    ),
]


@pytest.mark.parametrize(("load", "model", "label"), REAL, ids=lambda value: getattr(value, "__name__", str(value)))
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_verdict_on_real_tables(load, model, label):
    X, y = load(return_X_y=True)
    X, X_val, y, y_val = train_test_split(StandardScaler().fit_transform(X), y, test_size=0.25, random_state=0)
    model = clone(model).fit(X, y, X_val=X_val, y_val=y_val)
    verdict = diagnose(model, training_samples=len(y), validation_samples=len(y_val))
    assert verdict.label == label, str(verdict)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_features_that_were_not_scaled():
    X, y = datasets.load_wine(return_X_y=True)
    verdict = diagnose(SGDClassifier("log_loss", random_state=0).fit(X, y))
    assert verdict.label == "diverged", str(verdict)
    assert verdict.advice.startswith("Scale the features (StandardScaler) and raise alpha (now 0.0001)")


@pytest.fixture(scope="module")
def blobs():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((3000, 10))
    y = (X @ rng.standard_normal(10) + 2.0 * rng.standard_normal(3000) > 0).astype(int)
    return X[:2000], y[:2000], X[2000:], y[2000:]


def test_advice_names_the_parameters_of_the_estimator(blobs):
    X, y, X_val, y_val = blobs
    weak = LogisticRegression(C=1e-4).fit(X, y, X_val=X_val, y_val=y_val)
    verdict = diagnose(weak)
    assert (verdict.label, verdict.advice[:7]) == ("underfit", "Raise C"), str(verdict)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_cut_short(blobs):
    X, y, X_val, y_val = blobs
    model = SGDClassifier("log_loss", learning_rate="constant", eta0=1e-5, max_iter=5, random_state=0)
    verdict = diagnose(model.fit(X, y, X_val=X_val, y_val=y_val))
    assert (verdict.label, verdict.advice) == ("still improving", "Raise max_iter (now 5)."), str(verdict)


def test_good_fit(blobs):
    X, y, X_val, y_val = blobs
    model = LogisticRegression().fit(X, y, X_val=X_val, y_val=y_val)
    assert diagnose(model).label == "converged", str(diagnose(model))


def test_few_rows_many_features(blobs):
    _, _, X_val, y_val = blobs
    rng = np.random.default_rng(1)
    wide, wide_val = rng.standard_normal((80, 60)), rng.standard_normal((len(X_val), 60))
    model = LogisticRegression(C=100.0).fit(wide, rng.integers(0, 2, 80), X_val=wide_val, y_val=y_val)
    assert diagnose(model).label == "overfit", str(diagnose(model))


def test_overflow():
    X = np.full((50, 2), 1e160)
    model = SGDClassifier("squared_error", learning_rate="constant", eta0=1e150, random_state=0)
    with pytest.raises(ValueError, match="overflow"):
        model.fit(X, np.arange(50) % 2)
    verdict = diagnose(model)
    assert (verdict.label, verdict.advice[:5]) == ("diverged", "Scale"), str(verdict)


def test_a_path_is_told_of_in_penalties():
    X, y = datasets.load_diabetes(return_X_y=True)
    chosen = diagnose(LassoCV(cv=3).fit(X, y))
    assert "penalty" in chosen.summary
    assert "was chosen" in chosen.summary
    sentences = [item.sentence for item in chosen.evidence]
    assert not any("iteration" in sentence for sentence in sentences)
    short = diagnose(LassoCV(cv=3, eps=0.3, alphas=20).fit(X, y))
    assert short.label is Label.STILL_IMPROVING
    assert "penalties" in short.summary
    assert short.advice.startswith("Lower eps")


def test_a_path_chosen_by_another_score_says_nothing_of_its_end():
    X, y = datasets.load_diabetes(return_X_y=True)
    model = LogisticRegressionCV(Cs=6, cv=3, scoring="accuracy")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of scikit-learn's coming defaults
        found = diagnose(model.fit(X, y > 140))
    assert found.label is Label.CONVERGED
    assert "X_val" not in found.advice
    assert "further_gain" not in {item.name for item in found.evidence}
