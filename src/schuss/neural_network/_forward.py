# SPDX-License-Identifier: BSD-3-Clause
"""Predictions of a fitted network."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from schuss import _kernels as kernels
from schuss.neural_network._columns import takes_rows_as_they_are
from schuss.neural_network._parameters import fitted_spec
from schuss.neural_network._spec import Spec, Weights

Array = NDArray[Any]


# Beside the estimators, not in them: predicting is to leave no trace, nor to be stored.
_known: WeakKeyDictionary[Any, Forward] = WeakKeyDictionary()


class Forward:
    """A fitted network as the kernels see it, kept from one prediction to the next.

    It reads the very arrays that are the estimator's attributes: changes within them show.

    Parameters
    ----------
    spec : Spec
    weights : Weights
    activation : object, default=None
        The estimator's parameter.
    takes_rows : bool, default=True
        Whether a plain table of numbers needs no coding of categories.
    """

    def __init__(self, spec: Spec, weights: Weights, activation: Any = None, *, takes_rows: bool = True) -> None:
        self._spec, self._weights, self._activation, self.takes_rows = spec, weights, activation, takes_rows
        self.network = spec.network(weights, frozen=True)
        self.dtype = weights.coefs[0].dtype

    def belongs_to(self, estimator: Any) -> bool:
        """Whether the estimator still has the parameters that it was made for."""
        mine = self._weights
        return (
            estimator.coefs_ is mine.coefs
            and estimator.intercepts_ is mine.intercepts
            and (not mine.tables or estimator.embeddings_ is mine.tables)
            and (estimator.activation is self._activation)
        )

    def __call__(self, X: Any, *, n_threads: int) -> Array:
        """Outputs (n_samples, n_outputs) of checked rows, in the wider of the dtypes of X and of the network."""
        if X.dtype != self.dtype:
            wide = np.result_type(X.dtype, self.dtype)
            if wide != self.dtype:
                return _widened(self._spec, self._weights, wide)(X, n_threads=n_threads)
            X = X.astype(wide)
        out = np.empty((X.shape[0], self._spec.units[-1]), dtype=self.dtype)
        # Its own work memory, since two threads may predict at a time.
        kernels.nn_predict(self.network, kernels.Table(X), out, n_threads=n_threads, scratch=kernels.Scratch())
        return out


def known_network(estimator: Any) -> kernels.Network | None:
    """The network of an estimator that has predicted before, if it takes plain rows without a closer look."""
    forward = _known.get(estimator)
    if forward is None or "feature_names_in_" in estimator.__dict__ or not forward.belongs_to(estimator):
        return None
    if not forward.takes_rows:
        return None
    return forward.network


def forward_of(estimator: Any) -> Forward:
    """The network of a fitted estimator as of now, made anew when its lists of parameters are other ones."""
    forward = _known.get(estimator)
    if forward is None or not forward.belongs_to(estimator):
        there = vars(estimator)
        norm = (there.get(f"norm_{name}_", []) for name in ("gains", "shifts", "means", "variances"))
        weights = Weights(estimator.coefs_, estimator.intercepts_, *norm, tables=there.get("embeddings_", []))
        forward = _known[estimator] = Forward(
            fitted_spec(estimator), weights, estimator.activation, takes_rows=takes_rows_as_they_are(estimator)
        )
    return forward


def _widened(spec: Spec, weights: Weights, dtype: Any) -> Forward:
    lists = (
        [array.astype(dtype) for array in arrays]
        for arrays in (
            weights.coefs,
            weights.intercepts,
            weights.gains,
            weights.shifts,
            weights.means,
            weights.variances,
        )
    )
    tables = [None if table is None else table.astype(dtype) for table in weights.tables]
    return Forward(spec, Weights(*lists, tables=tables))
