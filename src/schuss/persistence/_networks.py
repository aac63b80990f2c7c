# SPDX-License-Identifier: BSD-3-Clause
"""The fitted states of neural networks."""

from __future__ import annotations

from schuss.persistence._entry import Entry, entry
from schuss.persistence._fields import Array, Choice, Either, Field, Integer, Labels, LayerArrays, Numbers, Real

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
    "_solver_plateau": Array((2,), dtypes=("float64",), finite=False),
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

NETWORKS: tuple[Entry, ...] = (
    entry("schuss.neural_network", "MLPClassifier", {**_LABELLED, **_NETWORK}, _NETWORK_OPTIONAL),
    entry("schuss.neural_network", "MLPRegressor", _NETWORK, _NETWORK_OPTIONAL),
)
