# SPDX-License-Identifier: BSD-3-Clause
"""Which estimators can be stored, and what the fitted state of each consists of.

A file names its estimator by a word looked up here; no name in a file is ever imported.
To make an estimator storable, add one `Entry`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from schuss._threads import effective_n_threads
from schuss.persistence._decision_tree import ClassCounts, NodeTable, TreeLabels
from schuss.persistence._errors import ModelFileError
from schuss.persistence._fields import (
    INTEGER,
    Array,
    Choice,
    Counts,
    Either,
    Field,
    Integer,
    Labels,
    LayerArrays,
    Names,
    Numbers,
    Real,
)
from schuss.persistence._forests import FOREST, FOREST_OF_CLASSES, OUT_OF_BAG, forest_fits
from schuss.persistence._trees import Grown, Vocabulary
from schuss.training import StopReason

_MAX_THREADS = 4096


@dataclass(frozen=True)
class Entry:
    """What a model file must know about one estimator.

    Parameters
    ----------
    name : str
        The class's name, in its module and in files.
    module : str
    state : mapping of str to Field
        Fitted attributes, private ones included, in the order they are checked: sizes are
        bound by the first attribute that mentions them.
    optional : frozenset of str, default=frozenset()
        Attributes that need not be there.
    later_params : frozenset of str, default=frozenset()
        Constructor parameters added after the first release that stored this class;
        files that lack them get the defaults.
    fits : callable or None, default=None
        Looks at the whole state and raises `ModelFileError` if its parts contradict each other.
    """

    name: str
    module: str
    state: Mapping[str, Field]
    optional: frozenset[str] = frozenset()
    later_params: frozenset[str] = frozenset()
    fits: Callable[[Mapping[str, Any]], None] | None = None

    @property
    def cls(self) -> type:
        """The class itself."""
        result: type = getattr(import_module(self.module), self.name)
        return result

    def build(self, params: Mapping[str, Any]) -> Any:
        """Return an unfitted estimator, its parameters checked by the class's own rules."""
        names = set(self.cls().get_params(deep=False))
        if unknown := set(params) - names:
            raise ModelFileError(f"{self.name} has no parameter {min(unknown)!r}")
        if missing := names - set(params) - self.later_params:
            raise ModelFileError(f"the parameter {min(missing)!r} of {self.name} is missing")
        estimator = self.cls(**params)
        try:
            estimator._validate_params()
            n_threads = effective_n_threads(params.get("n_threads"), params.get("n_jobs"))
        except ValueError as error:
            raise ModelFileError(str(error)) from None
        if n_threads > _MAX_THREADS:
            raise ModelFileError(f"{self.name} asks for {n_threads} threads")
        return estimator

    def state_of(self, estimator: Any) -> dict[str, Any]:
        """Return the fitted attributes that are there, checked."""
        there = vars(estimator)
        state = {name: there[name] for name in self.state if name in there}
        self.check(state)
        return state

    def check(self, state: Mapping[str, Any]) -> None:
        """Insist that a fitted state is complete and fits together."""
        if unknown := set(state) - set(self.state):
            raise ModelFileError(f"{self.name} has no attribute {min(unknown)!r}")
        if missing := set(self.state) - set(state) - self.optional:
            raise ModelFileError(f"the attribute {min(missing)!r} of {self.name} is missing")
        sizes: dict[str, int] = {}
        for name, field in self.state.items():
            if name in state:
                field.check(name, state[name], sizes)
        if self.fits is not None:
            self.fits(state)


ENTRIES: dict[str, Entry] = {}


def register(entry: Entry) -> None:
    """Make an estimator storable."""
    ENTRIES[entry.name] = entry


def entry_for(estimator: Any) -> Entry:
    """Return the entry of an estimator; subclasses are not taken for their parents."""
    entry = ENTRIES.get(type(estimator).__name__)
    if entry is None or type(estimator) is not entry.cls:
        raise ModelFileError(
            f"a {type(estimator).__name__} of {type(estimator).__module__.partition('.')[0]} cannot be stored in a "
            "model file: only schuss's own estimators can, not what is derived from them"
        )
    return entry


def entry_named(name: Any) -> Entry:
    """Return the entry a file names."""
    if not isinstance(name, str) or name not in ENTRIES:
        raise ModelFileError(f"the file holds a {name!r}, which this release does not know")
    return ENTRIES[name]


_COMMON: dict[str, Field] = {
    "n_features_in_": Integer(minimum=1, size="n_features"),
    "feature_names_in_": Names(("n_features",)),
    "stop_reason_": Choice(tuple(reason.value for reason in StopReason)),
    "best_iteration_": Integer(),
}
# An interrupted fit publishes its parameters, but maybe not the number of its iterations.
_COMMON_OPTIONAL = frozenset({"feature_names_in_", "best_iteration_", "n_iter_"})
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
_NETWORK: dict[str, Field] = {
    "n_outputs_": Integer(minimum=1, size="n_outputs"),
    "n_layers_": Integer(minimum=2),
    "coefs_": LayerArrays(matrices=True),
    "intercepts_": LayerArrays(),
    "out_activation_": Choice(("identity", "exp", "logistic", "softmax")),
    "loss_": Real(finite=False),
    "t_": Integer(),
    "n_iter_": Integer(),
    "_seed": Integer(),
    "_solver_name": Choice(("lbfgs", "sgd", "adam", "adamw", "nadam", "rmsprop", "adagrad", "lion")),
    "_solver_rate": Real(minimum=0.0),
    "_solver_powers": Array((2,), dtypes=("float64",)),
    "_solver_counts": Array((4,), dtypes=("int64",)),
}
_NETWORK_OPTIONAL: dict[str, Field] = {
    **{f"norm_{name}_": LayerArrays(hidden=True) for name in ("gains", "shifts", "means", "variances")},
    **{f"_solver_{name}": Array(("n_parameters",)) for name in ("first", "second", "parameters")},
    "loss_curve_": Numbers(),
    "best_loss_": Either((Choice((None,)), Real(finite=False))),
    "validation_scores_": Either((Choice((None,)), Numbers())),
    "best_validation_score_": Either((Choice((None,)), Real(finite=False))),
    "_no_improvement_count": Integer(),
}
_LABELLED: dict[str, Field] = {
    "classes_": Labels(multilabel=True),
    "_target_kind": Choice(("binary", "multiclass", "multilabel-indicator")),
}
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


_SINGLE_TREE: dict[str, Field] = {
    "n_outputs_": Integer(minimum=1, size="n_targets"),
    "max_features_": Integer(minimum=1),
}
_TREE_CLASSES: dict[str, Field] = {"classes_": TreeLabels(), "n_classes_": ClassCounts()}


def _linear(
    name: str,
    state: Mapping[str, Field],
    optional: Mapping[str, Field] | None = None,
    module: str = "schuss.linear_model",
) -> Entry:
    optional = optional or {}
    return Entry(
        name,
        module,
        {**_COMMON, **state, **optional},
        _COMMON_OPTIONAL | set(optional),
    )


for _entry in (
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
    _linear("LinearSVC", {**_SVC, "n_iter_": Integer()}, module="schuss.svm"),
    _linear("LinearSVR", {**_SVR, "n_iter_": Integer()}, module="schuss.svm"),
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
    _linear("MLPClassifier", {**_LABELLED, **_NETWORK}, _NETWORK_OPTIONAL, module="schuss.neural_network"),
    _linear("MLPRegressor", _NETWORK, _NETWORK_OPTIONAL, module="schuss.neural_network"),
    *(
        _linear(name, {**_TREE_CLASSES, **_SINGLE_TREE, "_nodes": NodeTable("n_values")}, module="schuss.tree")
        for name in ("DecisionTreeClassifier", "ExtraTreeClassifier")
    ),
    *(
        _linear(name, {**_SINGLE_TREE, "_nodes": NodeTable()}, module="schuss.tree")
        for name in ("DecisionTreeRegressor", "ExtraTreeRegressor")
    ),
):
    register(_entry)


_SCORES = Either((Array((0,)), Array(("n_scores",), finite=False)))
_BOOSTED: dict[str, Field] = {
    **_COMMON,
    "n_trees_per_iteration_": Integer(minimum=1, size="n_outputs"),
    "n_iter_": Integer(),
    "_trees": Grown(),
    "_baseline": Array(("n_outputs",)),
    "is_categorical_": Either((Choice((None,)), Array(("n_features",), dtypes=("bool",)))),
    "_vocabulary": Either((Choice((None,)), Vocabulary())),
    "do_early_stopping_": Choice((False, True)),
    "train_score_": _SCORES,
    "validation_score_": _SCORES,
    "_random_seed": Integer(maximum=2**32),
    "_draw_seed": Integer(maximum=2**32),
}


def _boosting_fits(state: Mapping[str, Any]) -> None:
    """Insist on as many trees as iterations need, and on categories where columns are categorical."""
    trees, n_iter = state["_trees"], state["n_iter_"]
    if trees.n_trees != n_iter * state["n_trees_per_iteration_"]:
        raise ModelFileError(f"{trees.n_trees} trees do not make {n_iter} iterations")
    if state.get("best_iteration_", -1) >= n_iter:
        raise ModelFileError("the best iteration is beyond the last")
    mask, vocabulary = state["is_categorical_"], state["_vocabulary"]
    coded = None if vocabulary is None else [categories is not None for categories in vocabulary]
    if coded != (None if mask is None else mask.tolist()):
        raise ModelFileError("the categories are not those of the categorical columns")


for _name, _own in (
    ("HistGradientBoostingClassifier", {"classes_": Labels(multilabel=True)}),
    ("HistGradientBoostingRegressor", {}),
):
    _state = {**_BOOSTED, **_own}
    register(Entry(_name, "schuss.ensemble", _state, _COMMON_OPTIONAL - {"n_iter_"}, fits=_boosting_fits))

for _kind in ("RandomForest", "ExtraTrees"):
    for _name, _classes in ((f"{_kind}Classifier", FOREST_OF_CLASSES), (f"{_kind}Regressor", {})):
        _forest = {**_COMMON, **_classes, **FOREST, **OUT_OF_BAG}
        register(Entry(_name, "schuss.ensemble", _forest, _COMMON_OPTIONAL | set(OUT_OF_BAG), fits=forest_fits))
