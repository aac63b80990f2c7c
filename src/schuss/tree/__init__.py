# SPDX-License-Identifier: BSD-3-Clause
"""Decision trees."""

from schuss.tree._cart.classifier import DecisionTreeClassifier
from schuss.tree._cart.extra_trees import ExtraTreeClassifier, ExtraTreeRegressor
from schuss.tree._cart.regressor import DecisionTreeRegressor

__all__ = ["DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"]
