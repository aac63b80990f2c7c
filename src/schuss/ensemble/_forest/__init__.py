# SPDX-License-Identifier: BSD-3-Clause
"""Random forests and extremely randomised trees."""
