# SPDX-License-Identifier: BSD-3-Clause
"""Decision trees."""

__all__: list[str] = []
