# SPDX-License-Identifier: BSD-3-Clause
"""LogisticRegressionCV: the strength and kind of the penalty chosen by cross-validation."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import get_scorer, get_scorer_names
from sklearn.model_selection import check_cv
from sklearn.utils.metadata_routing import UNUSED, MetadataRouter, MethodMapping

from schuss._blas import one_blas_thread
from schuss._inputs import check_parameters, check_training_data, n_threads_of
from schuss._sklearn import Hidden, Interval, StrOptions, keywords_only_from, raise_for_params, route_params
from schuss.callbacks import FitTask, with_callbacks
from schuss.history import History
from schuss.linear_model._logistic.parameters import not_converged
from schuss.linear_model._logistic.problem import Data, LogisticProblem
from schuss.linear_model._logistic.regression import LogisticRegression
from schuss.linear_model._logistic_cv.attributes import SearchAttributes
from schuss.linear_model._logistic_cv.paths import FoldPaths, minimise
from schuss.linear_model._logistic_cv.scoring import FoldScorer
from schuss.linear_model._logistic_cv.search import Search
from schuss.linear_model._logistic_cv.settings import Settings, settings_of
from schuss.training import Hook, Outcome, run
from schuss.verbose import print_line

Array = NDArray[Any]

_DROPPED = {"C", "warm_start", "l1_ratio", "early_stopping", "validation_fraction", "n_iter_no_change"}


class LogisticRegressionCV(SearchAttributes, LogisticRegression):  # type: ignore[override]
    """Logistic regression that chooses its penalty by cross-validation.

    Drop-in for `sklearn.linear_model.LogisticRegressionCV`. For the objective and how it
    is minimised see `LogisticRegression`. All folds are fitted side by side, one C after
    the other: each starts where it ended at the C before, and the folds share the
    curvature that the first of them has found.

    Parameters
    ----------
    Cs : int or array-like of shape (n_cs,), default=10
        Inverse strengths of the penalty to try, in this order; a number stands for so
        many on a logarithmic scale between 1e-4 and 1e4.
    l1_ratios : array-like of shape (n_l1_ratios,) or None, default=None
        Shares of an L1 penalty to try. None, deprecated as in scikit-learn, is like (0,)
        with older shapes of the attributes.
    fit_intercept : bool, default=True
        Whether to fit an intercept. It is not penalised, but with ``solver='liblinear'``.
    cv : int, cross-validation generator, iterable or None, default=None
        How to make the folds; None for five stratified ones.
    dual : bool, default=False
        See `LogisticRegression`.
    penalty : {'l1', 'l2', 'elasticnet'}, default='l2'
        Deprecated as in scikit-learn: use ``l1_ratios``.
    scoring : str, callable or None, default=None
        What to choose by, larger being better; None for the accuracy.
    solver : {'lbfgs', 'liblinear', 'newton-cg', 'newton-cholesky', 'sag', 'saga'}, \
default='lbfgs'
        See `LogisticRegression`.
    tol : float, default=1e-4
        See `LogisticRegression`.
    max_iter : int, default=100
        Largest number of iterations for one fold and one C.
    class_weight : dict, 'balanced' or None, default=None
        See `LogisticRegression`. What is balanced is the whole table, not each fold.
    n_jobs : int or None, default=None
        Number of threads, as far as ``n_threads`` does not say.
    verbose : int, default=0
        If positive, print a line per C.
    refit : bool, default=True
        Whether to fit the whole table with the C and the l1_ratio of the best mean score.
        If not, coefficients, C and l1_ratio are means over the best of each fold.
    intercept_scaling : float, default=1
        See `LogisticRegression`.
    random_state : int, RandomState instance or None, default=None
        Without effect: nothing is random.
    use_legacy_attributes : bool, default=True
        Whether attributes have scikit-learn's older shapes, see there.
    max_time : float or None, default=None
        Seconds after which no further C starts. The best so far is then chosen.
    n_threads : int or None, default=None
        Number of threads; None for ``n_jobs``, or else as many as the machine allows.
        Results do not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coef_ : ndarray or CSR of shape (1, n_features) or (n_classes, n_features)
        In double precision; one row for two classes.
    intercept_ : ndarray of shape (1,) or (n_classes,)
    Cs_ : ndarray of shape (n_cs,)
    l1_ratios_ : ndarray of shape (n_l1_ratios,)
        Holds None alone if ``l1_ratios`` is None.
    C_, l1_ratio_ : float
        What was chosen. Legacy: ndarrays with an entry per class, one for two classes.
    coefs_paths_ : ndarray of shape (n_folds, n_l1_ratios, n_cs, n_outputs, n_features + 1)
        Coefficients, then the intercept, if there is one. Legacy: a dict from classes to
        ndarrays of shape (n_folds, n_cs, n_l1_ratios, n_features + 1), without the axis
        of the ratios if ``l1_ratios`` is None.
    scores_ : ndarray of shape (n_folds, n_l1_ratios, n_cs)
        NaN where the search ended before. Legacy: a dict, see ``coefs_paths_``.
    n_iter_ : ndarray of shape (n_folds, n_l1_ratios, n_cs)
        Legacy: of shape (1, n_folds, n_cs, n_l1_ratios), see ``coefs_paths_``.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Only if X had names for its columns.
    history_ : History
        Per C, for the l1_ratio that did best at it: C, l1_ratio, data_loss and objective
        (means over the folds), validation_score and its standard deviation; and for all
        fits at this C together gradient_norm, n_steps, seconds.
    stop_reason_ : str
        'converged', 'max_iter' (if any fit ran out of iterations), 'max_time', 'callback'
        or 'interrupted'.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from schuss.linear_model import LogisticRegressionCV
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegressionCV(
    ...     l1_ratios=(0,), scoring="neg_log_loss", use_legacy_attributes=False
    ... ).fit(X, y)
    >>> model.predict(X[:2])
    array([0, 0])
    >>> model.scores_.shape
    (5, 1, 10)
    """

    # Part of the signature of `score` only while it may be passed by position.
    __metadata_request__score: ClassVar[dict[str, Any]] = {"sample_weight": UNUSED}

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **{name: rule for name, rule in LogisticRegression._parameter_constraints.items() if name not in _DROPPED},
        "Cs": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "l1_ratios": ["array-like", None, Hidden(StrOptions({"warn"}))],
        "cv": ["cv_object"],
        "scoring": [StrOptions(set(get_scorer_names())), callable, None, Hidden(StrOptions({"warn"}))],
        "refit": ["boolean"],
        "penalty": [StrOptions({"l1", "l2", "elasticnet"}), Hidden(StrOptions({"deprecated"}))],
        "use_legacy_attributes": ["boolean", Hidden(StrOptions({"warn"}))],
    }

    def __init__(
        self,
        *,
        Cs: Any = 10,
        l1_ratios: Any = "warn",
        fit_intercept: bool = True,
        cv: Any = None,
        dual: bool = False,
        penalty: str = "deprecated",
        scoring: Any = "warn",
        solver: str = "lbfgs",
        tol: float = 1e-4,
        max_iter: int = 100,
        class_weight: dict[Any, float] | str | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        refit: bool = True,
        intercept_scaling: float = 1.0,
        random_state: Any = None,
        use_legacy_attributes: bool | str = "warn",
        max_time: float | None = None,
        n_threads: int | None = None,
    ) -> None:
        self.Cs = Cs
        self.l1_ratios = l1_ratios
        self.fit_intercept = fit_intercept
        self.cv = cv
        self.dual = dual
        self.penalty = penalty
        self.scoring = scoring
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.refit = refit
        self.intercept_scaling = intercept_scaling
        self.random_state = random_state
        self.use_legacy_attributes = use_legacy_attributes
        self.max_time = max_time
        self.n_threads = n_threads

    @with_callbacks
    def fit(self, X: Any, y: Any, sample_weight: Any = None, **params: Any) -> LogisticRegressionCV:
        """Search the grid of penalties, and fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,) or None, default=None
        **params : dict
            For the splitter and the scorer, with metadata routing.

        Returns
        -------
        self : LogisticRegressionCV

        Raises
        ------
        ValueError
            If the data or the parameters cannot be used.
        KeyboardInterrupt
            On Ctrl-C, with the mean over the folds of the best model so far in place.
        """
        raise_for_params(params, self, "fit")
        check_parameters(self)
        settings = settings_of(self)
        X, y = check_training_data(self, X, y, dtype=np.float64)
        data = self._encode(X, y, sample_weight)
        splits, score_params = self._split_and_route(X, y, sample_weight, params)
        with one_blas_thread(X.shape[1] * len(self.classes_)):
            problem = LogisticProblem(self, data, sparsifying=bool(settings.shares.any()))
            search = self._search(problem, settings, data, y, splits, score_params)
            task = self._task_of(search, settings, X, y, sample_weight)
            outcome = self._run(search, settings, task)
            self._publish_search(search, settings, outcome, problem)
        task.end()
        return self

    def _split_and_route(
        self, X: Any, y: Array, sample_weight: Any, params: Mapping[str, Any]
    ) -> tuple[list[Any], Mapping[str, Any]]:
        """The folds, and what the scorer is to be called with."""
        routed = route_params(self, "fit", {"sample_weight": sample_weight, **params})
        if routed is None:
            for_splitter = {}
            for_scorer = dict(params) | ({} if sample_weight is None else {"sample_weight": sample_weight})
        else:
            for_splitter, for_scorer = routed.splitter.split, routed.scorer.score
        return list(check_cv(self.cv, y, classifier=True).split(X, y, **for_splitter)), for_scorer

    def _search(
        self,
        problem: LogisticProblem,
        settings: Settings,
        data: Data,
        y: Array,
        splits: list[Any],
        score_params: Mapping[str, Any],
    ) -> Search:
        masks, scorers = [], []
        for train, test in splits:
            mask = np.zeros(len(y), dtype=bool)
            mask[train] = True
            masks.append(mask)
            rows = np.arange(len(y))[test]
            scorers.append(
                FoldScorer(
                    self._get_scorer(), self.classes_, data.X, y, rows, score_params,
                    solver=self.solver, n_threads=n_threads_of(self),
                )
            )  # fmt: skip
        paths = FoldPaths(problem, masks, settings.shares, tol=self.tol, max_iter=self.max_iter)
        shape = (problem.n_outputs, data.X.shape[1])
        return Search(paths, scorers, settings, shape, fit_intercept=self.fit_intercept)

    def _task_of(self, search: Search, settings: Settings, X: Any, y: Array, sample_weight: Any) -> FitTask:
        def so_far() -> Mapping[str, Any]:
            coef, intercept = self._split_off_intercept(search.mean_of_best())
            return {"classes_": self.classes_, "coef_": coef, "intercept_": intercept}

        return FitTask(self, X, y, sample_weight, max_iter=len(settings.Cs), attributes=so_far, task_name="C")

    def _run(self, search: Search, settings: Settings, task: FitTask) -> Outcome:
        self.history_ = History()
        hooks: list[Hook] = [task]
        if self.verbose:
            hooks.append(print_line)
        return run(
            task.announce(search.sweep),
            max_iter=len(settings.Cs),
            history=self.history_,
            rules=[search.rule],
            hooks=hooks,
            max_time=self.max_time,
        )

    def _publish_search(self, search: Search, settings: Settings, outcome: Outcome, problem: LogisticProblem) -> None:
        self.stop_reason_ = str(outcome.reason)
        if not len(self.history_):
            assert outcome.interrupt is not None
            raise outcome.interrupt
        if self.refit or outcome.interrupt is not None:
            path, at = search.grid.best()
            C, share = float(settings.Cs[at]), float(settings.shares[path])
            l1_ratio = None if settings.l1_ratios is None else float(settings.l1_ratios[path])
            parameters = search.mean_of_best()
            if outcome.interrupt is None:
                parameters = self._refit(problem, C, share, parameters, search)
        else:
            parameters, C, l1_ratio = search.grid.mean_over_folds(settings)
        self.coef_, self.intercept_ = self._split_off_intercept(parameters)
        self._keep_search(search.grid, settings, C, l1_ratio)
        if outcome.interrupt is not None:
            raise outcome.interrupt
        if not search.converged:
            norm = max(self.history_["gradient_norm"])
            text = not_converged(self.solver, self.max_iter, norm, self.tol)
            warnings.warn(text, ConvergenceWarning, stacklevel=4)

    def _refit(self, problem: LogisticProblem, C: float, share: float, parameters: Array, search: Search) -> Array:
        """Fit the whole table, from the mean of the folds' models on."""
        objective, l1 = problem.objective(C, share), problem.l1_penalty(C, share)
        theta = objective.shifted(*self._split_off_intercept(parameters))
        solver = problem.solver(objective, l1, theta, tol=self.tol, warm=True)
        solution = minimise(solver, self.tol, self.max_iter)
        search.converged &= solution.converged
        point = solution.point
        return np.column_stack([point.coef, point.intercept]) if self.fit_intercept else point.coef

    def _split_off_intercept(self, parameters: Array) -> tuple[Array, Array]:
        if not self.fit_intercept:
            return parameters, np.zeros(len(parameters))
        return np.ascontiguousarray(parameters[:, :-1]), parameters[:, -1].copy()

    @keywords_only_from("1.11")
    def score(self, X: Any, y: Any, *, sample_weight: Any = None, **score_params: Any) -> float:
        """Return what ``scoring`` says about predictions; without it the accuracy.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,) or None, default=None
        **score_params : dict
            For the scorer, with metadata routing.

        Returns
        -------
        float
        """
        raise_for_params(score_params, self, "score")
        given = {} if sample_weight is None else {"sample_weight": sample_weight}
        routed = route_params(self, "score", {**score_params, **given})
        score: float = self._get_scorer()(self, X, y, **(given if routed is None else routed.scorer.score))
        return score

    def get_metadata_routing(self) -> MetadataRouter:
        """Say where this estimator passes metadata on to.

        Returns
        -------
        MetadataRouter
        """
        from_fit = MethodMapping().add(caller="fit", callee="split")
        from_both = MethodMapping().add(caller="score", callee="score").add(caller="fit", callee="score")
        router = MetadataRouter(owner=self).add_self_request(self)
        router.add(splitter=self.cv, method_mapping=from_fit)
        return router.add(scorer=self._get_scorer(), method_mapping=from_both)

    def _get_scorer(self) -> Any:
        unnamed = self.scoring is None or (isinstance(self.scoring, str) and self.scoring == "warn")
        return get_scorer("accuracy" if unnamed else self.scoring)
