# SPDX-License-Identifier: BSD-3-Clause
"""Ensembles of trees."""

from schuss.ensemble._boosting.classifier import HistGradientBoostingClassifier
from schuss.ensemble._boosting.regressor import HistGradientBoostingRegressor
from schuss.ensemble._forest.classifiers import ExtraTreesClassifier, RandomForestClassifier
from schuss.ensemble._forest.regressors import ExtraTreesRegressor, RandomForestRegressor

__all__ = [
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "HistGradientBoostingClassifier",
    "HistGradientBoostingRegressor",
    "RandomForestClassifier",
    "RandomForestRegressor",
]
