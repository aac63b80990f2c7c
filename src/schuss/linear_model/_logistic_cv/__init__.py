# SPDX-License-Identifier: BSD-3-Clause
"""Logistic regression whose penalty is chosen by cross-validation."""

from schuss.linear_model._logistic_cv.estimator import LogisticRegressionCV

__all__ = ["LogisticRegressionCV"]
