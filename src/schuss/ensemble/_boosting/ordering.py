# SPDX-License-Identifier: BSD-3-Clause
"""The order of the training rows in memory: those that trees keep together stand together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.ensemble._boosting.losses import dtype_of_derivatives
from schuss.ensemble._boosting.setup import Data

_LARGE = 8 << 20  # bins: so many are far beyond the second-level cache
_LEAVES = 256
_HISTOGRAMS = 8 << 20  # bytes: with more, this tree would take more memory than the fit, with less, more time
_ITERATIONS = 30  # it takes as long as twenty iterations save


def pays_to_reorder(model: Any, binned: kernels.Binned) -> bool:
    """Whether a fit gets faster by it, and nothing asks for rows by their numbers or for what they are made of.

    Draws of samples and functions of a user's do, and earlier trees, which predict from the table.
    """
    asked = model.metrics if isinstance(model.metrics, list | tuple) else [model.metrics]
    if model.n_iter_ or model.boosting == "goss" or model.subsample < 1.0:
        return False
    if any(map(callable, [model.loss, model.scoring, *asked])):
        return False
    return model.max_iter >= _ITERATIONS and binned.n * binned.d >= _LARGE


def reorder(data: Data, binned: kernels.Binned, n_threads: int) -> None:
    """Bring rows into the order of the leaves of a large tree.

    Trees of a model divide by much the same features. The rows of their small nodes then come from few stretches of
    memory, of which whole lines are read, not from all over the table. Trees do not depend on the order of rows.

    Parameters
    ----------
    data : Data
        Gives up its table.
    binned : Binned
        Its samples in bins.
    n_threads : int
    """
    # glibc keeps what was freed while the data were checked and binned, in gaps that later arrays do not fit into.
    kernels.give_back()
    data.reorder(_reorder_bins(data, binned, n_threads))
    kernels.give_back()


def _reorder_bins(data: Data, binned: kernels.Binned, n_threads: int) -> NDArray[np.uint32]:
    """Move the rows in bins; returns which row comes to each place."""
    gradient = np.subtract(
        data.y.mean(dtype=np.float64), data.y, dtype=dtype_of_derivatives(data.y), casting="same_kind"
    )
    tree = kernels.Grower(binned, max_leaves=_LEAVES, histogram_bytes=_HISTOGRAMS, n_threads=n_threads).grow(gradient)
    kernels.reorder_rows(binned, tree.rows, n_threads=n_threads)
    return tree.rows
