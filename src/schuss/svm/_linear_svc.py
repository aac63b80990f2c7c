# SPDX-License-Identifier: BSD-3-Clause
"""LinearSVC."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from schuss._inputs import check_parameters, check_training_data, check_X_y, n_threads_for
from schuss._labels import class_weights, codes_of, encode_labels
from schuss._sklearn import N_THREADS, Interval, SparseCoefMixin, StrOptions, check_sample_weight
from schuss.callbacks import with_callbacks
from schuss.linear_model._base import LinearClassifierMixin
from schuss.losses import Loss, Target
from schuss.svm._base import BaseLinearSVM
from schuss.svm._fit import SVMFit, solver_for
from schuss.svm._multiclass import MulticlassProblem
from schuss.svm._parameters import check_intercept_scaling, resolve_dual
from schuss.svm._problem import Problem

Array = NDArray[Any]


class LinearSVC(LinearClassifierMixin, SparseCoefMixin, BaseLinearSVM):
    """Linear support vector classification.

    Drop-in for `sklearn.svm.LinearSVC`. Minimises, for each class against the rest, ::

        1/2 * (||coef||^2 + (intercept / intercept_scaling)^2) + C * sum_i w_i * loss_i

    which is liblinear's objective: the intercept is penalised too. The method is chosen by the
    data. Data with more rows than columns are solved by Newton's method for the squared hinge, a
    proximal one with an L1 penalty, and by an interior-point method for the hinge; wide data by dual
    coordinate descent with shrinking.

    With ``multi_class='crammer_singer'`` all classes are told apart in one problem, with the same
    penalty summed over the classes and, for the raw predictions z of a row, ::

        loss_i = max(0, 1 + max of z_m over m != y_i, minus z_{y_i})

    Parameters
    ----------
    penalty : {'l2', 'l1'}, default='l2'
        With 'l1', ``||coef||_1 + |intercept / intercept_scaling|`` takes the place of the squares.
    loss : {'squared_hinge', 'hinge'}, default='squared_hinge'
    dual : bool or 'auto', default='auto'
        Combinations that scikit-learn refuses are refused. Otherwise it is a wish that decides for
        wide data and the squared hinge; both problems have the same solution.
    tol : float, default=1e-4
        Training stops once the objective is within about ``tol / 1000`` of its minimum, relative
        to it. Dual coordinate descent proves it by the duality gap; in the primal the largest entry
        of the gradient of the mean objective must be at most ``tol``, too.
    C : float, default=1.0
        Inverse strength of the penalty.
    multi_class : {'ovr', 'crammer_singer'}, default='ovr'
        One class against the rest, or all in one problem, for which ``penalty``, ``loss`` and
        ``dual`` say nothing.
    fit_intercept : bool, default=True
    intercept_scaling : float, default=1
        The larger, the less the intercept is penalised.
    class_weight : dict, 'balanced' or None, default=None
        Factors of ``C``, by class. Of one class against the rest, the rest has none; with
        'crammer_singer' each row has that of its own class.
    verbose : int, default=0
        If positive, print a line per iteration.
    random_state : int, RandomState instance or None, default=None
        Source of the order in which dual coordinate descent visits the rows, and of the
        validation split.
    max_iter : int, default=1000
        Largest number of iterations: steps in the primal, epochs in the dual.
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
        Number of threads; None for as many as the machine allows. Results do not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray or CSR of shape (1, n_features) or (n_classes, n_features)
        In the dtype of X; one row for two classes.
    intercept_ : ndarray of shape (1,) or (n_classes,), or 0.0 without intercept
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    n_iter_ : int
        Number of iterations; all classes are trained side by side.
    history_ : History
        Per iteration, summed over the classes and divided by ``C`` and the sum of the weights:
        data_loss, penalty, objective; gradient_norm and step_size in the primal, in the dual
        violation (the largest slope that a dual variable could still follow) and in some
        iterations duality_gap. With validation data also the losses and scores of training and
        validation.
    stop_reason_ : str
        'converged', 'no_improvement', 'max_iter', 'max_time', 'callback' or 'interrupted'.
    best_iteration_ : int
        Iteration of the best validation score, from 0; only with validation data.

    Notes
    -----
    Newton's method for the squared hinge is that of Mangasarian (2002), "A finite Newton method
    for classification", and Keerthi and DeCoste (2005); its curvature comes from few rows and is
    corrected by L-BFGS. Dual coordinate descent is that of Hsieh, Chang, Lin, Keerthi and
    Sundararajan (2008). The joint problem is that of Crammer and Singer (2001), "On the algorithmic
    implementation of multiclass kernel-based vector machines". Its dual is solved row by row after
    Keerthi, Sundararajan, Chang, Hsieh and Lin (2008), "A sequential dual method for large scale
    multi-class linear SVMs", or, where matrices over the coefficients of all classes are small, by
    an interior-point method.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from schuss.svm import LinearSVC
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LinearSVC().fit(X, y)
    >>> model.predict(X[:2])
    array([0, 0])
    >>> model.stop_reason_
    'converged'
    """

    _classes = True

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "penalty": [StrOptions({"l1", "l2"})],
        "loss": [StrOptions({"hinge", "squared_hinge"})],
        "dual": ["boolean", StrOptions({"auto"})],
        "tol": [Interval(Real, 0.0, None, closed="neither")],
        "C": [Interval(Real, 0.0, None, closed="neither")],
        "multi_class": [StrOptions({"ovr", "crammer_singer"})],
        "fit_intercept": ["boolean"],
        "intercept_scaling": [Interval(Real, 0, None, closed="neither")],
        "class_weight": [None, dict, StrOptions({"balanced"})],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
        "max_iter": [Interval(Integral, 0, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "max_time": [Interval(Real, 0, None, closed="neither"), None],
        "n_threads": N_THREADS,
    }

    def __init__(
        self,
        penalty: str = "l2",
        loss: str = "squared_hinge",
        *,
        dual: bool | str = "auto",
        tol: float = 1e-4,
        C: float = 1.0,
        multi_class: str = "ovr",
        fit_intercept: bool = True,
        intercept_scaling: float = 1,
        class_weight: dict[Any, float] | str | None = None,
        verbose: int = 0,
        random_state: Any = None,
        max_iter: int = 1000,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 5,
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.penalty = penalty
        self.loss = loss
        self.dual = dual
        self.tol = tol
        self.C = C
        self.multi_class = multi_class
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.verbose = verbose
        self.random_state = random_state
        self.max_iter = max_iter
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
    ) -> LinearSVC:
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            C-contiguous float32 or float64 arrays and CSR matrices are used as they are.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Not negative.
        X_val, y_val : array-like or None, default=None
            Validation data: recorded in ``history_``, watched with ``early_stopping``.
        sample_weight_val : array-like or None, default=None

        Returns
        -------
        self : LinearSVC

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C, with the parameters of the last complete iteration in place.
        """
        check_parameters(self)
        check_intercept_scaling(self)
        X, y = check_training_data(self, X, y)
        joint = self.multi_class == "crammer_singer"
        dual = joint or resolve_dual(self.dual, self.loss, self.penalty, X.shape)
        weight = self._weights(sample_weight, X)
        classes, codes = encode_labels(y)
        if len(classes) < 2:
            raise ValueError(
                "This solver needs samples of at least 2 classes in the data, but the data "
                f"contains only one class: {classes[0]!r}"
            )
        self.classes_ = classes
        factors = class_weights(self.class_weight, classes, codes, weight)
        target = self._encode(codes, X.dtype)
        train, held_out = self._held_out(X, target, weight, (X_val, y_val, sample_weight_val))
        problem = self._problem(*train, factors)
        fit = SVMFit(self, problem, solver_for(problem, self.tol, self._seed(), dual=dual))
        if held_out is not None:
            fit.watch(*held_out)
        self._train(fit, X, y, sample_weight)
        return self

    def _encode(self, codes: NDArray[np.intp], dtype: Any) -> Array:
        return Loss(self.loss, Target.SIGN).encode(codes, len(self.classes_), dtype)

    def _problem(self, X: Any, target: Array, weight: Array | None, factors: Array) -> Problem:
        binary, joint = len(factors) == 2, self.multi_class == "crammer_singer"
        kind = MulticlassProblem if joint and not binary else Problem
        return kind(
            X=self._dense_if_small(X),
            y=target,
            weight=weight,
            loss="hinge" if joint else self.loss,
            epsilon=0.0,
            # half the penalty: of two classes told apart jointly each has half of the difference
            C=float(self.C) * (2.0 if joint and binary else 1.0),
            intercept_square=float(self.intercept_scaling) ** 2 if self.fit_intercept else 0.0,
            positive=factors[1:].copy() if binary else factors,
            negative=factors[:1].copy() if binary else np.ones(len(factors)),
            n_threads=n_threads_for(self, X),
            l1=self.penalty == "l1" and not joint,
        )

    def _check_validation(self, dtype: Any, X_val: Any, y_val: Any, weight: Any) -> tuple[Any, Array, Array | None]:
        X_val, y_val = check_X_y(self, X_val, y_val, reset=False, dtype=dtype)
        target = self._encode(codes_of(y_val, self.classes_), dtype)
        return X_val, target, check_sample_weight(weight, X_val, dtype=np.float64)

    def _shaped(self, coef: Array, intercept: Array) -> dict[str, Any]:
        return {
            "classes_": self.classes_,
            "coef_": coef,
            "intercept_": intercept if self.fit_intercept else 0.0,
        }
