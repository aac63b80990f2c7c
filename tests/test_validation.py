# SPDX-License-Identifier: BSD-3-Clause
"""Validation data: given, split off, measured on."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.metrics import accuracy_score, r2_score

from schuss.losses import Loss, Target
from schuss.validation import Curves, Evaluator, check_given, sample_rows, split_rows


@pytest.mark.parametrize("given", [(1, None, None), (None, 1, None), (None, None, 1), (None, 1, 1), (1, None, 1)])
def test_half_given_data_is_an_error(given):
    with pytest.raises(ValueError, match="not provided"):
        check_given(*given)


def test_given_or_not():
    assert check_given(1, 1)
    assert check_given(1, 1, 1)
    assert not check_given(None, None)


def test_split_keeps_the_shares_of_classes():
    y = np.repeat([0.0, 1.0, 2.0], [60, 30, 10])
    train, val = split_rows(y, 0.2, 0, stratify=True)
    assert np.bincount(y[val].astype(int)).tolist() == [12, 6, 2]
    assert sorted([*train, *val]) == list(range(100))
    assert (np.diff(train) > 0).all()
    assert (np.diff(val) > 0).all()
    assert train.dtype == val.dtype == np.int64


def test_split_of_weightless_rows_is_an_error():
    with pytest.raises(ValueError, match="validation set are all zero"):
        split_rows(np.arange(10.0), 0.2, 0, stratify=False, weight=np.zeros(10))


def test_sample():
    rows = sample_rows(100, 10, seed=1)
    assert len(set(rows)) == 10
    assert rows.max() < 100
    np.testing.assert_array_equal(rows, sample_rows(100, 10, seed=1))
    assert sample_rows(10, 10, seed=1) is None
    assert sample_rows(10, 11, seed=1) is None


def problem(n_outputs, dtype, sparse):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 5)).astype(dtype)
    coef = rng.normal(size=(n_outputs, 5)).astype(dtype)
    intercept = rng.normal(size=n_outputs).astype(dtype)
    return (sp.csr_array(X) if sparse else X), X @ coef.T + intercept, coef, intercept, rng


@pytest.mark.parametrize("sparse", [False, True], ids=["dense", "csr"])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
class TestEvaluator:
    def weight(self, weighted, rng, dtype):
        return rng.random(80).astype(dtype) if weighted else None

    def test_two_classes(self, sparse, weighted, dtype):
        X, z, coef, intercept, rng = problem(1, dtype, sparse)
        loss = Loss("logistic", Target.ZERO_ONE)
        y, weight = rng.integers(0, 2, 80).astype(dtype), self.weight(weighted, rng, dtype)
        got = Evaluator(X, y, weight, loss=loss, n_outputs=1, classes=True)(coef, intercept)
        expected = np.average(np.logaddexp(0, z[:, 0]) - y * z[:, 0], weights=weight)
        assert got.loss == pytest.approx(expected, rel=1e-5)
        assert got.score == pytest.approx(accuracy_score(y, z[:, 0] > 0, sample_weight=weight))
        assert got.output_scores.tolist() == [got.score]

    def test_one_vs_all(self, sparse, weighted, dtype):
        X, z, coef, intercept, rng = problem(3, dtype, sparse)
        codes, weight = rng.integers(0, 3, 80), self.weight(weighted, rng, dtype)
        loss = Loss("hinge", Target.SIGN)
        evaluator = Evaluator(X, codes.astype(dtype), weight, loss=loss, n_outputs=3, classes=True)
        got = evaluator(coef, intercept)
        sign = np.where(codes[:, None] == range(3), 1, -1)
        each = np.average(np.maximum(0, 1 - sign * z), axis=0, weights=weight)
        assert got.loss == pytest.approx(each.sum(), rel=1e-5)
        assert got.score == pytest.approx(accuracy_score(codes, z.argmax(axis=1), sample_weight=weight))
        hits = np.average((z > 0) == (sign > 0), axis=0, weights=weight)
        np.testing.assert_allclose(got.output_scores, hits)

    @pytest.mark.parametrize("n_outputs", [1, 2])
    def test_numbers(self, sparse, weighted, dtype, n_outputs):
        X, z, coef, intercept, rng = problem(n_outputs, dtype, sparse)
        y = (z + rng.normal(size=z.shape)).astype(dtype)
        weight = self.weight(weighted, rng, dtype)
        evaluator = Evaluator(
            X,
            y[:, 0] if n_outputs == 1 else y,
            weight,
            loss=Loss("squared", Target.REAL),
            n_outputs=n_outputs,
            classes=False,
        )
        got = evaluator(coef, intercept)
        expected = np.average(0.5 * (y - z) ** 2, axis=0, weights=weight).sum()
        assert got.loss == pytest.approx(expected, rel=1e-5)
        assert got.score == pytest.approx(r2_score(y, z, sample_weight=weight), rel=1e-5)


def test_constant_targets_have_a_score():
    X = np.ones((4, 1))
    evaluator = Evaluator(X, np.ones(4), None, loss=Loss("squared", Target.REAL), n_outputs=1, classes=False)
    assert evaluator(np.ones((1, 1)), np.zeros(1)).score == 1.0
    assert evaluator(np.zeros((1, 1)), np.zeros(1)).score == 0.0


def test_curves_remember_the_best():
    X, y = np.array([[1.0], [-1.0], [2.0], [-2.0]]), np.array([1.0, -1.0, 1.0, -1.0])
    evaluator = Evaluator(X, y, None, loss=Loss("hinge", Target.SIGN), n_outputs=1, classes=True)
    current = []
    curves = Curves(evaluator, evaluator, lambda: list(current))
    # wrong side, right side, right side and further out, right side again
    for i, coef in enumerate([-1.0, 0.1, 1.0, 0.5]):
        current[:] = [coef]
        record = curves.record(i, np.array([[coef]]), np.zeros(1))
    assert curves.best_iteration == 2
    assert curves.best == [1.0]
    assert record == {
        "training_loss": 0.25,
        "validation_loss": 0.25,
        "training_score": 1.0,
        "validation_score": 1.0,
    }
