# SPDX-License-Identifier: BSD-3-Clause
"""How fast the kernels and the models are, beside the machine's own peak and beside other libraries."""
