# SPDX-License-Identifier: BSD-3-Clause
"""The report of a training run: one HTML page that needs nothing but a browser, not even the network.

`schuss.report.page` makes the page; it is not imported here, since the words of the report serve the
terminal too, which should not wait for matplotlib.
"""
