# SPDX-License-Identifier: BSD-3-Clause
"""The adapter to scikit-learn's callback protocol, and the only place that knows it.

On scikit-learn before 1.9, which has no callbacks, everything here does nothing and
estimators simply have no ``set_callbacks``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from schuss import _sklearn
from schuss.history import History
from schuss.training import Sweep

Attributes = Callable[[], Mapping[str, Any]]


class _NoCallbacks:
    """Stands in for scikit-learn's mixin where that does not exist."""


CallbackSupport: Any = _sklearn.CallbackSupportMixin or _NoCallbacks
"""Mixin of every estimator that reports its iterations to callbacks."""


def with_callbacks(method: _sklearn.Method) -> _sklearn.Method:
    """Decorate a ``fit`` without `_sklearn.fit_context` so that callbacks are torn down however it ends."""
    if _sklearn.with_callbacks is None:
        return method
    decorated: _sklearn.Method = _sklearn.with_callbacks(method)
    return decorated


class FitTask:
    """Tells the estimator's callbacks about one fit and its iterations.

    Usage within ``fit``::

        task = FitTask(self, X, y, sample_weight, max_iter=100, attributes=state)
        run(task.announce(sweep), hooks=[task], ...)
        task.end()

    Parameters
    ----------
    estimator : object
        The estimator being fitted; its ``fit`` must be decorated by `with_callbacks` or `_sklearn.fit_context`.
    X, y : array-like
        Training data, handed to callbacks that ask for them.
    sample_weight : array-like or None
        Handed to callbacks as metadata.
    max_iter : int
        Upper limit of iterations, for progress bars.
    attributes : callable
        Returns the fitted attributes as of now, by name; called only if a callback
        wants a fitted copy of the estimator. Must return copies of what changes.
    task_name : str, default="iteration"
        Name of one iteration.
    """

    def __init__(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        max_iter: int,
        attributes: Attributes,
        task_name: str = "iteration",
    ) -> None:
        self._estimator = estimator
        self._task_name = task_name
        self._root: Any = None
        self._current: Any = None
        if not _listens(estimator):
            return
        metadata = None if sample_weight is None else {"sample_weight": sample_weight}
        self._common = {"estimator": estimator, "X": X, "y": y, "metadata": metadata}
        self._attributes = attributes
        self._root = estimator._init_callback_context(max_subtasks=max_iter)
        self._root.call_on_fit_task_begin(**self._common)

    def announce(self, sweep: Sweep) -> Sweep:
        """Wrap a sweep so that callbacks hear of every iteration before it begins."""
        if self._root is None:
            return sweep

        def announced(iteration: int) -> Mapping[str, float]:
            self._current = self._root.subcontext(task_name=self._task_name)
            self._current.call_on_fit_task_begin(**self._common, reconstruction_attributes=self._attributes)
            return sweep(iteration)

        return announced

    def __call__(self, iteration: int, history: History) -> bool:
        """Report the end of an iteration; True if a callback asks to stop (a hook of `run`)."""
        if self._current is None:
            return False
        return bool(self._current.call_on_fit_task_end(**self._common, reconstruction_attributes=self._attributes))

    def end(self) -> None:
        """Report the end of the whole fit, once the fitted attributes are in place."""
        if self._root is not None:
            self._root.call_on_fit_task_end(**self._common, reconstruction_attributes={})


def _listens(estimator: Any) -> bool:
    """Whether anybody hears: callbacks of its own, or a meta-estimator's task tree."""
    if not hasattr(estimator, "_init_callback_context"):
        return False
    return hasattr(estimator, "_skl_callbacks") or hasattr(estimator, "_parent_callback_ctx")
