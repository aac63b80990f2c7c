# SPDX-License-Identifier: BSD-3-Clause
"""Plots of training runs and of paths of models, in the manner of scikit-learn's displays."""

from schuss.display._path import RegularizationPathDisplay
from schuss.display._training import TrainingCurveDisplay

__all__ = ["RegularizationPathDisplay", "TrainingCurveDisplay"]
