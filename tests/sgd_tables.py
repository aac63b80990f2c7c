# SPDX-License-Identifier: BSD-3-Clause
"""Tables for the tests of SGD estimators, each in halves for training and validation."""

from sklearn.datasets import make_classification, make_regression

FEW_EPOCHS = {"max_iter": 5, "tol": None, "random_state": 0}


def classes(n=600, n_classes=2, noise=0.1):
    X, y = make_classification(n, 10, n_informative=6, n_classes=n_classes, flip_y=noise, random_state=0)
    return X[: n // 2], y[: n // 2], X[n // 2 :], y[n // 2 :]


def numbers(n=600):
    X, y = make_regression(n, 10, noise=10.0, random_state=0)
    y /= y.std()
    return X[: n // 2], y[: n // 2], X[n // 2 :], y[n // 2 :]
