# SPDX-License-Identifier: BSD-3-Clause
"""Losses with kinks: their minimizers, and the regressors that outliers do not move."""
