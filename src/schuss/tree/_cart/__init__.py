# SPDX-License-Identifier: BSD-3-Clause
"""Single decision trees by exact greedy splits."""

from schuss.tree._cart.classifiers import DecisionTreeClassifier, ExtraTreeClassifier
from schuss.tree._cart.regressors import DecisionTreeRegressor, ExtraTreeRegressor

__all__ = ["DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"]
