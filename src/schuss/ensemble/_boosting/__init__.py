# SPDX-License-Identifier: BSD-3-Clause
"""Gradient boosting on binned tables."""
