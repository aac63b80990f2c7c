# SPDX-License-Identifier: BSD-3-Clause
"""The oracle of sgd_sweep is itself held against scikit-learn, which visits rows in order when it does not shuffle."""

import numpy as np
import pytest
from reference.linear import sgd_sweep
from reference.loss import LOSSES
from sklearn.linear_model import SGDClassifier, SGDRegressor
from tolerance import assert_close, tol

N, D, EPOCHS = 80, 6, 3
ALPHA, ETA, PARAM = 0.02, 0.05, 0.125
STATE = ("coef", "intercept", "average_coef", "average_intercept", "l1_total", "l1_applied")

CASES = {  # loss, our options, scikit-learn's
    "constant": ("logistic", {}, {"loss": "log_loss"}),
    "optimal": ("logistic", {"schedule": "optimal"}, {"loss": "log_loss", "learning_rate": "optimal"}),
    "elasticnet": ("hinge", {"l1": ALPHA / 4, "l2": ALPHA * 3 / 4}, {"penalty": "elasticnet", "l1_ratio": 0.25}),
    "l1": ("modified_huber", {"l1": ALPHA, "l2": 0.0}, {"loss": "modified_huber", "penalty": "l1"}),
    "invscaling": (
        "squared_hinge",
        {"schedule": "invscaling", "power_t": 0.25},
        {"loss": "squared_hinge", "learning_rate": "invscaling", "power_t": 0.25},
    ),
    "average": ("perceptron", {"average_start": 20}, {"loss": "perceptron", "average": 20}),
    "no intercept": ("hinge", {"fit_intercept": False}, {"fit_intercept": False}),
    "class weights": (
        "logistic",
        {"positive_weight": [3.0], "negative_weight": [0.5]},
        {"loss": "log_loss", "class_weight": {0: 0.5, 1: 3.0}},
    ),
    "squared": ("squared", {}, {"loss": "squared_error"}),
    "huber": ("huber", {}, {"loss": "huber"}),
    "tube": ("epsilon_insensitive", {}, {"loss": "epsilon_insensitive"}),
    "squared tube": ("squared_epsilon_insensitive", {}, {"loss": "squared_epsilon_insensitive"}),
}


def optimal_init(loss):
    """Bottou's start of the `optimal` schedule, as scikit-learn chooses it."""
    typical = ALPHA**-0.25
    slope = float(LOSSES[loss].gradient(np.float64(1), np.float64(-typical), PARAM))
    return max(1.0, slope) / (typical * ALPHA)


def ours(x, y, loss, options):
    eta = 1 / ALPHA if options.get("schedule") == "optimal" else ETA
    rule = {"l2": ALPHA, "optimal_init": optimal_init(loss), "loss_param": PARAM} | options
    state = {name: np.zeros((1, D)) if name.endswith(("coef", "applied")) else np.zeros(1) for name in STATE}
    for epoch in range(EPOCHS):
        sweep = {"order": np.arange(N), "eta": [eta], "t": 1.0 + N * epoch, "loss": loss}
        (out,) = sgd_sweep(x, y, **state, **sweep, **rule)
        state = {name: np.array([getattr(out, name)]) for name in STATE}
    prefix = "average_" if "average_start" in options else ""
    return state[prefix + "coef"][0], state[prefix + "intercept"]


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("case", CASES)
def test_sgd_sweep_is_scikit_learns(case, rng):
    loss, options, theirs = CASES[case]
    kind = LOSSES[loss].targets
    x = rng.standard_normal((N, D))
    y = x @ rng.standard_normal(D) + rng.standard_normal(N)
    label = (y > 0).astype(float)
    estimator = SGDRegressor(epsilon=PARAM) if kind == "real" else SGDClassifier()
    estimator.set_params(shuffle=False, max_iter=EPOCHS, tol=None, alpha=ALPHA, eta0=ETA, learning_rate="constant")
    estimator.set_params(**theirs).fit(x, y if kind == "real" else label)
    coef, intercept = ours(x, {"real": y, "01": label, "pm1": 2 * label - 1}[kind], loss, options)
    room = tol(np.float64, N * D * EPOCHS)
    assert_close(estimator.coef_.ravel(), coef, room, scale=1)
    assert_close(np.ravel(estimator.intercept_), intercept, room, scale=1)
