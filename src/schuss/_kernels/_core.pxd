# SPDX-License-Identifier: BSD-3-Clause
from libc.stdint cimport int8_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t


cdef extern from "sch/types.h" nogil:
    ctypedef enum sch_dtype:
        SCH_F32
        SCH_F64
    ctypedef enum sch_storage:
        SCH_DENSE
        SCH_CSR32
        SCH_CSR64
    ctypedef struct sch_table:
        sch_dtype dtype
        sch_storage storage
        int64_t n, d, row_stride
        const void *data
        const void *indices
        const void *indptr
    ctypedef enum sch_column_storage:
        SCH_STRIDED
        SCH_CSC32
        SCH_CSC64
    ctypedef struct sch_columns:
        sch_dtype dtype
        sch_column_storage storage
        int64_t n, d, row_stride, column_stride
        const void *data
        const void *indices
        const void *indptr
    ctypedef struct sch_control:
        int n_threads
        int (*poll)() noexcept nogil


cdef extern from "sch/status.h" nogil:
    ctypedef enum sch_status:
        SCH_OK
        SCH_NONFINITE
        SCH_CANCELLED
        SCH_BAD_ARGUMENT
        SCH_ISA_UNAVAILABLE
    const char *sch_status_text(sch_status status)


cdef extern from "core/blocks.h" nogil:
    const int SCH_BLOCK


cdef extern from "sch/loss.h" nogil:
    ctypedef enum sch_loss:
        SCH_LOSS_SOFTMAX
        SCH_N_LOSSES
    ctypedef enum sch_math:
        SCH_MATH_EXP
        SCH_MATH_LOG
        SCH_MATH_LOG1P
        SCH_MATH_SIGMOID
        SCH_MATH_SOFTPLUS
    const char *sch_loss_name(sch_loss loss)
    ctypedef enum sch_target:
        SCH_TARGET_F32, SCH_TARGET_F64, SCH_TARGET_U8
    ctypedef struct sch_loss_sum_args:
        sch_dtype dtype
        sch_control control
        sch_loss loss
        double loss_param
        int64_t n, n_out
        sch_target target
        const void *y
        const void *z
        const void *weight
        double *partial
        double total
    ctypedef struct sch_loss_gradient_args:
        sch_dtype dtype
        sch_control control
        sch_loss loss
        double loss_param
        int expected
        int64_t n
        const void *y
        const void *z
        const void *weight
        void *gradient
        void *hessian
        double *partial
        double total
    ctypedef struct sch_loss_derivatives_args:
        sch_dtype dtype
        sch_control control
        sch_loss loss
        double loss_param
        int64_t n
        sch_target target
        const void *y
        const void *z
        int order
        sch_dtype out_dtype
        void *out
        double *partial
        double total
    ctypedef struct sch_softmax_derivatives_args:
        sch_dtype dtype
        sch_control control
        int64_t n, n_out
        sch_target target
        const void *y
        const void *z
        const void *weight
        float *out
        double *partial
        double total
    ctypedef struct sch_vector_math_args:
        sch_dtype dtype
        sch_control control
        sch_math function
        int64_t n
        const void *x
        void *out
    ctypedef struct sch_softmax_args:
        sch_dtype dtype
        sch_control control
        int64_t n, n_out
        const void *z
        void *out
    ctypedef struct sch_count_nonfinite_args:
        sch_dtype dtype
        sch_control control
        int64_t n
        const void *x
        int64_t nonfinite
    ctypedef struct sch_loss_ops:
        sch_status (*loss_sum)(sch_loss_sum_args *) noexcept nogil
        sch_status (*loss_gradient)(sch_loss_gradient_args *) noexcept nogil
        sch_status (*loss_derivatives)(sch_loss_derivatives_args *) noexcept nogil
        sch_status (*softmax_derivatives)(sch_softmax_derivatives_args *) noexcept nogil
        sch_status (*vector_math)(sch_vector_math_args *) noexcept nogil
        sch_status (*softmax)(sch_softmax_args *) noexcept nogil
        sch_status (*count_nonfinite)(sch_count_nonfinite_args *) noexcept nogil


cdef extern from "sch/sgd.h" nogil:
    ctypedef enum sch_schedule:
        SCH_N_SCHEDULES
    const char *sch_schedule_name(sch_schedule schedule)
    ctypedef enum sch_optimizer:
        SCH_OPTIMIZER_SGD
        SCH_OPTIMIZER_ADAGRAD
        SCH_OPTIMIZER_RMSPROP
        SCH_N_OPTIMIZERS
    const char *sch_optimizer_name(sch_optimizer optimizer)
    ctypedef struct sch_sgd_sweep_args:
        sch_control control
        sch_table x
        sch_loss loss
        double loss_param, l1, l2
        sch_schedule schedule
        double power_t, optimal_init, t, horizon, warmup
        int64_t batch_size
        int fit_intercept
        double intercept_decay, intercept_slope
        int64_t n_out
        const double *eta
        const double *positive_weight
        const double *negative_weight
        const uint8_t *active
        const void *y
        const void *sample_weight
        const int64_t *rows
        int64_t n_rows
        int shuffle
        uint64_t seed, epoch
        int64_t average_start
        void *coef
        void *intercept
        void *average_coef
        void *average_intercept
        double *l1_total
        void *l1_applied
        sch_optimizer optimizer
        double momentum, memory, damping, clip_norm, clip_value, steps
        void *first
        void *second
        double *loss_sum
        void *scratch
    ctypedef struct sch_visiting_order_args:
        sch_control control
        sch_table x
        uint64_t seed, epoch
        int64_t *order
        void *scratch
    ctypedef struct sch_sgd_ops:
        sch_status (*sgd_sweep)(sch_sgd_sweep_args *) noexcept nogil
        int64_t (*sgd_sweep_scratch)(const sch_sgd_sweep_args *) noexcept nogil
        int64_t (*visiting_order)(sch_visiting_order_args *) noexcept nogil


cdef extern from "sch/glm.h" nogil:
    ctypedef enum sch_gram_weights:
        SCH_GRAM_HESSIAN
        SCH_GRAM_EXPECTED
        SCH_GRAM_SAMPLE
    ctypedef struct sch_glm_pass_args:
        sch_control control
        sch_table x
        sch_loss loss
        double loss_param
        int64_t n_out
        const void *y
        const void *weight
        const void *offset
        const double *coef
        const double *intercept
        sch_gram_weights gram_weights
        const double *shift
        void *margins
        double *gradient
        double *gram
        double loss_sum
        void *scratch
    ctypedef struct sch_linear_predict_args:
        sch_control control
        sch_table x
        int64_t n_out
        const void *coef
        const void *intercept
        void *out
    ctypedef struct sch_select_columns_args:
        sch_control control
        sch_table x
        int64_t n_columns
        const int64_t *columns
        const int32_t *position
        void *data
        void *indices
        void *indptr
    ctypedef struct sch_sparse_gram_args:
        sch_control control
        sch_table x
        const void *weight
        const double *shift
        double *gram
        void *scratch
    ctypedef struct sch_glm_ops:
        sch_status (*glm_pass)(sch_glm_pass_args *) noexcept nogil
        sch_status (*linear_predict)(sch_linear_predict_args *) noexcept nogil
        sch_status (*select_columns)(sch_select_columns_args *) noexcept nogil
        sch_status (*sparse_gram)(sch_sparse_gram_args *) noexcept nogil
        int64_t (*glm_pass_scratch)(const sch_glm_pass_args *) noexcept nogil
        int64_t (*sparse_gram_scratch)(const sch_sparse_gram_args *) noexcept nogil


cdef extern from "sch/cd.h" nogil:
    ctypedef struct sch_gram_cd_args:
        sch_control control
        int64_t d, n_tasks
        const double *gram
        double l1, l2
        const double *penalty_factor
        int positive
        const int64_t *coordinates
        int64_t n_coordinates
        int shuffle
        uint64_t seed, epoch
        int64_t max_sweeps
        double tol
        double gap_tol
        double *gradient
        double *coef
        double residual
        double gap
        int64_t n_sweeps
        double largest_change, largest_size
        void *scratch
    ctypedef struct sch_gram_path_args:
        sch_control control
        int64_t n_paths
        sch_gram_cd_args *descents
        double *last_coef
        double *last_gradient
        const double *length
        sch_status *status
    ctypedef struct sch_column_gram_args:
        sch_control control
        sch_columns x
        const int64_t *columns
        int64_t m, n_new
        const double *shift
        const void *weight
        double *gram
        void *scratch
    ctypedef struct sch_column_products_args:
        sch_control control
        sch_columns x
        int64_t k
        const void *r
        double *products
    ctypedef struct sch_column_residual_args:
        sch_control control
        sch_columns x
        int64_t k, m
        const int64_t *columns
        const double *coef
        const double *offset
        const void *y
        void *residual
    ctypedef struct sch_cd_ops:
        sch_status (*gram_cd)(sch_gram_cd_args *) noexcept nogil
        sch_status (*gram_path)(sch_gram_path_args *) noexcept nogil
        sch_status (*column_gram)(sch_column_gram_args *) noexcept nogil
        sch_status (*column_products)(sch_column_products_args *) noexcept nogil
        sch_status (*column_residual)(sch_column_residual_args *) noexcept nogil
        int64_t (*column_gram_scratch)(const sch_column_gram_args *) noexcept nogil
        int64_t (*gram_cd_scratch)(const sch_gram_cd_args *) noexcept nogil


cdef extern from "sch/dual.h" nogil:
    ctypedef struct sch_dual_sweep_args:
        sch_control control
        sch_table x
        sch_loss loss
        double loss_param, intercept_square
        int64_t n_out
        const void *y
        const double *cost
        const double *positive_cost
        const double *negative_cost
        const double *square
        uint64_t seed, epoch
        double *dual
        void *coef
        double *intercept
        int64_t *active
        int64_t *n_active
        const double *bound
        double *violation
        void *scratch
    ctypedef struct sch_crammer_singer_sweep_args:
        sch_control control
        sch_table x
        double intercept_square
        int64_t n_classes
        const void *y
        const double *cost
        const double *square
        uint64_t seed, epoch
        double bound
        double *dual
        void *coef
        double *intercept
        int64_t *active
        int64_t n_active
        double violation
        void *scratch
    ctypedef struct sch_dual_ops:
        sch_status (*dual_sweep)(sch_dual_sweep_args *) noexcept nogil
        sch_status (*crammer_singer_sweep)(sch_crammer_singer_sweep_args *) noexcept nogil
        int64_t (*dual_sweep_scratch)(const sch_dual_sweep_args *) noexcept nogil
        int64_t (*crammer_singer_sweep_scratch)(const sch_crammer_singer_sweep_args *) noexcept nogil


cdef extern from "sch/tree.h" nogil:
    const int SCH_TILE_MARGIN
    const int SCH_MAX_BINS
    const int SCH_MISSING_BIN
    const int SCH_SET_WORDS
    const int SCH_NODE_MISSING_LEFT
    const int SCH_NODE_CATEGORICAL
    const int SCH_NODE_FEATURE
    int64_t sch_tiles(int64_t d)
    int64_t sch_tile_stride(int64_t d)
    ctypedef struct sch_binned:
        int64_t n, d
        const uint8_t *tiles
        const uint8_t *tile_column
        const uint8_t *tile_sparse
        const uint8_t *common
        const uint8_t *columns
        int64_t column_stride
        const int32_t *n_bins
        const uint8_t *has_missing
        const uint8_t *is_categorical
    ctypedef struct sch_node:
        double threshold
        int32_t feature, left


cdef extern from "sch/apply.h" nogil:
    ctypedef struct sch_trees:
        int64_t n_trees, n_features, n_out
        const sch_node *nodes
        const int64_t *offsets
        const double *values
        const int64_t *leaf_offsets
        int64_t n_sets
        const uint64_t *categories
        const uint64_t *known
    ctypedef struct sch_mask_step:
        pass
    ctypedef struct sch_masks:
        int64_t n_used, n_choices
        const int32_t *features
        const int32_t *used
        const int32_t *levels
        const int64_t *heaps
        const double *bounds
        const float *bounds_f32
        const int32_t *choices
        const uint64_t *choice_sets
        const sch_mask_step *steps
        const int64_t *step_offsets
        const double *leaf_values
        const int32_t *leaf_nodes
    ctypedef struct sch_apply:
        sch_control control
        sch_trees trees
        const sch_masks *masks
        int64_t first, last
        sch_table x
        int64_t column_stride
        void *scratch
    ctypedef struct sch_trees_predict_args:
        sch_apply apply
        const double *baseline
        double divisor
        double *out
    ctypedef struct sch_trees_leaves_args:
        sch_apply apply
        int64_t *leaves
    ctypedef struct sch_trees_contributions_args:
        sch_apply apply
        const double *weight
        int64_t max_depth
        const double *points
        const double *baseline
        double divisor
        double *out
    ctypedef struct sch_apply_ops:
        sch_status (*trees_predict)(sch_trees_predict_args *) noexcept nogil
        sch_status (*trees_leaves)(sch_trees_leaves_args *) noexcept nogil
        sch_status (*trees_contributions)(sch_trees_contributions_args *) noexcept nogil
        int64_t (*apply_scratch)(const sch_apply *) noexcept nogil
        int64_t (*trees_contributions_scratch)(const sch_trees_contributions_args *) noexcept nogil


cdef extern from "sch/bin.h" nogil:
    const int SCH_BIN_ROW
    ctypedef struct sch_bin_bounds_args:
        sch_control control
        sch_columns x
        const int64_t *weight
        const uint8_t *rows
        int64_t max_bins
        const uint8_t *skip
        double *bounds
        int32_t *n_bounds
        uint8_t *has_missing
        void *scratch
    ctypedef struct sch_bin_table_args:
        sch_control control
        sch_columns x
        const void *bounds
        const uint8_t *is_categorical
        const uint8_t *codes
        int64_t column_stride
        uint8_t *tiles
        uint8_t *columns
    ctypedef struct sch_bin_ops:
        sch_status (*bin_bounds)(sch_bin_bounds_args *) noexcept nogil
        sch_status (*bin_table)(sch_bin_table_args *) noexcept nogil
        int64_t (*bin_bounds_scratch)(const sch_bin_bounds_args *) noexcept nogil


cdef extern from "sch/forest.h" nogil:
    ctypedef enum sch_forest_criterion:
        SCH_FOREST_GINI
        SCH_FOREST_ENTROPY
        SCH_FOREST_SQUARED
        SCH_FOREST_POISSON
    ctypedef struct sch_forest_grow_args:
        sch_control control
        sch_binned x
        sch_forest_criterion criterion
        int64_t n_out
        const int32_t *n_classes
        const int32_t *codes
        const int64_t *target
        const double *target_origin
        double target_unit
        int64_t n_trees
        const uint64_t *seed
        const int64_t *weight
        int64_t weight_stride
        double weight_unit
        int weight_shift, packed, random_splits, in_order
        const double *bin_value
        int64_t max_features, max_depth, min_samples_split, min_samples_leaf, max_leaf_nodes
        double min_weight_fraction_leaf, min_impurity_decrease
        const int8_t *monotonic
        int64_t node_room, leaf_room, set_room
        sch_node *nodes
        double *gain
        double *impurity
        double *node_weight
        uint32_t *node_samples
        double *values
        uint64_t *sets
        int keeps_cut_short
        int64_t *n_nodes
        int64_t *n_leaves
        int64_t *n_sets
        int64_t next
        void *scratch
    ctypedef struct sch_forest_add_args:
        sch_control control
        sch_binned x
        const sch_node *nodes
        const double *values
        int64_t n_values
        const uint64_t *sets
        const int64_t *weight
        double *sums
        int64_t *counts
    ctypedef struct sch_forest_ops:
        sch_status (*forest_grow)(sch_forest_grow_args *) noexcept nogil
        sch_status (*forest_add)(sch_forest_add_args *) noexcept nogil
        int64_t (*forest_grow_scratch)(const sch_forest_grow_args *) noexcept nogil
cdef extern from "sch/boost.h" nogil:
    const int SCH_ROWS_MARGIN

    ctypedef struct sch_sparse_tiles_args:
        sch_control control
        sch_binned x
        uint8_t *tiles
        uint8_t *tile_column
        uint8_t *tile_sparse
        uint8_t *common
    ctypedef struct sch_grow_tree_args:
        sch_control control
        sch_binned x
        int64_t max_leaves, max_depth, min_samples_leaf
        double min_hessian, l1, l2, min_gain
        int depth_wise
        const int8_t *monotonic
        const uint8_t *interaction
        int64_t n_groups
        const uint8_t *features
        int64_t histogram_bytes
        double feature_fraction
        uint64_t seed
        sch_dtype dtype
        int order
        const void *derivatives
        const double *weight
        int whole_weights
        int64_t n_rows
        uint32_t *rows
        double shrinkage
        int64_t n_nodes, n_leaves, n_sets, depth
        sch_node *nodes
        double *gain
        double *value
        double *cover
        int64_t *count
        int64_t *leaf_start
        uint64_t *sets
        void *scratch
    ctypedef struct sch_add_leaves_args:
        sch_control control
        int64_t n_leaves
        const uint32_t *rows
        const int64_t *leaf_start
        const double *value
        double *raw
    ctypedef struct sch_add_routed_args:
        sch_control control
        sch_binned x
        int64_t n_nodes
        const sch_node *nodes
        const uint64_t *sets
        int64_t n_rows
        const uint32_t *rows
        const double *value
        double *raw
    ctypedef struct sch_reorder_rows_args:
        sch_control control
        int64_t n, d, column_stride
        const uint32_t *rows
        uint8_t *tiles
        uint8_t *columns
        uint8_t *scratch
    enum:
        SCH_REORDER_TASKS
    ctypedef struct sch_boost_ops:
        sch_status (*grow_tree)(sch_grow_tree_args *) noexcept nogil
        sch_status (*add_leaves)(sch_add_leaves_args *) noexcept nogil
        sch_status (*sparse_tiles)(sch_sparse_tiles_args *) noexcept nogil
        sch_status (*add_routed)(sch_add_routed_args *) noexcept nogil
        sch_status (*reorder_rows)(sch_reorder_rows_args *) noexcept nogil
        int64_t (*grow_tree_scratch)(const sch_grow_tree_args *) noexcept nogil


cdef extern from "sch/nn.h" nogil:
    ctypedef enum sch_nn_activation:
        SCH_NN_IDENTITY
        SCH_NN_N_ACTIVATIONS
    ctypedef enum sch_nn_loss:
        SCH_NN_LOSS_SOFTMAX
        SCH_NN_N_LOSSES
    ctypedef enum sch_nn_solver:
        SCH_NN_SOLVER_SGD
        SCH_NN_N_SOLVERS
    ctypedef enum sch_nn_norm:
        SCH_NN_NO_NORM
        SCH_NN_BATCH_NORM
        SCH_NN_LAYER_NORM
    ctypedef struct sch_nn_layer:
        int64_t fan_in, fan_out
        sch_nn_activation activation
        sch_nn_norm norm
        double dropout
        void *weight
        void *bias
        void *gain
        void *shift
        void *running_mean
        void *running_var
    ctypedef struct sch_nn_column:
        int64_t levels, width
        void *table
    ctypedef struct sch_nn_network:
        int64_t n_layers
        const sch_nn_layer *layers
        const sch_nn_column *columns
        sch_nn_loss loss
        double loss_param, smoothing, focal
    ctypedef struct sch_nn_train_args:
        sch_control control
        sch_table x
        sch_nn_network network
        const void *y
        const void *weight
        int64_t batch_size
        int shuffle
        uint64_t seed, epoch
        int update
        double normaliser
        int64_t n_parameters, n_weights
        void *parameters
        void *gradient
        void *first
        void *second
        void *average
        double average_decay
        sch_nn_solver solver
        const double *rates
        double alpha, weight_decay, momentum, beta_1, beta_2, epsilon, clip_norm
        int nesterov
        int64_t accumulate
        int64_t batches
        double power_1, power_2, loss_sum, penalty_sum, norm_sum
        void *scratch
    ctypedef struct sch_nn_predict_args:
        sch_control control
        sch_table x
        sch_nn_network network
        int raw
        void *out
        const void *y
        const void *weight
        double loss_sum
        void *scratch
    ctypedef struct sch_nn_ops:
        sch_status (*nn_train)(sch_nn_train_args *) noexcept nogil
        sch_status (*nn_predict)(sch_nn_predict_args *) noexcept nogil
        int64_t (*nn_train_scratch)(const sch_nn_train_args *) noexcept nogil
        int64_t (*nn_predict_scratch)(const sch_nn_predict_args *) noexcept nogil


cdef extern from "sch/cart.h" nogil:
    ctypedef enum sch_cart_criterion:
        SCH_CART_GINI
        SCH_CART_ENTROPY
        SCH_CART_SQUARED
        SCH_CART_POISSON
        SCH_CART_ABSOLUTE
    ctypedef enum sch_cart_search:
        SCH_CART_SORTED
        SCH_CART_GATHERED
        SCH_CART_RANDOM
    ctypedef struct sch_cart_entry:
        float x
    ctypedef struct sch_cart_node:
        int32_t left
    ctypedef struct sch_cart_sort_args:
        sch_control control
        sch_columns x
        sch_cart_entry *orders
        void *scratch
    ctypedef struct sch_cart_select_args:
        sch_control control
        int64_t n, n_kept, n_orders
        const double *weight
        const sch_cart_entry *source "from"
        sch_cart_entry *to
    ctypedef struct sch_cart_grow_args:
        sch_control control
        sch_columns x
        sch_cart_search search
        sch_cart_criterion criterion
        int64_t n_outputs, n_values
        const int32_t *codes
        const double *y
        const double *weighted_y
        const double *weight
        double total_weight
        const int8_t *monotonic
        int64_t max_features, max_depth, min_samples_split, min_samples_leaf
        double min_weight_leaf, min_impurity_decrease
        uint64_t seed
        int64_t max_leaves, steps, n_rows, n_orders
        sch_cart_entry *orders
        int64_t n_stored
        sch_cart_entry *stored
        int32_t *stored_feature
        const sch_cart_entry *by_value
        int32_t *node_of
        uint8_t *side
        uint32_t *rank
        sch_cart_node *nodes
        double *sums
        int32_t *frontier
        int64_t capacity, n_nodes, level, n_frontier, n_leaves, depth
        double impurity_sum, loss_sum
        int64_t n_open
        void *scratch
    ctypedef struct sch_cart_preorder_args:
        sch_control control
        int64_t n
        const int32_t *left
        int64_t *position
        void *scratch
    ctypedef struct sch_cart_ops:
        sch_status (*cart_sort)(sch_cart_sort_args *) noexcept nogil
        sch_status (*cart_select)(sch_cart_select_args *) noexcept nogil
        sch_status (*cart_grow)(sch_cart_grow_args *) noexcept nogil
        sch_status (*cart_preorder)(sch_cart_preorder_args *) noexcept nogil
        int64_t (*cart_sort_scratch)(const sch_cart_sort_args *) noexcept nogil
        int64_t (*cart_grow_scratch)(const sch_cart_grow_args *) noexcept nogil
        int64_t (*cart_preorder_scratch)(const sch_cart_preorder_args *) noexcept nogil


cdef extern from "sch/ops.h" nogil:
    ctypedef struct sch_ops:
        const char *name
        const sch_loss_ops *loss
        const sch_glm_ops *glm
        const sch_sgd_ops *sgd
        const sch_cd_ops *cd
        const sch_dual_ops *dual
        const sch_apply_ops *apply
        const sch_bin_ops *bin
        const sch_forest_ops *forest
        const sch_boost_ops *boost
        const sch_nn_ops *nn
        const sch_cart_ops *cart
    const sch_ops *sch_ops_current()
    sch_status sch_ops_select(const char *name)
    int sch_ops_count()
    const char *sch_ops_name(int row)
    int sch_ops_supported(int row)


cdef class Table:
    cdef sch_table c
    cdef tuple owners
    cdef char kind
    cdef int use_dense(self, object x) except -1
    cdef int use_csr(self, object x) except -1


cdef class Columns:
    cdef sch_columns c
    cdef tuple owners
    cdef char kind
    cdef int use_strided(self, object x) except -1
    cdef int use_csc(self, object x) except -1


cdef class Scratch:
    cdef object block
    cdef char *start
    cdef int64_t size
    cdef void *at_least(self, int64_t size) except? NULL


cdef const sch_ops *ops() noexcept nogil
cdef int check(sch_status status) except -1
cdef sch_control control(int n_threads) except *
cdef char kind_of(object array) except 0
cdef char real_kind_of(object array) except 0
cdef sch_dtype dtype_of_kind(char kind) noexcept
cdef const void *read(object array, str name, char kind, int64_t size) except? NULL
cdef const void *read_or_null(object array, str name, char kind, int64_t size) except? NULL
cdef void *write(object array, str name, char kind, int64_t size) except? NULL
cdef void *write_or_null(object array, str name, char kind, int64_t size) except? NULL
