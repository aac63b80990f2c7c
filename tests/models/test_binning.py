# SPDX-License-Identifier: BSD-3-Clause
"""The Binner: thresholds say what the bins say, weights are copies, categories keep their codes."""

import numpy as np
import pytest
import scipy.sparse as sp

from schuss.tree._binning import Binner
from schuss.tree._binning.weights import whole_weights


def table(rng, n=3000):
    x = rng.standard_normal((n, 4))
    x[:, 1] = rng.integers(0, 20, n)
    x[rng.random(n) < 0.2, 2] = np.nan
    x[rng.random(n) < 0.8, 3] = 0.0
    return x


@pytest.mark.parametrize("fitted", [np.float32, np.float64])
@pytest.mark.parametrize("used", [np.float32, np.float64])
def test_thresholds_say_what_the_bins_say(fitted, used, rng):
    x = table(rng)
    binner = Binner().fit(x.astype(fitted))
    new = np.concatenate([table(rng).astype(used), x.astype(fitted).astype(used)])
    for f, (thresholds, bins) in enumerate(zip(binner.thresholds, binner.transform(new).columns, strict=True)):
        values, present = new[:, f].astype(np.float64), ~np.isnan(new[:, f])
        assert thresholds.dtype == np.float64
        assert binner.n_bins[f] == len(thresholds) + 1
        assert (bins[~present] == 255).all()
        for b, threshold in enumerate(thresholds):
            np.testing.assert_array_equal(bins[present] <= b, values[present] <= threshold)
    assert binner.has_missing.tolist() == [0, 0, 1, 0]


def test_sparse_and_dense_tables_have_the_same_bins(rng):
    x = np.nan_to_num(table(rng))
    x[rng.random(x.shape) < 0.5] = 0.0
    weight = rng.integers(0, 3, len(x)).astype(float)
    halves = sp.csr_array(x)
    twice = sp.csr_array((np.repeat(halves.data / 2, 2), np.repeat(halves.indices, 2), halves.indptr * 2), x.shape)
    dense = Binner(max_bins=60, n_threads=2)
    wanted = dense.fit_transform(x, weight)
    for sparse in (sp.csr_array(x), sp.csr_matrix(x), sp.csc_array(x), twice):
        binner = Binner(max_bins=60)
        got = binner.fit_transform(sparse, weight)
        for ours, theirs in zip(binner.thresholds, dense.thresholds, strict=True):
            np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(got.columns, wanted.columns)
        np.testing.assert_array_equal(got.tiles, wanted.tiles)
    assert twice.nnz == 2 * halves.nnz  # the caller's table is not tidied up


@pytest.mark.parametrize("factor", [1.0, 2.0**-1000, 2.0**1000])
def test_weights_are_copies(factor, rng):
    x, copies = table(rng), rng.integers(0, 5, 3000)
    weighted = Binner(max_bins=100).fit(x, copies * factor)
    repeated = Binner(max_bins=100).fit(np.repeat(x, copies, axis=0))
    for ours, theirs in zip(weighted.thresholds, repeated.thresholds, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_rows_without_weight_are_as_if_not_there(rng):
    x = table(rng)
    x[0] = [1e9, 77, np.nan, 3]
    x[:, 2] = np.where(np.arange(3000) > 0, np.nan_to_num(x[:, 2]), np.nan)
    weight = np.ones(3000)
    weight[0] = 0.0
    categorical = np.array([False, True, False, False])
    with_it, without = Binner(is_categorical=categorical).fit(x, weight), Binner(is_categorical=categorical).fit(x[1:])
    for ours, theirs in zip(with_it.thresholds, without.thresholds, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(with_it.has_missing, without.has_missing)
    assert with_it.n_bins[1] == without.n_bins[1] == 20
    assert with_it.transform(x).columns[1, 0] == 255


def test_whole_weights():
    assert whole_weights(None) is None
    assert whole_weights(np.full(3, 0.7)) is None
    w = whole_weights(np.array([1.0, 2.0, 3.0, 0.0, -4.0]))
    assert w.tolist() == [k * (w[0]) for k in (1, 2, 3, 0, 0)]
    assert whole_weights(np.full(1 << 20, 5e-324) * np.arange(1 << 20)).sum() <= 2**51


def test_categories_keep_their_codes(rng):
    x = rng.integers(0, 6, (500, 2)).astype(np.float32) * 3
    x[:7, 0] = np.nan
    binner = Binner(is_categorical=np.array([True, False])).fit(x)
    assert binner.categories[1] is None
    assert binner.categories[0].tolist() == [0, 3, 6, 9, 12, 15]
    assert (binner.n_bins[0], len(binner.thresholds[0]), binner.has_missing[0]) == (16, 0, 1)
    new = np.array([[0, 0], [15, 0], [1, 0], [18, 0], [-3, 0], [np.nan, 0]], np.float32)
    binned = binner.transform(new)
    assert binned.columns[0].tolist() == [0, 15, 255, 255, 255, 255]
    assert binned.is_categorical.tolist() == [1, 0]


@pytest.mark.parametrize("value", [-1.0, 2.5, 255.0, np.inf])
def test_values_that_are_no_codes_are_refused(value):
    x = np.array([[0.0], [1.0], [value]])
    with pytest.raises(ValueError, match="Categorical feature 0 is expected to hold whole numbers from 0 to 254"):
        Binner(is_categorical=np.array([True])).fit(x)
