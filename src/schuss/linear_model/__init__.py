# SPDX-License-Identifier: BSD-3-Clause
"""Linear models."""

from schuss.linear_model._coordinate_descent.elastic_net import ElasticNet, Lasso
from schuss.linear_model._coordinate_descent.lasso_cv import ElasticNetCV, LassoCV
from schuss.linear_model._coordinate_descent.multi_task import MultiTaskElasticNet, MultiTaskLasso
from schuss.linear_model._coordinate_descent.multi_task_cv import MultiTaskElasticNetCV, MultiTaskLassoCV
from schuss.linear_model._coordinate_descent.paths import enet_path, lasso_path
from schuss.linear_model._glm.generalized import GeneralizedLinearRegressor
from schuss.linear_model._glm.regressors import GammaRegressor, PoissonRegressor, TweedieRegressor
from schuss.linear_model._least_squares.linear_regression import LinearRegression
from schuss.linear_model._logistic.regression import LogisticRegression
from schuss.linear_model._logistic_cv.estimator import LogisticRegressionCV
from schuss.linear_model._ridge.classifier import RidgeClassifier
from schuss.linear_model._ridge.classifier_cv import RidgeClassifierCV
from schuss.linear_model._ridge.cv import RidgeCV
from schuss.linear_model._ridge.ridge import Ridge
from schuss.linear_model._robust.huber import HuberRegressor
from schuss.linear_model._robust.quantile import QuantileRegressor
from schuss.linear_model._sgd.classifier import SGDClassifier
from schuss.linear_model._sgd.one_class_svm import SGDOneClassSVM
from schuss.linear_model._sgd.perceptron import Perceptron
from schuss.linear_model._sgd.regressor import SGDRegressor

__all__ = [
    "ElasticNet",
    "ElasticNetCV",
    "GammaRegressor",
    "GeneralizedLinearRegressor",
    "HuberRegressor",
    "Lasso",
    "LassoCV",
    "LinearRegression",
    "LogisticRegression",
    "LogisticRegressionCV",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "Perceptron",
    "PoissonRegressor",
    "QuantileRegressor",
    "Ridge",
    "RidgeCV",
    "RidgeClassifier",
    "RidgeClassifierCV",
    "SGDClassifier",
    "SGDOneClassSVM",
    "SGDRegressor",
    "TweedieRegressor",
    "enet_path",
    "lasso_path",
]
