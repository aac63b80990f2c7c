# SPDX-License-Identifier: BSD-3-Clause
"""Smooth losses with an L1 or elastic-net penalty: proximal Newton's method on working sets."""

from schuss.linear_model._proximal.duality import duality_gap
from schuss.linear_model._proximal.penalty import L1Penalty
from schuss.linear_model._proximal.plan import ProximalMinimizer, proximal_minimizer, proximal_newton

__all__ = ["L1Penalty", "ProximalMinimizer", "duality_gap", "proximal_minimizer", "proximal_newton"]
