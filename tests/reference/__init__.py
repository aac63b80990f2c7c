# SPDX-License-Identifier: BSD-3-Clause
"""Naive oracles: what each kernel must compute, written from the formulas for reading, not for speed.

They share no code with the package and import nothing but numpy (`math` also mpmath). They compute in the widest
float at hand, so that their own rounding does not count.
"""
