# SPDX-License-Identifier: BSD-3-Clause
"""The fitted states of linear models, support vector machines included."""

from __future__ import annotations

from functools import partial

from schuss.persistence._entry import Entry, entry
from schuss.persistence._fields import INTEGER, Array, Choice, Counts, Either, Field, Integer, Labels, Real

_CLASSIFIER: dict[str, Field] = {
    "classes_": Labels(),
    "coef_": Array(("n_outputs", "n_features"), or_sparse=True),
    "intercept_": Array(("n_outputs",)),
}
_REGRESSOR: dict[str, Field] = {
    "coef_": Either(
        (
            Array(("n_features",), or_sparse=True, binds={"n_targets": 0}),  # then no array fits intercept_
            Array(("n_targets", "n_features"), or_sparse=True),
        )
    ),
    "intercept_": Either((Real(), Array(("n_targets",)))),
}
_SEARCHED: dict[str, Field] = {
    "alpha_": Real(minimum=0.0),
    "alphas_": Either((Array(("n_alphas",)), Array(("n_ratios", "n_alphas")))),
    # What has the size 1 is not among its dimensions.
    "mse_path_": Either(tuple(Array(("a", "b", "c")[:n], finite=False) for n in range(4))),
    "dual_gap_": Real(),
    "n_iter_": Integer(),
}
_RIDGE_SOLVERS = ("svd", "cholesky", "lsqr", "sparse_cg", "sag", "saga", "lbfgs")
_RIDGE: dict[str, Field] = {
    "n_iter_": Either((Choice((None,)), Array(("n_runs",), dtypes=INTEGER))),
    "solver_": Choice(_RIDGE_SOLVERS),
}
_CHOSEN: dict[str, Field] = {
    "n_iter_": Integer(),
    "alpha_": Either((Real(minimum=0.0), Array(("n_targets",)))),
    "best_score_": Either((Real(), Array(("n_targets",)))),
}
_LEFT_OUT: dict[str, Field] = {
    "cv_results_": Either((Array(("n_samples", "n_alphas")), Array(("n_samples", "n_targets", "n_alphas"))))
}
_SIGNS: dict[str, Field] = {
    "classes_": Labels(multilabel=True),
    "_multilabel": Choice((False, True)),
    "coef_": Either(
        (
            Array(("n_features",), binds={"n_outputs": 1}),
            Array(("n_outputs", "n_features")),
        )
    ),
    "intercept_": Either((Real(), Array(("n_outputs",)))),
}
_SGD_REGRESSOR: dict[str, Field] = {
    "coef_": Either(
        (
            Array(("n_features",), or_sparse=True),
            Array((1, "n_features"), or_sparse=True),  # sparse, it has two dimensions in older releases of SciPy
        )
    ),
    "intercept_": Array((1,)),
}
_ONE_CLASS: dict[str, Field] = {
    "coef_": _SGD_REGRESSOR["coef_"],
    "offset_": Array((1,)),
    "_intercept": Array((1,)),
}
_FREE_OR_NONE: dict[str, Field] = {"intercept_": Either((Real(), Array(("n_outputs",))))}
_SVC: dict[str, Field] = {**_CLASSIFIER, **_FREE_OR_NONE}
_SVR: dict[str, Field] = {"coef_": Array(("n_features",)), "intercept_": Either((Real(), Array((1,))))}
_ROBUST: dict[str, Field] = {"coef_": Array(("n_features",)), "intercept_": Real(), "n_iter_": Integer()}
_SGD: dict[str, Field] = {"t_": Real(minimum=1.0), "n_iter_": Integer()}


def _averaging(*shape: str | int) -> dict[str, Field]:
    """What SGD needs to go on averaging: both sets of parameters."""
    return {
        f"_{kind}_{name}": Array(size)
        for kind in ("standard", "average")
        for name, size in (("coef", (*shape, "n_features")), ("intercept", shape or (1,)))
    }


def _remembering(n_outputs: str | int) -> dict[str, Field]:
    """What an optimiser other than plain SGD needs to go on."""
    return {
        "_optimizer_name": Choice(("momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "ftrl")),
        "_optimizer_first": Array((n_outputs, "n_weights")),
        "_optimizer_second": Array((n_outputs, "n_weights")),
        "_optimizer_eta": Array((n_outputs,), dtypes=("float64",)),
        "_optimizer_steps": Real(minimum=0.0),
    }


_linear = partial(entry, "schuss.linear_model")

LINEAR_MODELS: tuple[Entry, ...] = (
    _linear("LogisticRegression", {**_CLASSIFIER, "n_iter_": Array((1,), dtypes=INTEGER)}),
    _linear(
        "LogisticRegressionCV",
        {
            **_CLASSIFIER,
            "Cs_": Array(("n_cs",), finite=False),
            "_grid_coefs": Array(("n_folds", "n_l1_ratios", "n_cs", "n_outputs", "n_parameters")),
            "_grid_scores": Array(("n_folds", "n_l1_ratios", "n_cs"), finite=False),
            "_grid_n_iter": Array(("n_folds", "n_l1_ratios", "n_cs"), dtypes=INTEGER),
            "_grid_l1_ratios": Either((Choice((None,)), Array(("n_l1_ratios",)))),
            "_best_C": Either((Real(minimum=0.0), Choice((float("inf"),)))),
            "_best_l1_ratio": Either((Choice((None,)), Real(minimum=0.0))),
            "_legacy": Choice((True, False)),
        },
    ),
    _linear(
        "LinearRegression",
        {**_REGRESSOR, "n_iter_": Integer()},
        {"rank_": Integer(), "singular_": Array(("n_singular",))},
    ),
    *(
        _linear(name, {"coef_": Array(("n_features",)), "intercept_": Real(), "n_iter_": Integer()})
        for name in ("PoissonRegressor", "GammaRegressor", "TweedieRegressor")
    ),
    _linear(
        "GeneralizedLinearRegressor",
        {"coef_": Array(("n_features",)), "intercept_": Real(), "n_iter_": Integer()},
        {
            "covariance_": Array(("n_parameters", "n_parameters")),
            "dispersion_": Real(minimum=0.0),
            "_degrees_of_freedom": Either((Real(minimum=0.0), Choice((float("inf"),)))),
        },
    ),
    _linear("Ridge", {**_REGRESSOR, **_RIDGE}),
    _linear("RidgeClassifier", {**_SIGNS, **_RIDGE}),
    _linear("RidgeCV", {**_REGRESSOR, **_CHOSEN}, _LEFT_OUT),
    _linear("RidgeClassifierCV", {**_SIGNS, **_CHOSEN}, _LEFT_OUT),
    _linear("SGDClassifier", {**_CLASSIFIER, **_SGD}, _averaging("n_outputs") | _remembering("n_outputs")),
    _linear("SGDRegressor", {**_SGD_REGRESSOR, **_SGD}, _averaging() | _remembering(1)),
    _linear("SGDOneClassSVM", {**_ONE_CLASS, **_SGD}, _averaging()),
    _linear("Perceptron", {**_CLASSIFIER, **_SGD}),
    _linear("HuberRegressor", {**_ROBUST, "scale_": Real(), "outliers_": Array(("n_samples",), dtypes=("bool",))}),
    _linear("QuantileRegressor", _ROBUST),
    entry("schuss.svm", "LinearSVC", {**_SVC, "n_iter_": Integer()}),
    entry("schuss.svm", "LinearSVR", {**_SVR, "n_iter_": Integer()}),
    *(
        _linear(
            name,
            {
                **_REGRESSOR,
                "n_iter_": Either((Integer(), Counts("n_targets"))),
                "dual_gap_": Either((Real(), Array(("n_targets",), finite=False))),
            },
        )
        for name in ("Lasso", "ElasticNet")
    ),
    *(
        _linear(name, {**_REGRESSOR, "n_iter_": Integer(), "dual_gap_": Real(), "eps_": Real(minimum=0.0)})
        for name in ("MultiTaskLasso", "MultiTaskElasticNet")
    ),
    _linear("LassoCV", {**_REGRESSOR, **_SEARCHED}),
    _linear("ElasticNetCV", {**_REGRESSOR, **_SEARCHED, "l1_ratio_": Real(minimum=0.0)}),
    _linear("MultiTaskLassoCV", {**_REGRESSOR, **_SEARCHED}),
    _linear("MultiTaskElasticNetCV", {**_REGRESSOR, **_SEARCHED, "l1_ratio_": Real(minimum=0.0)}),
)
