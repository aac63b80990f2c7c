# SPDX-License-Identifier: BSD-3-Clause
"""scikit-learn's own checks of every estimator, without a single expected failure."""

import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import (
    check_dataframe_column_names_consistency,
    check_param_validation,
    estimator_checks_generator,
)

from schuss import ensemble, linear_model, neural_network, svm, tree

ESTIMATORS = [
    linear_model.SGDClassifier(),
    linear_model.SGDRegressor(),
    linear_model.SGDOneClassSVM(),
    linear_model.Perceptron(),
    linear_model.LogisticRegression(),
    linear_model.LogisticRegressionCV(cv=3, l1_ratios=(0,), scoring="accuracy", use_legacy_attributes=False),
    linear_model.LinearRegression(),
    linear_model.PoissonRegressor(),
    linear_model.GammaRegressor(),
    linear_model.GeneralizedLinearRegressor(),
    linear_model.TweedieRegressor(power=1.5),
    linear_model.Ridge(),
    linear_model.Lasso(),
    linear_model.ElasticNet(),
    linear_model.MultiTaskLasso(),
    linear_model.MultiTaskElasticNet(),
    linear_model.LassoCV(),
    linear_model.ElasticNetCV(),
    linear_model.MultiTaskLassoCV(),
    linear_model.MultiTaskElasticNetCV(),
    linear_model.RidgeClassifier(),
    linear_model.RidgeCV(),
    linear_model.RidgeClassifierCV(),
    linear_model.HuberRegressor(),
    linear_model.QuantileRegressor(),
    ensemble.HistGradientBoostingClassifier(),
    ensemble.HistGradientBoostingRegressor(),
    ensemble.RandomForestClassifier(n_estimators=5),
    ensemble.RandomForestRegressor(n_estimators=5),
    ensemble.ExtraTreesClassifier(n_estimators=5),
    ensemble.ExtraTreesRegressor(n_estimators=5),
    neural_network.MLPClassifier(),
    neural_network.MLPRegressor(),
    tree.DecisionTreeClassifier(),
    tree.DecisionTreeRegressor(),
    tree.DecisionTreeRegressor(criterion="absolute_error", max_leaf_nodes=10),
    tree.ExtraTreeClassifier(),
    tree.ExtraTreeRegressor(),
    svm.LinearSVC(),
    svm.LinearSVC(loss="hinge"),
    svm.LinearSVR(),
    svm.LinearSVR(loss="squared_epsilon_insensitive"),
]

# "A weight of two is the same as the row twice" holds where solvers end, not along the way
# of stochastic gradient descent, and the default parameters stop on the way. So that check
# gets parameters with an end: the check's table has more columns than rows, and squares
# without a penalty then lead to the interpolation of smallest norm, whatever the weights.
TO_THE_END = {"penalty": None, "learning_rate": "constant", "eta0": 0.02, "tol": None, "max_iter": 20_000}
TO_THE_DIGIT = {"tol": 1e-10, "max_iter": 100_000}
SETTINGS = {
    ("LinearSVC", "check_sample_weight_equivalence"): TO_THE_DIGIT,
    ("LinearSVR", "check_sample_weight_equivalence"): TO_THE_DIGIT,
    ("SGDClassifier", "check_sample_weight_equivalence"): {"loss": "squared_error"} | TO_THE_END,
    ("SGDRegressor", "check_sample_weight_equivalence"): TO_THE_END,
    ("MLPClassifier", "check_sample_weight_equivalence"): {"solver": "lbfgs"},
    ("MLPRegressor", "check_sample_weight_equivalence"): {"solver": "sgd"},
    # Rows are drawn at random, as many as there are: of a table with repeated rows more.
    ("RandomForestClassifier", "check_sample_weight_equivalence"): {"bootstrap": False},
    ("RandomForestRegressor", "check_sample_weight_equivalence"): {"bootstrap": False},
    # With fewer rows than columns there are many maxima of the likelihood without a penalty.
    ("GeneralizedLinearRegressor", "check_sample_weight_equivalence"): {"alpha": 1e-3, "tol": 1e-10},
}


# What has no end at all: the perceptron keeps turning where the classes overlap, and the
# one-class machine subtracts nu times its offset once a row, whatever the row weighs.
ENDLESS = ("Perceptron", "SGDOneClassSVM")


def checks_of(estimator):
    for check in estimator_checks_generator(estimator):
        endless = type(estimator).__name__ in ENDLESS
        if not (endless and check_name(check[1]).startswith("check_sample_weight_equivalence")):
            yield check


def check_name(check):
    return getattr(check, "func", check).__name__


def configured(estimator, check):
    """The estimator with the parameters that this check calls for: nearly always its own."""
    for (class_name, prefix), settings in SETTINGS.items():
        if type(estimator).__name__ == class_name and check_name(check).startswith(prefix):
            return clone(estimator).set_params(**settings)
    return estimator


def label(value):
    return type(value).__name__ if hasattr(value, "get_params") else check_name(value)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(
    ("estimator", "check"),
    [pair for estimator in ESTIMATORS for pair in checks_of(estimator)],
    ids=label,
)
def test_scikit_learn_check(estimator, check):
    check(configured(estimator, check))


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=label)
@pytest.mark.parametrize(
    "check",
    [check_dataframe_column_names_consistency, check_param_validation],
    ids=label,
)
def test_check_that_scikit_learn_keeps_for_itself(estimator, check):
    check(type(estimator).__name__, estimator)
