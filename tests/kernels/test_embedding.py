# SPDX-License-Identifier: BSD-3-Clause
"""Columns of categories in nn_train and nn_predict: one-hot, or looked up in tables that are learnt."""

import numpy as np
import pytest
from nn_cases import (
    HEADS,
    LAYERS,
    SOLVER_OPTIONS,
    SOLVERS,
    STATE,
    Case,
    assert_gradient_is_the_slope,
    assert_trained_alike,
    name_of,
)
from reference import nn as reference
from tolerance import assert_close, assert_same_bytes, tol

from schuss import _kernels as kernels

MIXED = ((0, 0), (5, 0), (40, 3), (0, 0), (3, 7), (200, 17))  # numbers, one-hot, tables


def case_of(dtype, seed=0, units=(0, 19, 3), **options):
    return Case(units, dtype, seed, **{"columns": MIXED, "loss": "softmax", "n": 90} | options)


@pytest.mark.parametrize("layers", LAYERS, ids=name_of)
def test_gradient_of_every_layer(layers):
    assert_gradient_is_the_slope(case_of(np.float64, 1, (0, 7, 6, 3), n=23, weighted=True, **layers))


@pytest.mark.parametrize("head", HEADS, ids=name_of)
def test_gradient_of_every_head(head):
    assert_gradient_is_the_slope(case_of(np.float64, 2, (0, 9, 3), n=23, weighted=True, **head))


def test_gradient_without_a_hidden_layer():
    assert_gradient_is_the_slope(case_of(np.float64, 3, (0, 3), n=23))


@pytest.mark.parametrize("units", [(0, 3), (0, 1, 2), (0, 19, 3), (0, 70, 20, 4)])
@pytest.mark.parametrize("n", [1, 16, 33, 90])
def test_an_epoch_against_reference(isa, dtype, units, n):
    case = case_of(dtype, 4, units, n=n, weighted=True)
    got, want = case.train("adam", batch_size=32, alpha=0.5), case.reference_train("adam", batch_size=32, alpha=0.5)
    assert_trained_alike(case, "adam", got, want, 60)


@pytest.mark.parametrize("width", [1, 2, 13, 14, 15, 33, 50])
def test_widths_of_tables(isa, dtype, width):
    case = case_of(dtype, 5, columns=((30, width), (0, 0), (30, width)))
    assert_trained_alike(case, "sgd", case.train("sgd"), case.reference_train("sgd"), 60)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("options", SOLVER_OPTIONS, ids=lambda options: next(iter(options), "plain"))
def test_solvers_against_reference(solver, options):
    case = case_of(np.float64, 6)
    got, want = case.train(solver, **options), case.reference_train(solver, **options)
    assert_trained_alike(case, solver, got, want, 60)


@pytest.mark.parametrize("solver", SOLVERS)
def test_a_step_leaves_alone_what_no_row_has_met(solver):
    case = case_of(np.float64, 7, columns=((50, 4), (0, 0)), n=16)
    case.x[:, 0] = np.arange(16) % 8
    state = case.train(solver, alpha=0.1, weight_decay=0.1)
    before, after = (block[: 51 * 4].reshape(51, 4) for block in (case.block, state["parameters"]))
    assert_same_bytes(after[8:], before[8:])
    assert (after[:8] != before[:8]).all()


def test_the_gradient_of_all_rows_is_zero_where_none_was_met():
    case = case_of(np.float64, 8, columns=((50, 4), (0, 0)), n=60)
    case.x[:, 0] = np.arange(60) % 8
    whole, parts = case.gradient(case.block), case.gradient(case.block, batch_size=16)
    assert_close(parts[1], whole[1], 1e-13, scale=1.0)
    assert not whole[1][8 * 4 : 51 * 4].any()


@pytest.mark.parametrize("norm", [None, "batch", "layer"])
@pytest.mark.parametrize("n", [1, 4, 5, 300])
def test_predictions(isa, dtype, norm, n):
    case = case_of(dtype, 9, (0, 19, 12, 3), n=n, norm=norm)
    network, out = case.network(), np.empty((n, 3), dtype)
    total = kernels.nn_predict(network, case.table, out, y=case.y, scratch=kernels.Scratch())
    want = reference.nn_predict(case.net, case.x)
    assert_close(out.astype(float), want.astype(float), 100 * tol(dtype, 40), scale=1.0)
    value, _ = reference.head(case.net, case.y, reference.forward(case.net.widened(), case.x)[0])
    assert_close(total, float(value.sum()), 100 * tol(dtype, 40))


@pytest.mark.parametrize("n", [1, 4, 5])
@pytest.mark.parametrize("units", [(0, 83, 21, 3), (0, 3)])
def test_a_row_by_itself_is_predicted_as_among_others(isa, dtype, n, units):
    case = case_of(dtype, 10, units, n=40)
    network, out = case.network(), np.empty((40, 3), dtype)
    kernels.nn_predict(network, case.table, out, scratch=kernels.Scratch())
    kernels.nn_predict(network, kernels.Table(case.x[3 : 3 + n]), some := np.empty((n, 3), dtype),
                       scratch=kernels.Scratch())  # fmt: skip
    assert_same_bytes(some, out[3 : 3 + n])
    finite = np.nan_to_num(case.x, posinf=7.5)
    kernels.nn_predict(network, kernels.Table(finite), out, scratch=kernels.Scratch())
    assert_same_bytes(network.predict_few(finite[3 : 3 + n]), out[3 : 3 + n])


@pytest.mark.parametrize("options", [{}, {"norm": "batch", "dropout": 0.2}], ids=name_of)
def test_same_bytes_for_any_number_of_threads(dtype, n_threads, options):
    case = case_of(dtype, 11, (0, 270, 65, 10), n=300, columns=((0, 0), *((700, 40),) * 5, (9, 0)), **options)
    one, many = (
        case.train(batch_size=130, clip_norm=1.0, alpha=0.1, accumulate=2, n_threads=k) for k in (1, n_threads)
    )
    for name in (*STATE, "loss", "penalty"):
        assert_same_bytes(many[name], one[name])


def test_columns_that_do_not_fit_are_refused():
    coefs, intercepts = [np.zeros((7, 1))], [np.zeros(1)]

    def network(levels, tables):
        return kernels.Network(coefs, intercepts, activations=[], levels=levels, tables=tables)

    network([3, 4], [None, np.zeros((5, 3))])
    for levels, tables in (
        ([3, 4], [None, np.zeros((5, 2))]),
        ([3, 5], [None, np.zeros((5, 3))]),
        ([3, 4], [None]),
        ([3, -4], [None, None]),
        ([3, 0], [None, np.zeros((1, 3))]),
        ([3, 4], [None, np.zeros((5, 3), np.float32)]),
        ([3, 1 << 25], [None, None]),
    ):
        with pytest.raises((ValueError, TypeError)):
            network(levels, tables)


def test_tables_elsewhere_than_before_the_weights_are_refused():
    case = case_of(np.float64, 12)
    block = np.concatenate([np.zeros(3), case.block])
    with pytest.raises(ValueError, match="begin with the tables"):
        kernels.nn_train(
            case.network(block[3:]), case.table, case.y, batch_size=8, parameters=block, rates=np.ones(20),
            gradient=block.copy(), n_weights=case.n_weights, first=block.copy(), scratch=kernels.Scratch(),
        )  # fmt: skip
