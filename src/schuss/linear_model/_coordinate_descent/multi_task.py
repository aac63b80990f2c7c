# SPDX-License-Identifier: BSD-3-Clause
"""MultiTaskElasticNet and MultiTaskLasso."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_consistent_length

from schuss._inputs import check_parameters, check_training_data
from schuss.callbacks import with_callbacks
from schuss.linear_model._coordinate_descent.base import BaseElasticNet
from schuss.linear_model._coordinate_descent.fit import ElasticNetFit
from schuss.linear_model._coordinate_descent.messages import order_of
from schuss.validation import check_given

Array = NDArray[Any]

_DTYPES = [np.float64, np.float32]


class MultiTaskElasticNet(BaseElasticNet):
    """Elastic net for several targets at once: a feature is in the model of all of them or of none.

    Drop-in for `sklearn.linear_model.MultiTaskElasticNet`. Minimises ::

        1 / (2 n_samples) * ||Y - X coef' - intercept||^2
            + alpha * l1_ratio * sum_j ||coef_.j|| + alpha * (1 - l1_ratio) / 2 * ||coef||^2

    where ``coef_.j`` are the coefficients of feature j in all targets, by block coordinate descent on the Gram matrix
    of a working set of columns, as `ElasticNet` does: each iteration solves on the set and then reads X once.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalties.
    l1_ratio : float, default=0.5
        Share of the penalty on norms.
    fit_intercept : bool, default=True
        Whether to fit intercepts, which are never penalised.
    copy_X : bool, default=True
        Without effect: X is never written to.
    max_iter : int, default=1000
        Largest number of sweeps over the working set, all in all.
    tol : float, default=1e-4
        The fit ends at a duality gap of at most ``tol * ||Y - mean(Y)||^2 / n_samples``.
    warm_start : bool, default=False
        Whether ``fit`` begins at the coefficients of the fit before.
    random_state : int, RandomState or None, default=None
        Seed of the order of features.
    selection : {'cyclic', 'random'}, default='cyclic'
        Whether features are visited in another order in each sweep.
    max_time : float or None, default=None
        Seconds after which no further iteration starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend on it.

    Attributes
    ----------
    coef_ : ndarray of shape (n_tasks, n_features)
        In the dtype of X.
    sparse_coef_ : sparse matrix of shape (n_tasks, n_features)
    intercept_ : ndarray of shape (n_tasks,)
    dual_gap_ : float
        How far above its minimum the objective can be at most.
    eps_ : float
        How large the duality gap of the summed objective may be.
    n_iter_ : int
        Number of sweeps over the working set.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    history_ : History
        As of `ElasticNet`, losses summed over tasks.
    stop_reason_ : str
        'converged', 'max_iter', 'no_improvement' (no precision left), 'max_time', 'callback' or 'interrupted'.

    Examples
    --------
    >>> from schuss.linear_model import MultiTaskElasticNet
    >>> model = MultiTaskElasticNet(alpha=0.1).fit([[0, 0], [1, 1], [2, 2]], [[0, 0], [1, 1], [2, 2]])
    >>> model.predict([[1, 1]]).round(3)
    array([[1., 1.]])
    """

    _joint = True

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection
        self.max_time = max_time
        self.n_threads = n_threads

    @with_callbacks
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> MultiTaskElasticNet:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            float32 and float64 arrays with contiguous rows or columns and CSC matrices are used as they are.
        y : array-like of shape (n_samples, n_tasks)
        sample_weight : float, array-like of shape (n_samples,) or None, default=None
        X_val, y_val : array-like or None, default=None
            Validation data, recorded in ``history_``.
        sample_weight_val : array-like or None, default=None

        Returns
        -------
        self : MultiTaskElasticNet

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C, with the parameters reached so far in place.

        Warns
        -----
        ConvergenceWarning
            If the duality gap asked for was not reached.
        """
        check_parameters(self)
        X, y = self._check_data(X, y)
        fit = self._prepared(X, y.T, sample_weight)
        if check_given(X_val, y_val, sample_weight_val):
            self._watch(fit, X_val, y_val, sample_weight_val)
        return self._run(fit, X, y, sample_weight)

    def _check_data(self, X: Any, y: Any) -> tuple[Any, Array]:
        separately = (
            {"accept_sparse": "csc", "dtype": _DTYPES, "order": order_of(X)},
            {"dtype": _DTYPES, "ensure_2d": False},
        )
        X, y = check_training_data(self, X, y, y_numeric=True, validate_separately=separately)
        check_consistent_length(X, y)
        if y.ndim == 1:
            raise ValueError(f"For mono-task outputs, use {type(self).__name__.removeprefix('MultiTask')}")
        return X, y

    def _shaped(self, coef: Array, intercept: Array | None) -> dict[str, Any]:
        return {"coef_": coef, "intercept_": 0.0 if intercept is None else intercept}

    def _measured(self, fit: ElasticNetFit) -> dict[str, Any]:
        return {"dual_gap_": float(fit.gaps[0]), "eps_": float(fit.tolerances[0]), "n_iter_": fit.n_sweeps[0]}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.single_output = False
        tags.target_tags.multi_output = True
        return tags


class MultiTaskLasso(MultiTaskElasticNet):
    """Lasso for several targets at once: a feature is in the model of all of them or of none.

    Drop-in for `sklearn.linear_model.MultiTaskLasso`. Minimises ::

        1 / (2 n_samples) * ||Y - X coef' - intercept||^2 + alpha * sum_j ||coef_.j||

    Attributes, and parameters but for ``l1_ratio``, are those of `MultiTaskElasticNet`, which says how the minimum is
    found.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty.
    fit_intercept : bool, default=True
    copy_X : bool, default=True
    max_iter : int, default=1000
    tol : float, default=1e-4
    warm_start : bool, default=False
    random_state : int, RandomState or None, default=None
    selection : {'cyclic', 'random'}, default='cyclic'
    max_time : float or None, default=None
    n_threads : int or None, default=None

    Examples
    --------
    >>> from schuss.linear_model import MultiTaskLasso
    >>> model = MultiTaskLasso(alpha=0.1).fit([[0, 1], [1, 2], [2, 4]], [[0, 0], [1, 1], [2, 3]])
    >>> model.coef_.shape
    (2, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        name: kinds for name, kinds in MultiTaskElasticNet._parameter_constraints.items() if name != "l1_ratio"
    }

    l1_ratio = 1.0  # not a parameter

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.random_state = random_state
        self.selection = selection
        self.max_time = max_time
        self.n_threads = n_threads
