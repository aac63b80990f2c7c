# SPDX-License-Identifier: BSD-3-Clause
"""No test of a plot needs a screen or leaves a figure behind."""

import matplotlib as mpl
import pytest

mpl.use("Agg")
import matplotlib.pyplot as plt


@pytest.fixture(autouse=True)
def _no_figures_left():
    yield
    plt.close("all")
