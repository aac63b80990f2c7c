/* sch/nn.h - training and evaluation of fully connected networks.
 * SPDX-License-Identifier: BSD-3-Clause */
#ifndef SCH_NN_H
#define SCH_NN_H

#include "sch/status.h"
#include "sch/types.h"

#define SCH_NN_ACTIVATION_LIST(X) \
    X(IDENTITY, "identity")       \
    X(LOGISTIC, "logistic")       \
    X(TANH, "tanh")               \
    X(RELU, "relu")               \
    X(LEAKY_RELU, "leaky_relu")   \
    X(ELU, "elu")                 \
    X(GELU, "gelu")               \
    X(SILU, "silu")

/* What the last layer's raw outputs are compared with. SOFTMAX takes one class index per row, all others one target per
 * output; LOGISTIC's are 0 or 1. POISSON and GAMMA predict the logarithm of the mean. */
#define SCH_NN_LOSS_LIST(X) \
    X(SOFTMAX, "softmax")   \
    X(LOGISTIC, "logistic") \
    X(SQUARED, "squared")   \
    X(ABSOLUTE, "absolute") \
    X(HUBER, "huber")       \
    X(QUANTILE, "quantile") \
    X(POISSON, "poisson")   \
    X(GAMMA, "gamma")

#define SCH_NN_SOLVER_LIST(X) \
    X(SGD, "sgd")             \
    X(ADAM, "adam")           \
    X(NADAM, "nadam")         \
    X(RMSPROP, "rmsprop")     \
    X(ADAGRAD, "adagrad")     \
    X(LION, "lion")

#define SCH_NN_ACTIVATION_CODE(name, text) SCH_NN_##name,
typedef enum { SCH_NN_ACTIVATION_LIST(SCH_NN_ACTIVATION_CODE) SCH_NN_N_ACTIVATIONS } sch_nn_activation;
#undef SCH_NN_ACTIVATION_CODE

#define SCH_NN_LOSS_CODE(name, text) SCH_NN_LOSS_##name,
typedef enum { SCH_NN_LOSS_LIST(SCH_NN_LOSS_CODE) SCH_NN_N_LOSSES } sch_nn_loss;
#undef SCH_NN_LOSS_CODE

#define SCH_NN_SOLVER_CODE(name, text) SCH_NN_SOLVER_##name,
typedef enum { SCH_NN_SOLVER_LIST(SCH_NN_SOLVER_CODE) SCH_NN_N_SOLVERS } sch_nn_solver;
#undef SCH_NN_SOLVER_CODE

typedef enum { SCH_NN_NO_NORM, SCH_NN_BATCH_NORM, SCH_NN_LAYER_NORM } sch_nn_norm;

/* One layer: a linear map, then, but for the last one, normalisation, activation and dropout. */
typedef struct {
    int64_t fan_in, fan_out;
    sch_nn_activation activation;
    sch_nn_norm norm;
    double dropout;                   /* probability that a unit's output is set to zero in training */
    void *weight;                     /* (fan_in, fan_out) */
    void *bias;                       /* (fan_out) */
    void *gain, *shift;               /* (fan_out) with a norm */
    void *running_mean, *running_var; /* (fan_out) INOUT with BATCH_NORM: what predictions normalise with */
} sch_nn_layer;

/* One column of the table, and the units of the first layer's input that it becomes. They stand in the columns' order. */
typedef struct {
    int64_t levels; /* 0: numbers, one unit. Else codes 0 .. levels - 1, and one place more for whatever is none */
    int64_t width;  /* units: with a table its columns, without one levels + 1, of which one is set to 1 */
    void *table;    /* (levels + 1, width) or NULL */
} sch_nn_column;

typedef struct {
    int64_t n_layers;
    const sch_nn_layer *layers;   /* (n_layers) */
    const sch_nn_column *columns; /* (d), the table being dense; or NULL: all are numbers */
    sch_nn_loss loss;
    double loss_param; /* threshold of HUBER, level of QUANTILE */
    double smoothing;  /* of the labels, SOFTMAX and LOGISTIC: the share given to all classes alike */
    double focal;      /* exponent of (1 - probability of the right class), SOFTMAX and LOGISTIC; 0 for none */
} sch_nn_network;

/* One epoch of mini-batch descent, or the sums of loss and gradient over all rows alone. Parameters stand in one block,
 * the tables of categories first, then the weights of all layers. Objective of a batch: mean loss + alpha / (2 * weight of
 * the rows) * |weights and tables|^2. A step leaves alone those rows of tables that none of its batches has met. */
typedef struct {
    sch_control control;
    sch_table x;            /* IN (n, d) */
    sch_nn_network network; /* its layers point into parameters */
    const void *y;          /* IN (n, n_out), or (n) class indices with SOFTMAX */
    const void *weight;     /* IN (n) or NULL */
    int64_t batch_size;
    int shuffle;
    uint64_t seed, epoch;
    int update;           /* 0: no step is taken; gradient receives the sum of all batches' */
    double normaliser;    /* update == 0: what the sums are divided by */

    int64_t n_parameters, n_weights; /* all; tables and weights, to which alpha and weight_decay apply */
    void *parameters;      /* INOUT (n_parameters) */
    void *gradient;        /* OUT (n_parameters) */
    void *first, *second;  /* INOUT (n_parameters) or NULL, as the solver needs them */
    void *average;         /* INOUT (n_parameters) or NULL: running mean of the parameters */
    double average_decay;
    sch_nn_solver solver;
    const double *rates;   /* IN (number of steps) learning rates */
    double alpha, weight_decay;
    double momentum, beta_1, beta_2, epsilon, clip_norm; /* clip_norm 0: no limit */
    int nesterov;
    int64_t accumulate;    /* batches that make one step together, as one batch of all their rows would */
    int64_t batches;       /* INOUT batches seen, for dropout */
    double power_1, power_2; /* INOUT beta_1, beta_2 to the power of the steps taken */

    double loss_sum;     /* OUT sum over the batches of mean loss * rows, or the sum of losses / normaliser */
    double penalty_sum;  /* OUT the same of the penalty */
    double norm_sum;     /* OUT sum over the steps of the gradient's norm; only with clip_norm */
    void *scratch;       /* SCRATCH nn_train_scratch(a) bytes, 64-byte aligned */
} sch_nn_train_args;

/* Outputs of the network for all rows: probabilities with SOFTMAX and LOGISTIC, means with POISSON and GAMMA. */
typedef struct {
    sch_control control;
    sch_table x; /* IN (n, d) */
    sch_nn_network network;
    int raw;            /* leave out the last step, from raw outputs to probabilities or means */
    void *out;          /* OUT (n, n_out) or NULL */
    const void *y;      /* IN as above, or NULL */
    const void *weight; /* IN (n) or NULL */
    double loss_sum;    /* OUT with y: weighted sum of losses */
    void *scratch;      /* SCRATCH nn_predict_scratch(a) bytes, 64-byte aligned */
} sch_nn_predict_args;

#define SCH_NN_OPS(X)              \
    X(nn_train, sch_nn_train_args) \
    X(nn_predict, sch_nn_predict_args)

typedef struct {
    SCH_NN_OPS(SCH_KERNEL)
    int64_t (*nn_train_scratch)(const sch_nn_train_args *); /* bytes, a function of sizes and options alone */
    int64_t (*nn_predict_scratch)(const sch_nn_predict_args *);
} sch_nn_ops;

#endif
