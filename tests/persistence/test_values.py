# SPDX-License-Identifier: BSD-3-Clause
"""Values, texts and extras: what a model file can hold, and what it refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from saved_models import MODELS

import schuss
from schuss.persistence import Extras, from_bytes, load_with_extras, save, to_bytes
from schuss.persistence._json import dump, parse_canonical
from schuss.persistence._reader import Reader
from schuss.persistence._writer import Writer

DTYPES = [
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
]


def _again(value):
    """Send a value through JSON and back."""
    writer = Writer()
    stored = parse_canonical(dump(writer.value("it", value)), what="value")
    reader = Reader(writer.arrays)
    result = reader.value("it", stored)
    reader.finish()
    return result


def _same(a, b):
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and (a.tolist() == b.tolist() or a.tobytes() == b.tobytes())
    return type(a) is type(b) and (repr(a) == repr(b))


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.floats(allow_nan=True),
    st.text(),
    st.sampled_from(DTYPES).flatmap(lambda name: hnp.from_dtype(np.dtype(name))).map(lambda x: x),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.text(), st.integers(-9, 9)), inner, max_size=3),
    ),
    max_leaves=8,
)


@given(VALUES)
def test_values_come_back_with_their_types(value):
    assert _same(_again(value), value)


@given(st.sets(st.integers(-99, 99)), st.sampled_from([set, frozenset]))
def test_sets_come_back(members, kind):
    again = _again(kind(members))
    assert type(again) is kind
    assert again == members


def test_sets_have_one_form():
    assert dump(Writer().value("it", {30, 4, np.int32(-5)})) == '{"set":[-5,4,30]}'


@pytest.mark.parametrize("stored", [[2, 1], [1, 1], [True], ["1"], [1.0], 1, {"1": 2}])
def test_what_is_no_set_is_refused(stored):
    with pytest.raises(schuss.ModelFileError, match="it is not a"):
        Reader({}).value("it", {"set": stored})


@given(st.sampled_from(DTYPES).flatmap(lambda name: hnp.arrays(name, hnp.array_shapes(min_dims=0, min_side=0))))
def test_arrays_of_numbers_come_back(array):
    assert _same(_again(array), array)


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=5))
def test_arrays_of_text_come_back(strings):
    assert _same(_again(np.array(strings, dtype=object)), np.array(strings, dtype=object))
    fixed = np.array(strings, dtype="<U40") if strings else np.array([], dtype="<U1")
    assert _same(_again(fixed), fixed)


def test_order_and_byte_order_are_normalised():
    array = np.arange(6.0).reshape(2, 3)
    for other in (np.asfortranarray(array), array.astype(">f8"), np.repeat(array, 2, axis=0)[::2]):
        result = _again(other)
        assert result.flags.c_contiguous
        assert result.flags.writeable
        assert result.dtype == np.float64
        assert np.array_equal(result, array)


@pytest.mark.parametrize("make", [sp.csr_matrix, sp.csr_array])
def test_sparse_matrices_come_back(make):
    matrix = make(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [2.0, 0.0, 3.0]]))
    result = _again(matrix)
    assert type(result) is type(matrix)
    assert np.array_equal(result.toarray(), matrix.toarray())


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("indptr", [0, 2, 1, 3]),
        ("indptr", [0, 1, 1, 4]),
        ("indptr", [1, 1, 1, 3]),
        ("indptr", [0, 3]),
        ("indices", [1, 2, 0]),
        ("indices", [1, 0, 3]),
        ("indices", [-1, 0, 2]),
        ("indices", [1, 2, 2]),
        ("indices", [1, 2]),
    ],
)
def test_broken_sparse_matrices_are_refused(part, values):
    writer = Writer()
    stored = writer.value("it", sp.csr_matrix(np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [2.0, 0.0, 3.0]])))
    writer.arrays[f"it.{part}"] = np.array(values, dtype=np.int32)
    with pytest.raises(schuss.ModelFileError, match="sparse matrix"):
        Reader(writer.arrays).value("it", stored)


def test_random_state_goes_on():
    random_state = np.random.RandomState(7)
    random_state.standard_normal(3)  # leaves half a pair behind
    other = _again(random_state)
    assert other.standard_normal(9).tobytes() == random_state.standard_normal(9).tobytes()


@pytest.mark.parametrize(
    "value",
    [
        2**63,
        object(),
        {1, "2"},
        {True},
        b"bytes",
        1j,
        np.complex128(1j),
        np.array([1j]),
        np.array([b"x"]),
        np.array([None, 1], dtype=object),
        np.array([["a"]], dtype=object),
        np.array(["a\0b"], dtype=object),
        np.array(["\ud800"], dtype=object),
        np.array(["2020-01-01"], dtype="datetime64[D]"),
        np.random.default_rng(0),
        {(1, 2): 3},
        print,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_model_file_cannot_hold_is_refused(value):
    with pytest.raises(schuss.ModelFileError, match="it"):
        Writer().value("it", value)


def test_text_cannot_ask_for_more_memory_than_is_sane():
    with pytest.raises(schuss.ModelFileError, match="too much memory"):
        Reader({"it": np.frombuffer(b"a\0" * 100, dtype=np.uint8)}).value("it", {"text": "<U99999999"})


# -- extras -------------------------------------------------------------------------------

INFO = {
    "columns": ["a", "b"],
    "kinds": {"a": "number", "größe": "category"},
    "nested": [[1, 2.5, None, True, "x\ny"], {"z": {}}],
}


def test_extras_come_back(tmp_path):
    model = MODELS["Ridge"]()
    arrays = {name: np.arange(3).astype(name) for name in DTYPES}
    arrays |= {"text": np.array(["a", "bc"]), "objects": np.array(["ä", ""], dtype=object)}
    arrays |= {"nan": np.array([[math.nan, math.inf]]), "none": np.zeros((0, 3)), "number": np.array(2.0)}
    save(model, tmp_path / "model.schuss", extras=Extras("table/1", INFO, arrays))
    _, extras = load_with_extras(tmp_path / "model.schuss")
    assert (extras.kind, extras.info) == ("table/1", INFO)
    assert extras.arrays.keys() == arrays.keys()
    assert all(_same(extras.arrays[name], array) for name, array in arrays.items())
    assert to_bytes(model, extras=extras) == (tmp_path / "model.schuss").read_bytes()


def test_without_extras_there_are_none():
    assert from_bytes(to_bytes(MODELS["Ridge"]()))[1] is None


@pytest.mark.parametrize(
    ("info", "error"),
    [
        ({"a": (1, 2)}, TypeError),
        ({"a": {1: 2}}, TypeError),
        ({"a": np.float64(1.0)}, TypeError),
        ({"a": math.nan}, ValueError),
        ({"a": [math.inf]}, ValueError),
    ],
)
def test_extras_that_would_come_back_changed_are_refused(info, error):
    with pytest.raises(error, match=r"extras\.info\['a'\]"):
        to_bytes(MODELS["Ridge"](), extras=Extras("table/1", info))


@pytest.mark.parametrize("extras", [{"kind": "x"}, Extras("x", {}, {"a": [1, 2]}), Extras("x", {}, {1: np.zeros(1)})])
def test_extras_of_another_type_are_refused(extras):
    with pytest.raises(TypeError, match="extras"):
        to_bytes(MODELS["Ridge"](), extras=extras)
