# SPDX-License-Identifier: BSD-3-Clause
"""nn_train and nn_predict: against a naive network, finite differences, and themselves on other numbers of threads."""

import signal

import numpy as np
import pytest
from nn_cases import (
    HEADS,
    LAYERS,
    SOLVER_OPTIONS,
    SOLVERS,
    Case,
    assert_gradient_is_the_slope,
    assert_trained_alike,
    name_of,
)
from reference import nn as reference
from tolerance import assert_close, assert_same_bytes, tol

from schuss import _kernels as kernels


@pytest.mark.parametrize("layers", LAYERS, ids=name_of)
def test_gradient_of_every_layer(layers):
    assert_gradient_is_the_slope(Case((5, 7, 6, 3), np.float64, 1, n=23, loss="softmax", weighted=True, **layers))


@pytest.mark.parametrize("head", HEADS, ids=name_of)
@pytest.mark.parametrize("norm", [None, "batch", "layer"])
def test_gradient_of_every_head_behind_every_activation(head, norm):
    for activation in kernels.NN_ACTIVATIONS:
        for dropout in (0.0, 0.3):
            options = {"activation": activation, "norm": norm, "dropout": dropout, "weighted": True, **head}
            assert_gradient_is_the_slope(Case((5, 7, 6, 3), np.float64, 7, n=23, **options))


@pytest.mark.parametrize("layers", LAYERS, ids=name_of)
def test_layers_against_reference(isa, dtype, layers):
    case = Case((9, 20, 17, 4), dtype, 3, n=45, loss="softmax", **layers)
    got, want = case.train(seed=5), case.reference_train(seed=5)
    assert_trained_alike(case, "adam", got, want, 60)


@pytest.mark.parametrize("head", HEADS, ids=name_of)
def test_heads_against_reference(isa, dtype, head):
    case = Case((6, 18, 2), dtype, 4, n=40, weighted=True, **head)
    assert_trained_alike(case, "sgd", case.train("sgd"), case.reference_train("sgd"), 60)


@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("options", SOLVER_OPTIONS, ids=lambda options: next(iter(options), "plain"))
def test_solvers_against_reference(solver, options):
    case = Case((6, 10, 5, 3), np.float64, 5, n=70, loss="softmax")
    got, want = case.train(solver, **options), case.reference_train(solver, **options)
    assert_trained_alike(case, solver, got, want, 60)


def test_batches_that_share_a_step_are_one_batch(dtype):
    """Unequal weights, a penalty and a short last batch included."""
    case = Case((6, 10, 3), dtype, 5, n=90, loss="softmax", weighted=True)
    together, parts = (case.train(alpha=2.0, clip_norm=0.5, **o) for o in ({"batch_size": 32}, {"accumulate": 2}))
    assert_trained_alike(case, "adam", parts, together, 60)


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 33, 65])
@pytest.mark.parametrize("units", [(1, 1, 1), (3, 16, 1), (17, 33, 10), (64, 14, 15, 2), (31, 36, 35, 3), (5, 3)])
def test_odd_sizes(isa, dtype, n, units):
    case = Case(units, dtype, 6, n=n)
    got, want = case.train("sgd", batch_size=32), case.reference_train("sgd", batch_size=32)
    assert_trained_alike(case, "sgd", got, want, 60)
    out = np.empty((n, units[-1]), dtype)
    kernels.nn_predict(case.network(), case.table, out, scratch=kernels.Scratch())
    assert_close(
        out.astype(float), reference.nn_predict(case.net, case.x).astype(float), 50 * tol(dtype, 99), scale=1.0
    )


@pytest.mark.parametrize("norm", [None, "batch", "layer"])
@pytest.mark.parametrize("loss", list(kernels.NN_LOSSES))
def test_predictions_and_losses(isa, dtype, norm, loss):
    case = Case((8, 19, 12, 3), dtype, 7, n=300, loss=loss, norm=norm, activation="gelu", weighted=True)
    out = np.empty((300, 3), dtype)
    total = kernels.nn_predict(case.network(), case.table, out, y=case.y, weight=case.weight, scratch=kernels.Scratch())
    want = reference.nn_predict(case.net, case.x)
    assert_close(out.astype(float), want.astype(float), 100 * tol(dtype, 40), scale=1.0)
    raw = reference.forward(case.net.widened(), case.x)[0]
    value, _ = reference.head(case.net, case.y, raw)
    assert_close(total, float((case.weight * value).sum()), 100 * tol(dtype, 40))


@pytest.mark.parametrize("n", [1, 3, 16])
def test_few_rows_are_predicted_alike(isa, dtype, n):
    case = Case((8, 19, 3), dtype, 7, n=n, loss="softmax")
    network, out = case.network(), np.empty((n, 3), dtype)
    kernels.nn_predict(network, case.table, out, scratch=kernels.Scratch())
    assert_same_bytes(network.predict_few(case.x), out)
    assert_same_bytes(network.predict_few(np.hstack([case.x, case.x])[:, :8]), out)


@pytest.mark.parametrize("n", [1, 4, 5])
@pytest.mark.parametrize("head", [{"loss": "softmax"}, {"loss": "poisson"}, {"loss": "logistic"}], ids=name_of)
@pytest.mark.parametrize("units", [(8, 83, 21, 3), (5, 3, 1)])
def test_a_row_by_itself_is_predicted_as_among_others(isa, dtype, n, head, units):
    if head["loss"] == "softmax" and units[-1] == 1:
        units = (*units[:-1], 2)
    case = Case(units, dtype, 7, n=40, activation="silu", **head)
    network, out = case.network(), np.empty((40, units[-1]), dtype)
    kernels.nn_predict(network, case.table, out, scratch=kernels.Scratch())
    assert_same_bytes(network.predict_few(case.x[3 : 3 + n]), out[3 : 3 + n])


@pytest.mark.parametrize("units", [(8, 19, 3), (8, 19, 1)])
def test_classes_of_few_rows(isa, dtype, units):
    case = Case(units, dtype, 7, n=8, activation="identity", loss="softmax" if units[-1] > 1 else "logistic")
    network, x = case.network(), dtype(10) * np.vstack([case.x, -case.x])  # both sides of what divides the classes
    out = network.predict_few(x)
    want = out.argmax(axis=1) if units[-1] > 1 else (out > 0.5).ravel()
    assert len(np.unique(want)) > 1
    np.testing.assert_array_equal(network.choose_few(x), want)
    assert network.choose_few(x.tolist()) is None
    case.block[:] = np.nan
    assert network.choose_few(x) is None


def test_what_is_not_plain_needs_a_closer_look():
    case = Case((8, 19, 3), np.float64, n=2)
    few, x = case.network().predict_few, case.x
    odd = [x[:, :7], x[0], x[:0], np.zeros((17, 8)), x.astype("f4"), x.astype(int), x.tolist(), np.asfortranarray(x)]
    for other in [*odd, np.where(x > 0, np.nan, x), np.where(x > 0, np.inf, x), x.astype(">f8"), np.ma.array(x)]:
        assert few(other) is None


@pytest.mark.parametrize("activation", ["tanh", "gelu"])
@pytest.mark.parametrize("norm", [None, "batch"])
def test_sparse_tables(isa, dtype, activation, norm):
    case = Case((40, 21, 2), dtype, 8, n=75, sparse=True, activation=activation, norm=norm)
    assert_trained_alike(case, "adam", case.train(), case.reference_train(), 100)
    out = np.empty((75, 2), dtype)
    kernels.nn_predict(case.network(), case.table, out, scratch=kernels.Scratch())
    assert_close(
        out.astype(float), reference.nn_predict(case.net, case.x).astype(float), 50 * tol(dtype, 99), scale=1.0
    )


@pytest.mark.parametrize(
    "options", [{}, {"norm": "batch", "dropout": 0.2}, {"norm": "layer"}, {"sparse": True}], ids=name_of
)
def test_same_bytes_for_any_number_of_threads(dtype, n_threads, options):
    case = Case((300, 270, 65, 10), dtype, 9, n=300, loss="softmax", **options)
    one, many = (case.train(batch_size=130, clip_norm=1.0, alpha=0.1, n_threads=k) for k in (1, n_threads))
    for name, value in one.items():
        assert_same_bytes(many[name], value)
    outs = [np.empty((300, 10), dtype) for _ in range(2)]
    losses = [
        kernels.nn_predict(case.network(), case.table, out, y=case.y, n_threads=k, scratch=kernels.Scratch())
        for k, out in zip((1, n_threads), outs, strict=True)
    ]
    assert_same_bytes(outs[1], outs[0])
    assert losses[0] == losses[1]


def test_wide_layers_are_packed(dtype):
    """Many panels and more than 256 units take another way to the same sums."""
    case = Case((20, 300, 3), dtype, 10, n=300)
    got, want = case.train("sgd", batch_size=300), case.reference_train("sgd", batch_size=300)
    assert_trained_alike(case, "sgd", got, want, 300)


def test_weights_of_few_inputs_and_many_units(dtype, n_threads):
    """These are cut by units, and take their step row by row."""
    case = Case((5, 1500, 3), dtype, 10, n=300)
    one, many = (case.train(batch_size=150, alpha=0.1, n_threads=k) for k in (1, n_threads))
    for name, value in one.items():
        assert_same_bytes(many[name], value)
    assert_trained_alike(case, "adam", one, case.reference_train(batch_size=150, alpha=0.1), 300)


@pytest.mark.parametrize("epoch", [0, 1, 7])
def test_shuffling(epoch):
    case = Case((3, 4, 1), np.float64, 11, n=37)
    order = reference.shuffled(37, 123, epoch)
    got = case.train(shuffle=True, seed=123, epoch=epoch)
    assert_trained_alike(case, "adam", got, case.reference_train(order=order, seed=123), 60)


def test_gradient_in_blocks_of_rows():
    case = Case((6, 9, 2), np.float64, 12, n=100, weighted=True)
    whole, parts = case.gradient(case.block), case.gradient(case.block, batch_size=16)
    assert_close(parts[0], whole[0], 1e-13)
    assert_close(parts[1], whole[1], 1e-13, scale=1.0)


def test_an_epoch_goes_on_where_the_last_one_ended():
    """Two epochs in two calls leave what the kernel's own state says, so that training can be resumed."""
    case = Case((4, 8, 2), np.float64, 13, n=64, dropout=0.3)
    state = case.train(seed=1, batches=0)
    again = case.train(seed=1, batches=4)
    assert np.abs(state["parameters"] - again["parameters"]).max() > 1e-6  # other units were dropped


def test_a_network_of_layers_that_do_not_fit_is_refused():
    coefs = [np.zeros((3, 4)), np.zeros((5, 1))]
    with pytest.raises(ValueError, match="do not fit"):
        kernels.Network(coefs, [np.zeros(4), np.zeros(1)], activations=[0])


def test_parameters_outside_of_the_block_are_refused():
    case = Case((3, 4, 1), np.float64)
    with pytest.raises(ValueError, match="views"):
        kernels.nn_train(
            case.network(), case.table, case.y, batch_size=8, parameters=case.block.copy(), rates=np.ones(7),
            gradient=case.block.copy(), n_weights=case.n_weights, first=case.block.copy(), scratch=kernels.Scratch(),
        )  # fmt: skip


def test_a_prediction_on_one_thread_can_be_stopped():
    """What a signal's handler raises inside the kernel arrives, as itself."""
    case = Case((300, 400, 400, 3), np.float32, 9, n=20_000)
    network, out = case.network(), np.empty((20_000, 3), np.float32)

    def handler(number, frame):
        raise InterruptedError

    def predict_for_long():
        signal.setitimer(signal.ITIMER_REAL, 0.03)
        for _ in range(1000):
            kernels.nn_predict(network, case.table, out, scratch=kernels.Scratch())

    before = signal.signal(signal.SIGALRM, handler)
    try:
        with pytest.raises(InterruptedError):
            predict_for_long()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
