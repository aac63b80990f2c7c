# SPDX-License-Identifier: BSD-3-Clause
"""Time to reach an equal quality, ours and other libraries', problem by problem."""
