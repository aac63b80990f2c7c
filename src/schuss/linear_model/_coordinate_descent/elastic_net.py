# SPDX-License-Identifier: BSD-3-Clause
"""ElasticNet and Lasso."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.metadata_routing import UNUSED

from schuss._inputs import check_parameters, check_training_data
from schuss.callbacks import with_callbacks
from schuss.linear_model._coordinate_descent.base import BaseElasticNet
from schuss.linear_model._coordinate_descent.fit import ElasticNetFit
from schuss.linear_model._coordinate_descent.messages import order_of, usable
from schuss.validation import check_given

Array = NDArray[Any]


class ElasticNet(BaseElasticNet):
    """Least squares with L1 and L2 penalties.

    Drop-in for `sklearn.linear_model.ElasticNet`. Minimises, for each target, ::

        1 / (2 n_samples) * ||y - X coef - intercept||^2
            + alpha * l1_ratio * ||coef||_1 + alpha * (1 - l1_ratio) / 2 * ||coef||^2

    by coordinate descent on the Gram matrix of a working set of columns: those of a long
    table's sample solution, or those that correlate most with the residual. Each iteration
    solves on the set and then reads X once, for the duality gap over all columns and for
    those that have to come in. X is never copied, centred or made dense.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalties.
    l1_ratio : float, default=0.5
        Share of the L1 penalty.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is never penalised.
    precompute : bool or array-like of shape (n_features, n_features), default=False
        True to have all columns in the working set from the start; a Gram matrix to use,
        of weighted samples if there are weights. Sparse data ignore it.
    max_iter : int, default=1000
        Largest number of sweeps over the working set, all in all.
    copy_X : bool, default=True
        Without effect: X is never written to.
    tol : float, default=1e-4
        The fit ends at a duality gap of at most ``tol * ||y - mean(y)||^2 / n_samples``.
    warm_start : bool, default=False
        Whether ``fit`` begins at the coefficients of the fit before.
    positive : bool, default=False
        Whether coefficients must not be negative.
    random_state : int, RandomState or None, default=None
        Seed of the order of coordinates.
    selection : {'cyclic', 'random'}, default='cyclic'
        Whether coordinates are visited in another order in each sweep.
    max_time : float or None, default=None
        Seconds after which no further iteration starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend
        on it.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        In the dtype of X.
    sparse_coef_ : sparse matrix of shape (1, n_features) or (n_targets, n_features)
    intercept_ : float or ndarray of shape (n_targets,)
    dual_gap_ : float or ndarray of shape (n_targets,)
        How far above its minimum the objective can be at most.
    n_iter_ : int or list of int
        Number of sweeps over the working set.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    history_ : History
        Per read of X: data_loss (half the mean squared error), penalty, objective,
        duality_gap, n_nonzero, working_set (number of columns), n_sweeps (so far) and
        seconds; with several targets also target; with validation data also the losses
        and scores of training and validation.
    stop_reason_ : str
        'converged', 'max_iter', 'no_improvement' (no precision left), 'max_time',
        'callback' or 'interrupted'.

    Notes
    -----
    Coordinate descent in covariance form is that of Friedman, Hastie and Tibshirani (2010);
    working sets by duality gap are those of Massias, Gramfort and Salmon (2018).

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import ElasticNet
    >>> X = np.array([[1.0, 0.0], [2.0, 1.0], [3.0, 0.0], [4.0, 1.0]])
    >>> model = ElasticNet(alpha=0.1, tol=1e-10).fit(X, [2.0, 4.0, 6.0, 8.0])
    >>> model.coef_.round(3)
    array([1.846, 0.098])
    """

    # "check_input" is for callers that checked already, not something to be routed
    __metadata_request__fit: ClassVar[dict[str, Any]] = {"check_input": UNUSED}

    _joint = False

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseElasticNet._parameter_constraints,
        "precompute": ["boolean", "array-like"],
        "positive": ["boolean"],
    }

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        precompute: Any = False,
        max_iter: int | None = 1000,
        copy_X: bool = True,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.max_iter = max_iter
        self.copy_X = copy_X
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
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
        check_input: bool = True,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> ElasticNet:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            float32 and float64 arrays with contiguous rows or columns and CSC matrices are
            used as they are.
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
        sample_weight : float, array-like of shape (n_samples,) or None, default=None
        check_input : bool, default=True
            False promises that X and y are arrays of the same dtype, float32 or float64,
            and finite.
        X_val, y_val : array-like or None, default=None
            Validation data, recorded in ``history_``; for one target.
        sample_weight_val : array-like or None, default=None

        Returns
        -------
        self : ElasticNet

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
        if self.alpha == 0:
            message = (
                "With alpha=0, this algorithm does not converge well. You are advised to use the LinearRegression "
                "estimator"
            )
            warnings.warn(message, stacklevel=2)
        if check_input:
            options = {"accept_sparse": "csc", "order": order_of(X), "y_numeric": True, "multi_output": True}
            X, y = check_training_data(self, X, y, **options)
        targets = np.atleast_2d(np.asarray(y).T)
        fit = self._prepared(X, targets, sample_weight)
        gram = usable(self.precompute, X)
        if gram is not False:
            fit.use_gram(gram, check=check_input)
        if check_given(X_val, y_val, sample_weight_val):
            if len(targets) > 1:
                raise ValueError("Validation data can be recorded for one target only.")
            self._watch(fit, X_val, y_val, sample_weight_val)
        return self._run(fit, X, y, sample_weight)

    def _shaped(self, coef: Array, intercept: Array | None) -> dict[str, Any]:
        single = len(coef) == 1
        level: Any = 0.0 if intercept is None else intercept[0] if single else intercept
        return {"coef_": coef[0] if single else coef, "intercept_": level}

    def _measured(self, fit: ElasticNetFit) -> dict[str, Any]:
        gaps = fit.gaps.astype(fit.features.X.dtype)
        single = len(gaps) == 1
        return {"dual_gap_": gaps[0] if single else gaps, "n_iter_": fit.n_sweeps[0] if single else fit.n_sweeps}


class Lasso(ElasticNet):
    """Least squares with an L1 penalty.

    Drop-in for `sklearn.linear_model.Lasso`. Minimises, for each target, ::

        1 / (2 n_samples) * ||y - X coef - intercept||^2 + alpha * ||coef||_1

    Attributes, and parameters but for ``l1_ratio``, are those of `ElasticNet`, which says
    how the minimum is found.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty.
    fit_intercept : bool, default=True
    precompute : bool or array-like of shape (n_features, n_features), default=False
    copy_X : bool, default=True
    max_iter : int, default=1000
    tol : float, default=1e-4
    warm_start : bool, default=False
    positive : bool, default=False
    random_state : int, RandomState or None, default=None
    selection : {'cyclic', 'random'}, default='cyclic'
    max_time : float or None, default=None
    n_threads : int or None, default=None

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import Lasso
    >>> X = np.array([[1.0, 0.0], [2.0, 1.0], [3.0, 0.0], [4.0, 1.0]])
    >>> Lasso(alpha=0.5).fit(X, [2.0, 4.0, 6.0, 8.0]).coef_.round(3)
    array([1.6, 0. ])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        name: kinds for name, kinds in ElasticNet._parameter_constraints.items() if name != "l1_ratio"
    }

    l1_ratio = 1.0  # not a parameter

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        precompute: Any = False,
        copy_X: bool = True,
        max_iter: int | None = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
        random_state: Any = None,
        selection: str = "cyclic",
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.precompute = precompute
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive
        self.random_state = random_state
        self.selection = selection
        self.max_time = max_time
        self.n_threads = n_threads
