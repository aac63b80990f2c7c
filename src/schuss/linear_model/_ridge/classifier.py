# SPDX-License-Identifier: BSD-3-Clause
"""RidgeClassifier."""

from __future__ import annotations

from typing import Any, ClassVar

import scipy.sparse as sp

from schuss._inputs import check_parameters
from schuss._sklearn import StrOptions
from schuss.callbacks import with_callbacks
from schuss.linear_model._ridge.base import BaseRidge
from schuss.linear_model._ridge.labels import RidgeLabels


class RidgeClassifier(RidgeLabels, BaseRidge):
    """Classification by least squares with an L2 penalty.

    Drop-in for `sklearn.linear_model.RidgeClassifier`: `Ridge` on targets of -1 and 1, one
    target for two classes, one for each of several classes or labels. All targets share
    the same two reads of X.

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty; see `Ridge`.
    fit_intercept : bool, default=True
        Whether to fit an intercept, which is never penalised.
    copy_X : bool, default=True
        Without effect: X is never written to.
    max_iter : int or None, default=None
        Largest number of iterations of the iterative solvers.
    tol : float, default=1e-4
        Precision of the iterative solvers; see `Ridge`.
    class_weight : dict, 'balanced' or None, default=None
        Weight of each class: a class counts as if its samples had this weight. 'balanced'
        gives all classes the same total, whatever ``sample_weight`` says.
    solver : {'auto', 'svd', 'cholesky', 'lsqr', 'sparse_cg', 'sag', 'saga', 'lbfgs'}, \
default='auto'
        See `Ridge`.
    positive : bool, default=False
        Whether coefficients must not be negative.
    random_state : int, RandomState instance or None, default=None
        Without effect: nothing is random.
    max_time : float or None, default=None
        Seconds after which no further read of X starts.
    n_threads : int or None, default=None
        Number of threads; None for as many as the machine allows. Results do not depend
        on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Sorted; of a multilabel problem the numbers of the labels.
    coef_ : ndarray of shape (n_features,) or (n_classes, n_features)
        One-dimensional for two classes; in the dtype of X.
    intercept_ : float or ndarray of shape (1,) or (n_classes,)
    n_iter_ : ndarray of shape (n_targets,)
        Number of iterations of 'lsqr', otherwise of reads of X on record.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    solver_ : str
        The solver that led to the result.
    history_ : History
        As of `Ridge`; with validation data the scores are accuracies.
    stop_reason_ : str
        'converged', 'max_time', 'callback' or 'interrupted'.

    Examples
    --------
    >>> import numpy as np
    >>> from schuss.linear_model import RidgeClassifier
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> RidgeClassifier().fit(X, ["no", "no", "yes", "yes"]).predict([[0.4], [2.6]]).tolist()
    ['no', 'yes']
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseRidge._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        alpha: Any = 1.0,
        *,
        fit_intercept: bool = True,
        copy_X: bool = True,
        max_iter: int | None = None,
        tol: float = 1e-4,
        class_weight: dict[Any, float] | str | None = None,
        solver: str = "auto",
        positive: bool = False,
        random_state: Any = None,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.copy_X = copy_X
        self.max_iter = max_iter
        self.tol = tol
        self.class_weight = class_weight
        self.solver = solver
        self.positive = positive
        self.random_state = random_state
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
    ) -> RidgeClassifier:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            C-contiguous float32 or float64 arrays and CSR matrices are used as they are.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Classes; zeros and ones for a multilabel problem.
        sample_weight : float, array-like of shape (n_samples,) or None, default=None
        X_val, y_val : array-like or None, default=None
            Validation data, recorded in ``history_``.
        sample_weight_val : array-like or None, default=None

        Returns
        -------
        self : RidgeClassifier

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C, with the parameters reached so far in place.
        """
        check_parameters(self)
        self._check_solver(sp.issparse(X))
        rows, y = self._check_labelled(X, y, sample_weight)
        held_out = self._check_labelled_held_out(rows, (X_val, y_val, sample_weight_val))
        self._fit(rows, held_out, y, sample_weight)
        return self
