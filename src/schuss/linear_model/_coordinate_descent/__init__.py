# SPDX-License-Identifier: BSD-3-Clause
"""Least squares with L1, elastic-net and group penalties, by coordinate descent."""
