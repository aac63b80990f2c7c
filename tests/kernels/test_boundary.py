# SPDX-License-Identifier: BSD-3-Clause
"""What the bindings refuse: the last check before C, which trusts its arguments."""

import os
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse

from schuss import _kernels as kernels


def predict(x=None, coef=None, intercept=None, out=None):
    table = kernels.Table(np.ones((4, 3)) if x is None else x)
    coef = np.ones((2, 3)) if coef is None else coef
    intercept = np.ones(2) if intercept is None else intercept
    out = np.empty((4, 2)) if out is None else out
    kernels.linear_predict(table, coef, intercept, out)
    return out


def test_what_is_right_passes():
    np.testing.assert_array_equal(predict(), np.full((4, 2), 4.0))


@pytest.mark.parametrize("x", [np.ones((4, 3), int), np.ones((4, 3), np.float16), np.ones((4, 3), complex)])
def test_other_element_types_are_refused(x):
    with pytest.raises(TypeError, match="expected float32 or float64"):
        kernels.Table(x)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.float16])
@pytest.mark.parametrize("call", [kernels.sigmoid, kernels.softmax, lambda z, out: kernels.all_finite(z)])
def test_elementwise_kernels_refuse_other_element_types(call, dtype):
    z = np.ones((4, 3), dtype)
    with pytest.raises(TypeError, match="expected float32 or float64"):
        call(z, z.copy())


def test_unaligned_arrays_are_refused():
    x = np.zeros(4 * 3 * 8 + 1, np.uint8)[1:].view(np.float64).reshape(4, 3)
    with pytest.raises(TypeError, match="aligned"):
        kernels.Table(x)


def csr(**changes):
    x = sparse.csr_array(np.eye(4, 3))
    for name, value in changes.items():
        setattr(x, name, np.asarray(value, getattr(x, name).dtype))
    return x


@pytest.mark.parametrize("indices", [[0, 1, 3], [0, -1, 2]])
def test_columns_outside_the_table_are_refused(indices):
    with pytest.raises(ValueError, match="columns from 0 to 2"):
        kernels.Table(csr(indices=indices))


@pytest.mark.parametrize("indptr", [[0, 2, 1, 3, 3], [1, 1, 2, 3, 3], [0, 1, 2, 3, 4]])
def test_row_starts_that_make_no_rows_are_refused(indptr):
    with pytest.raises(ValueError, match="row starts"):
        kernels.Table(csr(indptr=indptr))


def test_other_sparse_formats_are_refused():
    with pytest.raises((TypeError, BufferError)):
        kernels.Table(sparse.csc_array(np.eye(3)))


@pytest.mark.parametrize("x", [np.asfortranarray(np.ones((4, 3))), np.ones((4, 3))[:, ::-1], np.ones((4, 6))[:, ::2]])
def test_rows_with_gaps_inside_are_refused(x):
    with pytest.raises(ValueError, match="contiguous"):
        kernels.Table(x)


@pytest.mark.parametrize("x", [np.ones((4, 3))[::-1], np.broadcast_to(np.ones(3), (4, 3))])
def test_overlapping_and_backward_rows_are_refused(x):
    with pytest.raises(ValueError, match="overlap"):
        kernels.Table(x)


def test_mixed_index_types_are_refused():
    x = sparse.csr_array(np.eye(3))
    x.indptr = x.indptr.astype(np.int64)
    with pytest.raises(TypeError, match="indptr"):
        kernels.Table(x)


@pytest.mark.parametrize("name", ["coef", "intercept", "out"])
def test_wrong_lengths_types_and_layouts_are_refused(name):
    shape = {"coef": (2, 3), "intercept": (2,), "out": (4, 2)}[name]
    wrong_length = np.ones((shape[0] + 1 if name != "coef" else shape[0], *(s + 1 for s in shape[1:])))
    with pytest.raises(ValueError, match=name):
        predict(**{name: wrong_length})
    with pytest.raises(TypeError, match=name):
        predict(**{name: np.ones(shape, np.float32)})
    with pytest.raises((ValueError, BufferError)):
        predict(**{name: np.ones((*shape[:-1], shape[-1] * 2))[..., ::2]})


def test_results_need_writable_memory():
    out = np.empty((4, 2))
    out.flags.writeable = False
    with pytest.raises((ValueError, BufferError)):
        predict(out=out)


def test_inputs_may_be_read_only():
    x = np.ones((4, 3))
    x.flags.writeable = False
    np.testing.assert_array_equal(predict(x=x), predict())


@pytest.mark.parametrize("option", ["l1=0.1", "average_start=1"])
def test_sgd_refuses_options_without_their_state(option):
    """In a process of its own: what goes wrong here takes the interpreter with it."""
    code = f"""
import numpy as np
from schuss import _kernels as kernels
table, coef, intercept = kernels.Table(np.ones((5, 3))), np.zeros((1, 3)), np.zeros(1)
try:
    kernels.sgd_sweep(table, np.ones(5), coef, intercept, loss=kernels.LOSSES["logistic"], eta=np.ones(1), {option},
                      scratch=kernels.Scratch())
except ValueError:
    print("refused")
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert result.stdout == "refused\n", f"exit status {result.returncode}"


def test_unknown_instruction_set_is_refused_by_name():
    before = kernels.isa_in_use()
    with pytest.raises(ValueError, match="base"):
        kernels.select_isa("mmx")
    assert kernels.isa_in_use() == before


def test_the_environment_chooses_the_instruction_set():
    code = "from schuss import _kernels as kernels; print(kernels.isa_in_use())"

    def run(isa):
        return subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"SCHUSS_ISA": isa},
            capture_output=True,
            text=True,
            check=False,
        )

    assert run("base").stdout == "base\n"
    assert run("").stdout.strip() == kernels.isa_supported()[-1]
    failed = run("mmx")
    assert failed.returncode != 0
    assert "base" in failed.stderr
