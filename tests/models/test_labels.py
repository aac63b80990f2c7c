# SPDX-License-Identifier: BSD-3-Clause
"""From labels to class numbers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from schuss._labels import class_weights, codes_of, encode_labels

KINDS = {
    "int8": st.integers(-128, 127),
    "uint16": st.integers(0, 65535),
    "int64": st.integers(-(2**62), 2**62) | st.integers(-3, 3),
    "uint64": st.integers(0, 2**64 - 1),
    "bool": st.booleans(),
    "float32": st.integers(-1000, 1000),
    "float64": st.integers(-(2**50), 2**50) | st.integers(-3, 3),
    "U5": st.text("abc", max_size=5),
    "object": st.text("abc", max_size=5),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
def test_encoding_is_that_of_sorting(kind, data):
    y = np.array(data.draw(st.lists(KINDS[kind], min_size=1, max_size=30)), dtype=kind)
    classes, codes = encode_labels(y)
    expected, inverse = np.unique(y, return_inverse=True)
    np.testing.assert_array_equal(classes, expected)
    np.testing.assert_array_equal(codes, inverse)
    assert classes.dtype == y.dtype
    np.testing.assert_array_equal(codes_of(y, classes), codes)


@pytest.mark.filterwarnings("error")
def test_many_classes_are_nothing_to_warn_of():
    for y in (np.arange(100), np.arange(100.0), np.arange(100).astype(str)):
        assert len(encode_labels(np.repeat(y, 5))[0]) == 100


def test_continuous_labels_are_refused():
    with pytest.raises(ValueError, match="Unknown label type"):
        encode_labels(np.linspace(0, 1, 50))


@pytest.mark.parametrize("y", [[0, 3], ["a", "z"], [-1.0, 1.0]])
def test_labels_of_no_class(y):
    y = np.array(y)
    with pytest.raises(ValueError, match="not among the classes") as error:
        codes_of(y, y[:1])
    assert repr(y[1].item()) in str(error.value)


def test_labels_may_lack_a_class():
    np.testing.assert_array_equal(codes_of(np.array([5, 1]), np.array([1, 3, 5])), [2, 0])


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 2.0}, {0: 2.0, 1: 3.0, 2: 0.5}])
def test_class_weights_are_those_of_scikit_learn(class_weight):
    codes = np.array([0, 0, 0, 1, 2, 2])
    classes = np.arange(3)
    expected = compute_class_weight(class_weight, classes=classes, y=codes)
    np.testing.assert_allclose(class_weights(class_weight, classes, codes), expected)


def test_a_class_without_samples_cannot_be_balanced():
    with pytest.raises(ValueError, match="valid labels"):
        class_weights("balanced", np.arange(3), np.array([0, 1, 1]))


def test_a_weight_for_no_class_is_an_error():
    with pytest.raises(ValueError, match="class_weight"):
        class_weights({7: 2.0}, np.arange(2), np.array([0, 1]))
