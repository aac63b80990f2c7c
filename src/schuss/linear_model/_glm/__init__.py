# SPDX-License-Identifier: BSD-3-Clause
"""Generalised linear models: families, their fit, their estimators, inference."""
