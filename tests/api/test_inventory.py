# SPDX-License-Identifier: BSD-3-Clause
"""Every public estimator is whole: named, storable, checked, watched, interruptible."""

import pickle
from pathlib import Path

import pytest
from project_files import ROOT
from saved_models import MODELS
from sklearn.base import BaseEstimator, clone

from schuss import ensemble, linear_model, neural_network, svm, tree
from schuss.cli.app import FAMILY_NAMES
from schuss.cli.models import FAMILIES
from schuss.persistence._registry import ENTRIES
from schuss.report.words import title

PROMISED = {
    *("LinearRegression", "Ridge", "RidgeCV", "RidgeClassifier", "RidgeClassifierCV"),
    *("Lasso", "ElasticNet", "LassoCV", "ElasticNetCV", "MultiTaskLassoCV", "MultiTaskElasticNetCV"),
    *("lasso_path", "enet_path", "LogisticRegression", "LogisticRegressionCV"),
    *("PoissonRegressor", "GammaRegressor", "TweedieRegressor", "GeneralizedLinearRegressor"),
    *("HuberRegressor", "QuantileRegressor"),
    *("SGDClassifier", "SGDRegressor", "SGDOneClassSVM", "Perceptron"),
}
PUBLIC = {
    name: getattr(module, name)
    for module in (ensemble, linear_model, neural_network, svm, tree)
    for name in module.__all__
    if isinstance(getattr(module, name), type)
}
assert all(issubclass(cls, BaseEstimator) for cls in PUBLIC.values())


def test_the_names_promised_are_there():
    assert set(linear_model.__all__) >= PROMISED
    assert set(neural_network.__all__) == {"MLPClassifier", "MLPRegressor"}
    assert set(svm.__all__) == {"LinearSVC", "LinearSVR"}
    assert set(ensemble.__all__) >= {"HistGradientBoostingClassifier", "HistGradientBoostingRegressor"}


@pytest.mark.parametrize("name", PUBLIC)
@pytest.mark.parametrize("document", ["README.md", "CHANGELOG.md"])
def test_the_documents_tell_of_every_estimator(document, name):
    text = (ROOT / document).read_text(encoding="utf-8")
    assert f"`{name}`" in text or (name.endswith("CV") and "their `CV` classes" in text)


@pytest.mark.parametrize(
    "module", [ensemble, linear_model, neural_network, svm, tree], ids=lambda module: module.__name__
)
def test_names_are_sorted(module):
    assert module.__all__ == sorted(module.__all__)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_estimator_can_be_limited(name):
    params = PUBLIC[name]().get_params()
    assert {"max_time", "n_threads"} <= set(params)
    assert params["max_time"] is params["n_threads"] is None


@pytest.mark.parametrize("name", PUBLIC)
def test_every_estimator_has_a_test_by_scikit_learn_and_a_place_in_files(name):
    checked = Path(__file__).with_name("test_estimator_checks.py").read_text(encoding="utf-8")
    assert f".{name}(" in checked
    assert name in ENTRIES
    assert name in MODELS


@pytest.mark.parametrize("name", MODELS)
def test_every_model_tells_how_its_training_went(name):
    model = MODELS[name]()
    assert len(model.history_) > 0
    assert {"objective", "data_loss", "training_loss"} & set(model.history_.columns)
    assert model.stop_reason_ in {"converged", "no_improvement", "max_iter"}
    same = pickle.loads(pickle.dumps(model))
    assert same.history_ == model.history_
    assert clone(model).get_params().keys() == model.get_params().keys()
    assert not hasattr(clone(model), "history_")


def test_every_name_of_the_command_line_is_a_family():
    assert list(FAMILY_NAMES) == ["auto", *FAMILIES]


@pytest.mark.parametrize("name", sorted({c for f in FAMILIES.values() for c in f.classes.values()}))
def test_every_model_of_the_command_line_has_a_title(name):
    assert title(PUBLIC[name]()).split(",")[0].istitle() or " " in title(PUBLIC[name]())
