# SPDX-License-Identifier: BSD-3-Clause
"""Checking, searching and publishing: what the cross-validated estimators share."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from numbers import Integral, Number, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state, check_scalar, column_or_1d
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.validation import check_consistent_length

from schuss._inputs import check_parameters, check_training_data, explain_overflow, n_threads_for
from schuss._sklearn import N_THREADS, Interval, StrOptions, check_sample_weight, split_params
from schuss.callbacks import CallbackSupport, FitTask, with_callbacks
from schuss.history import History
from schuss.linear_model._base import raw_prediction
from schuss.linear_model._coordinate_descent.alpha_grid import alpha_grid
from schuss.linear_model._coordinate_descent.column_paths import ColumnPaths
from schuss.linear_model._coordinate_descent.cv_search import CVSearch
from schuss.linear_model._coordinate_descent.fold_paths import FoldPaths, affords_grams
from schuss.linear_model._coordinate_descent.folds import as_rows
from schuss.linear_model._coordinate_descent.gram_descent import Rules
from schuss.training import StopReason, run
from schuss.verbose import print_line

Array = NDArray[Any]

_DTYPES = [np.float64, np.float32]


class BaseCoordinateDescentCV(CallbackSupport, MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Everything but the parameters."""

    _several_tasks: ClassVar[bool]
    _keeps_best_iteration = True  # what a diagnosis must know to judge the model and not the path's end

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "eps": [Interval(Real, 0, None, closed="neither")],
        "alphas": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "fit_intercept": ["boolean"],
        "precompute": [StrOptions({"auto"}), "array-like", "boolean"],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "copy_X": ["boolean"],
        "cv": ["cv_object"],
        "verbose": ["verbose"],
        "n_jobs": [Integral, None],
        "positive": ["boolean"],
        "random_state": ["random_state"],
        "selection": [StrOptions({"cyclic", "random"})],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "n_threads": N_THREADS,
    }

    @with_callbacks
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> Self:
        """Choose the penalty, and the mixture if there are several, and fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            C-contiguous float32 or float64 arrays and CSR matrices are used as they are.
        y : array-like of shape (n_samples,), or (n_samples, n_tasks) for several tasks
        sample_weight : float, array-like of shape (n_samples,) or None, default=None
            For the fits and for the error of a fold, which counts as much as that of any other.
        **params : dict
            For the splitter, with metadata routing enabled.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C, with the best model so far in place.
        """
        check_parameters(self)
        splitting = split_params(self, params, sample_weight)
        X, y = self._check_data(X, y)
        weight = None if isinstance(sample_weight, Number) else check_sample_weight(sample_weight, X, dtype=X.dtype)
        targets = y.reshape(len(y), -1)
        splits = [as_rows(split, len(y)) for split in check_cv(self.cv).split(X, y, **splitting)]
        search = self._search(X, targets, weight, splits)

        def attributes() -> Mapping[str, Any]:
            return self._state(search, X.dtype)

        n_alphas = search.errors.shape[1]
        task = FitTask(self, X, y, sample_weight, max_iter=n_alphas, attributes=attributes, task_name="alpha")
        self.history_ = search.history
        outcome = run(
            task.announce(search.sweep),
            max_iter=n_alphas,
            history=search.history,
            rules=[search.rule],
            hooks=[task, print_line] if self.verbose else [task],
            max_time=self.max_time,
        )
        if outcome.reason is StopReason.DIVERGED:
            explain_overflow(self, X, outcome.interrupt)
        self.stop_reason_ = str(outcome.reason)
        if len(search.history):
            for name, value in attributes().items():
                setattr(self, name, value)
        if outcome.interrupt is not None:
            raise outcome.interrupt
        search.warn()
        task.end()
        return self

    def predict(self, X: Any) -> Array:
        """Return the predicted targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_tasks)
        """
        raw = raw_prediction(self, X)
        return raw if self._several_tasks else raw.ravel()

    def _check_data(self, X: Any, y: Any) -> tuple[Any, Array]:
        separately = (
            {"accept_sparse": "csr", "dtype": _DTYPES, "order": "C", "ensure_all_finite": False},
            {"dtype": _DTYPES, "ensure_2d": False},
        )
        X, y = check_training_data(self, X, y, y_numeric=True, validate_separately=separately)
        check_consistent_length(X, y)
        name = type(self).__name__
        if self._several_tasks:
            if y.ndim == 1:
                raise ValueError(f"For mono-task outputs, use {name.removeprefix('MultiTask')}")
            return X, y
        if y.ndim > 1 and y.shape[1] > 1:
            raise ValueError(f"For multi-task outputs, use MultiTask{name}")
        return X, column_or_1d(y, warn=True)

    def _search(self, X: Any, y: Array, weight: Array | None, splits: list[Any]) -> CVSearch:
        """Read the table and lay out the paths."""
        rng = check_random_state(self.random_state)
        rules = Rules(
            tol=self.tol,
            max_iter=self.max_iter,
            positive=getattr(self, "positive", False),
            random=self.selection == "random",
            seed=int(rng.randint(np.iinfo(np.int32).max)),
        )
        options = {"fit_intercept": self.fit_intercept, "rules": rules, "n_threads": n_threads_for(self, X)}
        l1_ratios = np.atleast_1d(np.asarray(getattr(self, "l1_ratio", 1.0), dtype=np.float64))
        try:
            kind = FoldPaths if affords_grams(len(splits), X.shape[1]) else ColumnPaths
            paths = kind(X, y, weight, splits, **options)
            alphas = self._grids(paths, l1_ratios)
        except FloatingPointError as error:
            explain_overflow(self, X, error)
        paths.begin(l1_ratios)
        history = History(baseline=_baseline(paths, splits))
        return CVSearch(paths, alphas, l1_ratios, len(splits), y.shape[1], history)

    def _grids(self, paths: FoldPaths | ColumnPaths, l1_ratios: Array) -> Array:
        if isinstance(self.alphas, Integral):
            grid = partial(alpha_grid, paths.products, paths.weight, eps=self.eps, n_alphas=int(self.alphas))
            positive = getattr(self, "positive", False)
            return np.array([grid(l1_ratio=ratio, positive=positive) for ratio in l1_ratios])
        for i, alpha in enumerate(self.alphas):
            check_scalar(alpha, f"alphas[{i}]", target_type=Real, min_val=0.0, include_boundaries="left")
        return np.tile(np.sort(np.asarray(self.alphas, dtype=np.float64))[::-1], (len(l1_ratios), 1))

    def _state(self, search: CVSearch, dtype: Any) -> dict[str, Any]:
        """The fitted attributes as of now."""
        path, at = search.best
        fitted = search.refit()
        coef = fitted.coef.astype(dtype)
        # Rounding the coefficients must not move the plane where the data are.
        intercept = (fitted.intercept + (fitted.coef - coef) @ fitted.centre).astype(dtype)
        alphas = search.alphas if isinstance(self.alphas, Integral) and len(search.alphas) > 1 else search.alphas[0]
        state = {
            "alpha_": float(search.alphas[path, at]),
            "alphas_": alphas,
            "mse_path_": np.squeeze(search.errors),
            "best_iteration_": at,
            "coef_": coef if self._several_tasks else coef[0],
            "dual_gap_": fitted.gap,
            "n_iter_": fitted.n_iter,
        }
        state["intercept_"] = (intercept if self._several_tasks else intercept[0]) if self.fit_intercept else 0.0
        if hasattr(self, "l1_ratio"):
            state["l1_ratio_"] = float(search.l1_ratios[path])
        return state

    def get_metadata_routing(self) -> MetadataRouter:
        """Return how metadata is routed: to the splitter's ``split``.

        Returns
        -------
        MetadataRouter
        """
        mapping = MethodMapping().add(caller="fit", callee="split")
        return MetadataRouter(owner=self).add_self_request(self).add(splitter=check_cv(self.cv), method_mapping=mapping)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.single_output = not self._several_tasks
        tags.target_tags.multi_output = self._several_tasks
        return tags


def _baseline(paths: FoldPaths | ColumnPaths, splits: list[Any]) -> dict[str, float]:
    """What a verdict needs beside the curves."""
    training, validation = paths.guess
    return {
        "training_loss": 0.5 * training,
        "validation_loss": 0.5 * validation,
        "training_samples": float(np.mean([len(train) for train, _ in splits])),
        "validation_samples": float(sum(len(test) for _, test in splits)),
    }
