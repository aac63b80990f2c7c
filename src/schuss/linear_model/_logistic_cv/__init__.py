# SPDX-License-Identifier: BSD-3-Clause
"""Logistic regression whose penalty is chosen by cross-validation."""
