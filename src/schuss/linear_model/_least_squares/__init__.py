# SPDX-License-Identifier: BSD-3-Clause
"""LinearRegression, and the solvers of least squares."""
