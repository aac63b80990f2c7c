# SPDX-License-Identifier: BSD-3-Clause
"""Ridge regression: its estimators, and its choice of the penalty."""
