# SPDX-License-Identifier: BSD-3-Clause
"""Plots of training runs, of paths of models, of trees and of features, in the manner of scikit-learn's displays."""

from schuss.display._importance import FeatureImportanceDisplay
from schuss.display._path import RegularizationPathDisplay
from schuss.display._training import TrainingCurveDisplay
from schuss.display._tree import TreeDisplay

__all__ = ["FeatureImportanceDisplay", "RegularizationPathDisplay", "TrainingCurveDisplay", "TreeDisplay"]
