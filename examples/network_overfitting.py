# SPDX-License-Identifier: BSD-3-Clause
"""How dropout and early stopping narrow the gap between training and unseen data.

A network with far more parameters than rows learns its training rows by heart: the training loss goes to zero while
the loss on unseen rows climbs. Three remedies, each with the verdict that the library gives on the run.

    python examples/network_overfitting.py [PLOT.png]
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning

from schuss import TrainingCurveDisplay
from schuss.diagnosis import diagnose
from schuss.neural_network import MLPClassifier

NETWORK: dict[str, Any] = {
    "hidden_layer_sizes": (100, 100),
    "alpha": 0.0,
    "batch_size": 16,
    "learning_rate_init": 0.001,
    "max_iter": 60,
    "n_iter_no_change": 60,
    "random_state": 0,
}
REMEDIES: dict[str, dict[str, Any]] = {
    "nothing done": {},
    "dropout": {"dropout": 0.5},
    "early stopping": {"early_stopping": True, "scoring": "loss", "n_iter_no_change": 10},
    "both": {"dropout": 0.5, "early_stopping": True, "scoring": "loss", "n_iter_no_change": 10},
}


def fit_all() -> dict[str, MLPClassifier]:
    """One network for each remedy, trained on the same few rows and watched on many others."""
    X, y = make_classification(2300, 20, n_informative=5, flip_y=0.1, class_sep=0.8, random_state=0)
    X, X_val, y, y_val = X[:300], X[300:], y[:300], y[300:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # some are meant to run to the end
        return {
            name: MLPClassifier(**{**NETWORK, **remedy}).fit(X, y, X_val=X_val, y_val=y_val)
            for name, remedy in REMEDIES.items()
        }


def gap(model: MLPClassifier) -> float:
    """Loss on unseen rows less that on training rows, of the weights that were kept."""
    kept = model.best_iteration_ if model.early_stopping else -1
    return float(model.history_["validation_loss"][kept] - model.history_["training_loss"][kept])


def plot(models: dict[str, MLPClassifier], path: str) -> None:
    """Draw the curves of all models side by side."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 2, figsize=(11, 7), sharey=True, layout="constrained")
    for ax, (name, model) in zip(axes.flat, models.items(), strict=True):
        TrainingCurveDisplay.from_estimator(model, ax=ax)
        ax.set_title(f"{name}: gap {gap(model):.2f}")
    figure.savefig(path, dpi=110)
    plt.close(figure)


def main() -> None:
    models = fit_all()
    for name, model in models.items():
        print(f"{name:15} gap {gap(model):5.2f}   {diagnose(model).label.value}")
    if len(sys.argv) > 1:
        plot(models, sys.argv[1])


if __name__ == "__main__":
    main()
