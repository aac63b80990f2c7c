# SPDX-License-Identifier: BSD-3-Clause
"""The classes of forests, a table for each, and what a model is made of."""

import numpy as np
from sklearn.datasets import make_friedman1

from schuss.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor

CLASSIFIERS = [RandomForestClassifier, ExtraTreesClassifier]
REGRESSORS = [RandomForestRegressor, ExtraTreesRegressor]
FORESTS = CLASSIFIERS + REGRESSORS


def data(forest, n=400, seed=0):
    X, y = make_friedman1(n, n_features=8, noise=1.0, random_state=seed)
    return X, np.digitize(y, [12.0, 17.0]) if forest in CLASSIFIERS else y


def as_bytes(model):
    arrays = (model._trees.nodes, model._trees.values, model._trees.gain, model._trees.weight, model._node_samples)
    return [b"" if array is None else array.tobytes() for array in arrays]
