# SPDX-License-Identifier: BSD-3-Clause
"""Trees on bins, by sums of whole numbers: those of forests, and single ones."""
