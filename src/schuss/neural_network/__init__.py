# SPDX-License-Identifier: BSD-3-Clause
"""Fully connected neural networks, with the interface of ``sklearn.neural_network``."""

from schuss.neural_network._classifier import MLPClassifier
from schuss.neural_network._regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
