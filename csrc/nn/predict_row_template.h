/* nn/predict_row_template.h - outputs of a single row: registers run along the units, for a panel would be all but empty.
 * Sums go through the inputs in the same order as a tile's, so results are the same.
 * SPDX-License-Identifier: BSD-3-Clause */

/* out = bias + in times weight, for `count` registers of units. */
SCH_INLINE void T(row_units)(const int count, const sch_nn_layer *l, const real *in, int64_t first, real *out)
{
    vreal sum[4];
    const real *const bias = (const real *)l->bias + first, *weight = (const real *)l->weight + first;
#pragma GCC unroll 4
    for (int v = 0; v < count; ++v) sum[v] = T(vload)(bias + v * VL);
    for (int64_t k = 0; k < l->fan_in; ++k, weight += l->fan_out) {
        const vreal x = T(vset)(in[k]);
#pragma GCC unroll 4
        for (int v = 0; v < count; ++v) sum[v] += x * T(vload)(weight + v * VL);
    }
#pragma GCC unroll 4
    for (int v = 0; v < count; ++v) T(vstore)(out + first + v * VL, sum[v]);
}

/* spread: room for the input as a panel of equal rows, which layers of few units take. */
static void T(linear_row)(const sch_nn_layer *l, const real *in, real *spread, real *out)
{
    const int64_t units = l->fan_out;
    int64_t u = 0;
    if (units < VL) {
        for (int64_t k = 0; k < l->fan_in; ++k) T(vstore)(spread + k * PW, T(vset)(in[k]));
        for (; u < units; u += SCH_NN_ROWS) T(linear_tile)(l, NULL, spread, 1, u, sch_min(units, u + SCH_NN_ROWS), out);
        for (u = 0; u < units; ++u) out[u] = out[u * PW];
        return;
    }
    for (; u + 4 * VL <= units; u += 4 * VL) T(row_units)(4, l, in, u, out);
    for (; u + VL <= units; u += VL) T(row_units)(1, l, in, u, out);
    if (u < units) T(row_units)(1, l, in, units - VL, out); /* some of them once more */
}

enum { T(FEW_ROWS) = 4 };

/* Whether rows come one by one: with more of them a panel is better. */
static int T(by_row)(const sch_nn_predict_args *a)
{
    for (int64_t at = 0; at < a->network.n_layers; ++at)
        if (a->network.layers[at].norm != SCH_NN_NO_NORM) return 0;
    return a->x.storage == SCH_DENSE && a->out && !a->y && a->x.n <= T(FEW_ROWS);
}

/* Outputs of row i. x: memory for the network's input; from, to, spread: for the widest layer as a panel. */
static void T(predict_row)(const sch_nn_predict_args *a, int64_t i, real *x, real *from, real *to, real *spread)
{
    const sch_nn_network *net = &a->network;
    const int64_t outputs = net->layers[net->n_layers - 1].fan_out;
    const real *in = (const real *)a->x.data + i * a->x.row_stride;
    if (net->columns) {
        T(spread_row)(net, a->x.d, in, x);
        in = x;
    }
    for (int64_t at = 0; at < net->n_layers; ++at) {
        const sch_nn_layer *l = &net->layers[at];
        T(linear_row)(l, in, spread, to);
        if (at < net->n_layers - 1) T(activate)(l->activation, to, to, sch_round_up(l->fan_out, VL));
        in = to;
        to = from;
        from = (real *)in;
    }
    for (int64_t u = 0; u < outputs; ++u) /* as a panel of equal rows */
        for (int r = 0; r < PW; ++r) to[u * PW + r] = in[u];
    if (!a->raw) T(head_output)(net, outputs, 1, to);
    for (int64_t u = 0; u < outputs; ++u) ((real *)a->out)[i * outputs + u] = to[u * PW];
}
