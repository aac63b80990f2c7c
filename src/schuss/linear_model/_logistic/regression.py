# SPDX-License-Identifier: BSD-3-Clause
"""LogisticRegression: binary and multinomial, with L1, L2 and elastic-net penalties or none."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_expit, log_softmax
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning

from schuss import _kernels as kernels
from schuss._blas import one_blas_thread
from schuss._inputs import check_parameters, check_training_data, check_X_y, n_threads_for
from schuss._labels import class_weights, codes_of, encode_labels
from schuss._sklearn import N_THREADS, Hidden, Interval, SparseCoefMixin, StrOptions, check_sample_weight
from schuss.callbacks import CallbackSupport, FitTask, with_callbacks
from schuss.linear_model._base import LinearClassifierMixin, raw_prediction
from schuss.linear_model._logistic.fit import LogisticFit
from schuss.linear_model._logistic.parameters import not_converged, penalty_strength
from schuss.linear_model._logistic.problem import Data
from schuss.training import Outcome
from schuss.validation import check_given, publish_run, split_rows

Array = NDArray[Any]

_SOLVERS = {"lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga"}


class LogisticRegression(CallbackSupport, LinearClassifierMixin, SparseCoefMixin, BaseEstimator):
    """Logistic regression for two or more classes.

    Drop-in for `sklearn.linear_model.LogisticRegression`. Minimises ::

        C * sum_i w_i * log_loss_i + (1 - l1_ratio) / 2 * ||coef||^2 + l1_ratio * ||coef||_1

    by Newton's method with one read of X per iteration: gradients are exact, the Hessian
    comes from few rows or from the first reads and is kept up to date by L-BFGS. Wide
    and sparse data are solved by L-BFGS with a diagonal. With an L1 penalty the same
    method, now proximal, solves its linear systems by coordinate descent; of wide and
    sparse data it iterates on a working set of columns. With three classes or more the
    model is the true multinomial one.

    Parameters
    ----------
    penalty : {'l1', 'l2', 'elasticnet', None}, default='l2'
        Deprecated as in scikit-learn: use ``l1_ratio`` and ``C``.
    C : float, default=1.0
        Inverse strength of the penalty; ``np.inf`` for none.
    l1_ratio : float, default=0.0
        Share of the L1 penalty: 0 is L2 alone, 1 is L1 alone, what lies between an elastic
        net.
    dual : bool, default=False
        Accepted with ``solver='liblinear'``; the primal problem is solved all the same,
        which has the same minimum.
    tol : float, default=1e-4
        Largest entry of the gradient of the mean objective, with an L1 penalty of the
        subgradient of least norm, at which training may stop.
        The objective must be within about 1e-7 of its minimum as well, relative to it.
    fit_intercept : bool, default=True
        Whether to fit an intercept. It is not penalised, but with ``solver='liblinear'``.
    intercept_scaling : float, default=1
        With ``solver='liblinear'`` the intercept is penalised like the coefficient of a
        column that has this value everywhere: the larger, the less. Else without effect.
    class_weight : dict, 'balanced' or None, default=None
        Weights of the classes, which multiply those of the samples; 'balanced' makes all
        classes weigh the same.
    random_state : int, RandomState instance or None, default=None
        Source of the validation split of ``early_stopping``. The solver's own draws are
        always the same.
    solver : {'lbfgs', 'liblinear', 'newton-cg', 'newton-cholesky', 'sag', 'saga'}, \
default='lbfgs'
        Which of scikit-learn's solvers to stand in for. Every name leads to the solver
        described above, without that solver's limits of scale, precision or speed; what
        is special about the problem that it solves is kept. 'liblinear' penalises the
        intercept, see ``intercept_scaling``, refuses more than two classes and returns
        double precision.
    max_iter : int, default=100
        Largest number of iterations.
    verbose : int, default=0
        If positive, print a line per iteration.
    warm_start : bool, default=False
        Whether `fit` starts from the parameters of the fit before.
    n_jobs : int or None, default=None
        Deprecated as in scikit-learn: use ``n_threads``.
    early_stopping : bool, default=False
        Whether to stop when the loss on validation data has not fallen for
        ``n_iter_no_change`` iterations, and to return to the best parameters.
    validation_fraction : float, default=0.1
        Share of the rows that ``early_stopping`` sets aside, stratified by class, if
        `fit` is given no validation data.
    n_iter_no_change : int, default=5
        See ``early_stopping``.
    max_time : float or None, default=None
        Seconds after which no further iteration starts.
    n_threads : int or None, default=None
        Number of threads; None for ``n_jobs``, or else as many as the machine allows.
        Results do not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray or CSR of shape (1, n_features) or (n_classes, n_features)
        In the dtype of X, but for 'liblinear'; one row for two classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    n_iter_ : ndarray of shape (1,)
        Number of iterations.
    history_ : History
        Per iteration: data_loss, penalty, objective (on the scale of a mean loss),
        gradient_norm, step_size, seconds; with validation data also the losses and
        scores of training and validation. With an L1 penalty gradient_norm is the largest
        violation of the optimality conditions, and the last iteration has a duality_gap: no
        parameters have an objective that is lower by more.
    stop_reason_ : str
        'converged', 'no_improvement', 'max_iter', 'max_time', 'callback' or
        'interrupted'.
    best_iteration_ : int
        Iteration of the best validation score, from 0; only with validation data.

    Notes
    -----
    The curvature of few rows serves as a start for L-BFGS in the manner of Berahas,
    Bollapragada and Nocedal (2020), "An investigation of Newton-sketch and subsampled
    Newton methods"; for many classes it is Boehning's bound (1992). The duality gap of an L1
    penalty is that of Koh, Kim and Boyd (2007), "An interior-point method for large-scale
    l1-regularized logistic regression", at the residuals of the step that would come next.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from schuss.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegression().fit(X, y)
    >>> model.predict(X[:2])
    array([0, 0])
    >>> model.stop_reason_
    'converged'
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "penalty": [
            StrOptions({"l1", "l2", "elasticnet"}),
            None,
            Hidden(StrOptions({"deprecated"})),
        ],
        "C": [Interval(Real, 0, None, closed="right")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both"), None],
        "dual": ["boolean"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "fit_intercept": ["boolean"],
        "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "random_state": ["random_state"],
        "solver": [StrOptions(_SOLVERS)],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "n_jobs": [None, Integral],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "n_threads": N_THREADS,
    }

    def __init__(
        self,
        penalty: str | None = "deprecated",
        *,
        C: float = 1.0,
        l1_ratio: float | None = 0.0,
        dual: bool = False,
        tol: float = 1e-4,
        fit_intercept: bool = True,
        intercept_scaling: float = 1,
        class_weight: dict[Any, float] | str | None = None,
        random_state: Any = None,
        solver: str = "lbfgs",
        max_iter: int = 100,
        verbose: int = 0,
        warm_start: bool = False,
        n_jobs: int | None = None,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
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
    ) -> LogisticRegression:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            C-contiguous float32 or float64 arrays and CSR matrices are used as they are.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,) or None, default=None
        X_val, y_val : array-like or None, default=None
            Validation data: recorded in ``history_``, watched with ``early_stopping``.
        sample_weight_val : array-like or None, default=None

        Returns
        -------
        self : LogisticRegression

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C, with the parameters of the last complete iteration in place.
        """
        check_parameters(self)
        C, l1_ratio = penalty_strength(self)
        X, y = check_training_data(self, X, y)
        data, held_out = self._split(self._encode(X, y, sample_weight), X_val, y_val, sample_weight_val)
        with one_blas_thread(X.shape[1] * len(self.classes_)):
            fit = LogisticFit(self, data, C, l1_ratio)
            if held_out is not None:
                fit.watch(held_out)
            task = self._task(fit, X, y, sample_weight)
            outcome = fit.run(task)
        self._publish(fit, outcome)
        task.end()
        return self

    def _encode(self, X: Any, y: Any, sample_weight: Any) -> Data:
        """Number the classes and weigh the samples."""
        classes, codes = encode_labels(y)
        if len(classes) < 2:
            raise ValueError(
                "This solver needs samples of at least 2 classes in the data, but the data "
                f"contains only one class: {classes[0]!r}"
            )
        if self.solver == "liblinear" and len(classes) > 2:
            raise ValueError(
                "The 'liblinear' solver does not support multiclass classification "
                "(n_classes >= 3). Either use another solver or wrap the estimator in a "
                "OneVsRestClassifier to keep applying a one-versus-rest scheme."
            )
        weight = check_sample_weight(sample_weight, X, dtype=X.dtype)
        if self.class_weight is not None:
            factors = class_weights(self.class_weight, classes, codes, weight)[codes]
            weight = (factors if weight is None else factors * weight).astype(X.dtype)
        self.classes_ = classes
        return Data(X, codes.astype(X.dtype), weight)

    def _split(self, data: Data, X_val: Any, y_val: Any, sample_weight_val: Any) -> tuple[Data, Data | None]:
        """Return training and validation data, given or set aside."""
        if check_given(X_val, y_val, sample_weight_val):
            X_val, y_val = check_X_y(self, X_val, y_val, reset=False, dtype=data.X.dtype)
            codes = codes_of(y_val, self.classes_).astype(data.X.dtype)
            weight = check_sample_weight(sample_weight_val, X_val, dtype=data.X.dtype)
            return data, Data(X_val, codes, weight)
        if not self.early_stopping:
            return data, None
        train, val = split_rows(data.y, self.validation_fraction, self.random_state, stratify=True, weight=data.weight)
        return data.take(train), data.take(val)

    def _task(self, fit: LogisticFit, X: Any, y: Any, sample_weight: Any) -> FitTask:
        def attributes() -> Mapping[str, Any]:
            coef, intercept = fit.parameters()
            return {"classes_": self.classes_, "coef_": coef, "intercept_": intercept}

        return FitTask(self, X, y, sample_weight, max_iter=self.max_iter, attributes=attributes)

    def _publish(self, fit: LogisticFit, outcome: Outcome) -> None:
        self.coef_, self.intercept_ = fit.parameters()
        self.n_iter_ = np.array([outcome.n_iter], dtype=np.int32)
        publish_run(self, outcome, fit.history, fit.curves)
        if fit.fell_short(outcome):
            norm = fit.history[-1]["gradient_norm"] if len(fit.history) else np.nan
            warnings.warn(
                not_converged(self.solver, outcome.n_iter, norm, self.tol),
                ConvergenceWarning,
                stacklevel=4,
            )

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        raw = raw_prediction(self, X)
        n_threads = n_threads_for(self, raw)
        if raw.shape[1] > 1:
            kernels.softmax(raw, raw, n_threads=n_threads)
            return raw
        positive = raw.ravel()
        kernels.sigmoid(positive, positive, n_threads=n_threads)
        return np.column_stack([1 - positive, positive])

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of the probability of each class.

        It stays finite where the probability itself is too small to be written.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``.
        """
        raw = raw_prediction(self, X)
        if raw.shape[1] > 1:
            return log_softmax(raw, axis=1)
        return log_expit(np.column_stack([-raw, raw]))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
