# SPDX-License-Identifier: BSD-3-Clause
"""What stochastic gradient descent has beside SGDClassifier and SGDRegressor."""
