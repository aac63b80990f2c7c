# SPDX-License-Identifier: BSD-3-Clause
"""Linear models."""

from schuss.linear_model._coordinate_descent._elastic_net import ElasticNet, Lasso
from schuss.linear_model._coordinate_descent._lasso_cv import ElasticNetCV, LassoCV
from schuss.linear_model._coordinate_descent._multi_task import MultiTaskElasticNet, MultiTaskLasso
from schuss.linear_model._coordinate_descent._multi_task_cv import MultiTaskElasticNetCV, MultiTaskLassoCV
from schuss.linear_model._coordinate_descent._paths import enet_path, lasso_path
from schuss.linear_model._glm._generalized import GeneralizedLinearRegressor
from schuss.linear_model._glm._regressors import GammaRegressor, PoissonRegressor, TweedieRegressor
from schuss.linear_model._least_squares import LinearRegression
from schuss.linear_model._logistic import LogisticRegression
from schuss.linear_model._logistic_cv import LogisticRegressionCV
from schuss.linear_model._ridge import Ridge
from schuss.linear_model._ridge_classifier import RidgeClassifier
from schuss.linear_model._ridge_classifier_cv import RidgeClassifierCV
from schuss.linear_model._ridge_cv import RidgeCV
from schuss.linear_model._robust._huber import HuberRegressor
from schuss.linear_model._robust._quantile import QuantileRegressor
from schuss.linear_model._sgd_classifier import SGDClassifier
from schuss.linear_model._sgd_regressor import SGDRegressor
from schuss.linear_model._stochastic.one_class_svm import SGDOneClassSVM
from schuss.linear_model._stochastic.perceptron import Perceptron

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
