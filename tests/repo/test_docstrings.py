# SPDX-License-Identifier: BSD-3-Clause
"""Every public thing says what goes in, in the order in which it goes in, and what is there after a fit."""

import inspect
import re
from importlib import import_module

import pytest
from saved_models import MODELS

PACKAGES = [
    import_module(name)
    for name in ("schuss", *(f"schuss.{p}" for p in ("ensemble", "linear_model", "neural_network", "svm", "tree")))
]
# Instead of a list: "Parameters and errors are those of `covariance_matrix`."
REFERS = re.compile(r"\b(?:parameters?|attributes)\b[^.]* (?:is that|are those) of `", re.IGNORECASE)


def public_functions():
    """(name, function or class, docstring) of everything public that is called."""
    for package in PACKAGES:
        for name in package.__all__:
            thing = getattr(package, name)
            if inspect.isclass(thing) and not issubclass(thing, Exception):
                yield name, thing, thing.__doc__
                for method, function in inspect.getmembers(thing, inspect.isfunction):
                    if not method.startswith("_") and function.__module__.startswith("schuss"):
                        yield f"{name}.{method}", function, function.__doc__
            elif inspect.isfunction(thing):
                yield name, thing, thing.__doc__


FUNCTIONS = {name: (function, doc) for name, function, doc in public_functions()}


# Classes with nearly the same parameters, and those of them that mean something else in the two.
SIBLINGS = [
    *(("tree", f"{kind}TreeClassifier", f"{kind}TreeRegressor") for kind in ("Decision", "Extra")),
    *(("tree", f"DecisionTree{kind}", f"ExtraTree{kind}") for kind in ("Classifier", "Regressor")),
    *(("ensemble", f"{kind}Classifier", f"{kind}Regressor") for kind in ("RandomForest", "ExtraTrees")),
    *(("ensemble", f"RandomForest{kind}", f"ExtraTrees{kind}") for kind in ("Classifier", "Regressor")),
    ("ensemble", "HistGradientBoostingClassifier", "HistGradientBoostingRegressor"),
    ("neural_network", "MLPClassifier", "MLPRegressor"),
]
OWN = {"criterion", "loss", "max_bins", "metrics", "monotonic_cst", "oob_score", "random_state", "scoring"}


def names_in(doc, section):
    """What a section of a numpydoc docstring lists, in its order."""
    body = rf"(?ms)^{section}\n-+\n(.*?)(?=^[A-Z][\w ]*\n-+\n|\Z)"
    found = re.search(body, inspect.cleandoc(doc))
    entries = re.findall(r"(?m)^(\S.*?)(?: :.*)?$", found[1]) if found else []
    return [name.strip(" *") for entry in entries for name in entry.split(",")]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_parameters_are_documented_in_their_order(name):
    function, doc = FUNCTIONS[name]
    assert doc, "a docstring"
    parameters = [p for p in inspect.signature(function).parameters if p != "self"]
    listed = names_in(doc, "Parameters")
    if REFERS.search(doc):
        assert set(listed) <= set(parameters)
    else:
        assert listed == parameters


def meanings(doc):
    """What a class's docstring says of each of its parameters, whatever the default is."""
    body = inspect.cleandoc(doc).split("\nParameters\n")[1].split("\nAttributes\n")[0]
    entries = re.findall(r"(?m)^(\w.*?) : .*\n((?: {4}.*\n)*)", body)
    return {name: text for names, text in entries for name in names.split(", ")}


@pytest.mark.parametrize(("package", "first", "second"), SIBLINGS)
def test_siblings_say_the_same_of_what_they_share(package, first, second):
    """Signatures and docstrings stand in full in each class, for readers and editors; none may fall behind."""
    one, other = (meanings(getattr(import_module(f"schuss.{package}"), name).__doc__) for name in (first, second))
    shared = (one.keys() & other.keys()) - OWN
    assert len(shared) > 10
    assert {name: one[name] for name in shared} == {name: other[name] for name in shared}


@pytest.mark.parametrize("name", [n for n, (function, _) in FUNCTIONS.items() if inspect.isfunction(function)])
def test_what_comes_back_is_documented(name):
    function, doc = FUNCTIONS[name]
    if inspect.isgeneratorfunction(inspect.unwrap(function)):
        return  # a context manager
    returns = inspect.signature(function).return_annotation
    assert returns in ("None", None) or "Returns\n" in doc or REFERS.search(doc)


@pytest.mark.parametrize("name", MODELS)
def test_attributes_of_a_fitted_model_are_documented(name):
    model = MODELS[name]()
    kind = type(model)
    views = {n for n in dir(kind) if isinstance(getattr(kind, n), property)}
    fitted = {n for n in views | set(vars(model)) if n.endswith("_") and not n.startswith("_")}
    listed = set(names_in(kind.__doc__, "Attributes"))
    if not REFERS.search(kind.__doc__):
        assert fitted <= listed
