# SPDX-License-Identifier: BSD-3-Clause
"""Ensembles of trees."""

from schuss.ensemble._boosting.classifier import HistGradientBoostingClassifier
from schuss.ensemble._boosting.regressor import HistGradientBoostingRegressor

__all__ = ["HistGradientBoostingClassifier", "HistGradientBoostingRegressor"]
