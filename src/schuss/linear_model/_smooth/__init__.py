# SPDX-License-Identifier: BSD-3-Clause
"""Minimising smooth objectives: Newton's method and limited-memory BFGS, one read of X per iteration."""
