# SPDX-License-Identifier: BSD-3-Clause
"""Every kernel on every instruction set and both dtypes, checked first, then timed beside the machine's peak."""
