# SPDX-License-Identifier: BSD-3-Clause
"""What several files are about: data that networks are trained on, and the classes of forests."""

import numpy as np
import pytest
from forest_cases import FORESTS
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    return train_test_split(X / 16.0, y, test_size=0.25, random_state=0, stratify=y)


@pytest.fixture(scope="module")
def waves():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (600, 3))
    return X, np.sin(3 * X[:, 0]) + X[:, 1] * X[:, 2]


@pytest.fixture(params=FORESTS, ids=lambda c: c.__name__)
def forest(request):
    return request.param
