# SPDX-License-Identifier: BSD-3-Clause
"""Models trained by stochastic gradient descent."""
