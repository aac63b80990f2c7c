# SPDX-License-Identifier: BSD-3-Clause
"""Single decision trees by exact greedy splits."""
