# SPDX-License-Identifier: BSD-3-Clause
"""The compiled kernels, as Python sees them. Arguments are trusted but for dtype, length and contiguity."""

from schuss._kernels._apply import Predictor, trees_contributions, trees_leaves, trees_predict
from schuss._kernels._bin import MAX_BINS, MISSING_BIN, Binned, bin_bounds, bin_table
from schuss._kernels._boost import Grower, GrownTree, add_leaves, add_routed
from schuss._kernels._cart import (
    CART_CRITERIA,
    CART_ENTRY,
    CART_NODE,
    CART_SEARCHES,
    CartTree,
    cart_grow,
    cart_preorder,
    cart_select,
    cart_sort,
)
from schuss._kernels._cd import column_gram, column_products, column_residual, gram_cd
from schuss._kernels._core import (
    LOSSES,
    OPTIMIZERS,
    SCHEDULES,
    Columns,
    Scratch,
    Table,
    compiler,
    isa_compiled,
    isa_in_use,
    isa_supported,
    select_isa,
)
from schuss._kernels._dual import crammer_singer_sweep, dual_sweep
from schuss._kernels._forest import FOREST_CRITERIA, forest_add, forest_grow
from schuss._kernels._glm import glm_pass, linear_predict, select_columns, sparse_gram
from schuss._kernels._loss import all_finite, loss_gradient, loss_sum, sigmoid, softmax, softmax_gradient, vector_math
from schuss._kernels._nn import NN_ACTIVATIONS, NN_LOSSES, NN_SOLVERS, Network, nn_predict, nn_train
from schuss._kernels._sgd import sgd_sweep, visiting_order

__all__ = [
    "CART_CRITERIA",
    "CART_ENTRY",
    "CART_NODE",
    "CART_SEARCHES",
    "FOREST_CRITERIA",
    "LOSSES",
    "MAX_BINS",
    "MISSING_BIN",
    "NN_ACTIVATIONS",
    "NN_LOSSES",
    "NN_SOLVERS",
    "OPTIMIZERS",
    "SCHEDULES",
    "Binned",
    "CartTree",
    "Columns",
    "Grower",
    "GrownTree",
    "Network",
    "Predictor",
    "Scratch",
    "Table",
    "add_leaves",
    "add_routed",
    "all_finite",
    "bin_bounds",
    "bin_table",
    "cart_grow",
    "cart_preorder",
    "cart_select",
    "cart_sort",
    "column_gram",
    "column_products",
    "column_residual",
    "compiler",
    "crammer_singer_sweep",
    "dual_sweep",
    "forest_add",
    "forest_grow",
    "glm_pass",
    "gram_cd",
    "isa_compiled",
    "isa_in_use",
    "isa_supported",
    "linear_predict",
    "loss_gradient",
    "loss_sum",
    "nn_predict",
    "nn_train",
    "select_columns",
    "select_isa",
    "sgd_sweep",
    "sigmoid",
    "softmax",
    "softmax_gradient",
    "sparse_gram",
    "trees_contributions",
    "trees_leaves",
    "trees_predict",
    "vector_math",
    "visiting_order",
]
