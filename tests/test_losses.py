# SPDX-License-Identifier: BSD-3-Clause
"""Losses as value objects, and the best constant guess under each."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from schuss.losses import Loss, Target, constant_guess, constant_loss

BINARY = [
    Loss("logistic", Target.ZERO_ONE),
    Loss("hinge", Target.SIGN),
    Loss("squared_hinge", Target.SIGN),
    Loss("modified_huber", Target.SIGN),
    Loss("perceptron", Target.SIGN),
    Loss("squared", Target.SIGN),
    Loss("huber", Target.SIGN, 0.3),
    Loss("epsilon_insensitive", Target.SIGN, 0.1),
    Loss("squared_epsilon_insensitive", Target.SIGN, 0.1),
]
REGRESSION = [Loss(loss.name, Target.REAL, loss.param) for loss in BINARY[-4:]]


def name(loss):
    return loss.name


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", BINARY, ids=name)
def test_no_constant_beats_the_guess_for_two_classes(loss, weighted):
    rng = np.random.default_rng(0)
    codes = (rng.random(200) < 0.3).astype(np.intp)
    y = loss.encode(codes, 2, np.float64)
    weight = rng.random(200) if weighted else None
    guess = constant_guess(loss, y, weight, classes=True)
    value = constant_loss(loss, y, weight, guess, classes=True)
    assert value == pytest.approx(loss.mean(y, np.full(200, guess[0]), weight))
    others = [loss.mean(y, np.full(200, z), weight) for z in np.linspace(-3, 3, 301)]
    assert value <= min(others) + 1e-9


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", REGRESSION, ids=name)
def test_no_constant_beats_the_guess_for_numbers(loss, weighted):
    rng = np.random.default_rng(1)
    y = rng.gamma(2.0, size=300)
    weight = rng.random(300) if weighted else None
    guess = constant_guess(loss, y, weight)
    best = minimize_scalar(lambda z: loss.mean(y, np.full(300, z), weight), bounds=(0, 10)).fun
    assert constant_loss(loss, y, weight, guess) <= best + 1e-9


def test_a_sample_of_many_rows_is_enough():
    y = np.random.default_rng(2).gamma(2.0, size=100_000)
    loss = Loss("huber", Target.REAL, 0.5)
    everything = minimize_scalar(lambda z: loss.mean(y, np.full(len(y), z)), bounds=(0, 10)).fun
    assert constant_loss(loss, y, None, constant_guess(loss, y, None)) < 1.001 * everything


@pytest.mark.parametrize("loss", BINARY[:4], ids=name)
def test_one_vs_all_sums_over_the_classes(loss):
    codes = np.random.default_rng(3).integers(0, 3, size=100)
    y = loss.encode(codes, 3, np.float64)
    guess = constant_guess(loss, y, None, n_outputs=3, classes=True)
    each = [loss.mean(np.where(codes == k, 1.0, loss.target.negative), np.full(100, guess[k])) for k in range(3)]
    assert constant_loss(loss, y, None, guess, classes=True) == pytest.approx(sum(each))


@pytest.mark.parametrize("weighted", [False, True])
def test_softmax_guesses_the_shares(weighted):
    loss = Loss("softmax", Target.CLASS)
    rng = np.random.default_rng(4)
    codes = rng.choice(3, size=100, p=[0.6, 0.3, 0.1])
    weight = rng.random(100) if weighted else None
    y = codes.astype(np.float64)
    guess = constant_guess(loss, y, weight, n_outputs=3, classes=True)
    shares = np.bincount(codes, weights=weight) / np.sum(np.ones(100) if weight is None else weight)
    np.testing.assert_allclose(np.exp(log_softmax(guess)), shares)
    entropy = -(shares * np.log(shares)).sum()
    assert constant_loss(loss, y, weight, guess, classes=True) == pytest.approx(entropy)


def test_validation_data_may_hold_a_class_that_training_data_does_not():
    loss = Loss("logistic", Target.ZERO_ONE)
    guess = constant_guess(loss, np.zeros(10), None, classes=True)
    value = constant_loss(loss, np.ones(5), None, guess, classes=True)
    assert np.isfinite(value)
    assert value > 10


def test_mean_without_any_weight_is_nan():
    loss = REGRESSION[0]
    assert np.isnan(loss.mean(np.ones(3), np.zeros(3), np.zeros(3)))
