# SPDX-License-Identifier: BSD-3-Clause
"""Setting up a fit, running it and publishing it: what ElasticNet and MultiTaskElasticNet share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from numbers import Integral, Number, Real
from typing import Any, ClassVar, Self

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.utils import check_random_state

from schuss._blas import one_blas_thread
from schuss._inputs import check_X_y, n_threads_for
from schuss._sklearn import N_THREADS, Interval, StrOptions, check_sample_weight
from schuss.callbacks import CallbackSupport, FitTask
from schuss.linear_model._base import raw_prediction
from schuss.linear_model._coordinate_descent.fit import ElasticNetFit
from schuss.linear_model._coordinate_descent.paths import enet_path
from schuss.linear_model._coordinate_descent.working_set import Limits
from schuss.validation import publish_run

Array = NDArray[Any]

_MAX_ITER = 1000  # where the parameter is None


class BaseElasticNet(CallbackSupport, MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Everything but the constructor and how the data are checked."""

    _joint: ClassVar[bool]  # whether a feature is in the model of all targets or of none

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "fit_intercept": ["boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left"), None],
        "copy_X": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
        "random_state": ["random_state"],
        "selection": [StrOptions({"cyclic", "random"})],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "n_threads": N_THREADS,
    }

    path = staticmethod(enet_path)

    def predict(self, X: Any) -> Array:
        """Return the predicted targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_targets)
        """
        raw = raw_prediction(self, X)
        return raw.ravel() if np.ndim(self.coef_) == 1 else raw

    @property
    def sparse_coef_(self) -> Any:
        """``coef_`` as a sparse matrix."""
        return sp.csr_matrix(np.atleast_2d(self.coef_))

    def _prepared(self, X: Any, targets: Array, sample_weight: Any) -> ElasticNetFit:
        """The fit of checked data, targets being (n_targets, n_samples)."""
        return ElasticNetFit(
            self,
            X,
            np.ascontiguousarray(targets, dtype=X.dtype),
            _weights(sample_weight, X),
            joint=self._joint,
            alpha=float(self.alpha),
            l1_ratio=float(self.l1_ratio),
            positive=bool(getattr(self, "positive", False)),
            fit_intercept=bool(self.fit_intercept),
            limits=self._limits(),
            n_threads=n_threads_for(self, X),
        )

    def _limits(self) -> Limits:
        shuffle = self.selection == "random"
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max)) if shuffle else 0
        return Limits(float(self.tol), _n_sweeps(self.max_iter), shuffle, seed)

    def _watch(self, fit: ElasticNetFit, X_val: Any, y_val: Any, sample_weight_val: Any) -> None:
        dtype = fit.features.X.dtype
        X, y = check_X_y(self, X_val, y_val, reset=False, y_numeric=True, multi_output=self._joint, dtype=dtype)
        weight = check_sample_weight(sample_weight_val, X, dtype=dtype)
        fit.watch(X, np.ascontiguousarray(y, dtype=dtype).reshape(len(y), -1), weight)

    def _run(self, fit: ElasticNetFit, X: Any, y: Any, sample_weight: Any) -> Self:
        """Run a fit, and set the attributes that it ends with."""

        def attributes() -> Mapping[str, Any]:
            coef, intercept = fit.parameters()
            return self._shaped(coef, intercept if self.fit_intercept else None)

        start = np.atleast_2d(self.coef_) if self.warm_start and hasattr(self, "coef_") else None
        task = FitTask(self, X, y, sample_weight, max_iter=_n_sweeps(self.max_iter), attributes=attributes)
        with one_blas_thread(X.shape[1]):
            outcome = fit.run(task, start)
        for name, value in {**attributes(), **self._measured(fit)}.items():
            setattr(self, name, value)
        publish_run(self, outcome, fit.history, fit.curves)
        task.end()
        return self

    @abstractmethod
    def _shaped(self, coef: Array, intercept: Array | None) -> dict[str, Any]:
        """Attributes of parameters (n_targets, n_features) and (n_targets,), in scikit-learn's shapes."""

    @abstractmethod
    def _measured(self, fit: ElasticNetFit) -> dict[str, Any]:
        """Attributes that say how far the fit has come."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _weights(sample_weight: Any, X: Any) -> Array | None:
    """Weights that sum to the number of samples, or None if all are alike."""
    if isinstance(sample_weight, Number):
        return None
    weight = check_sample_weight(sample_weight, X, dtype=X.dtype)
    return None if weight is None else np.asarray(weight * (len(weight) / weight.sum(dtype=np.float64)), dtype=X.dtype)


def _n_sweeps(max_iter: int | None) -> int:
    """Sweeps that ``max_iter`` allows."""
    return _MAX_ITER if max_iter is None else int(max_iter)
