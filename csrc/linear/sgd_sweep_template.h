/* linear/sgd_sweep_template.h - the sgd_sweep kernel: chooses the form, divides the scratch, checks the outcome.
 * Include after linear/sgd_single_template.h and linear/sgd_lanes_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

static int64_t T(lane_groups)(const sch_sgd_sweep_args *a)
{
    return a->n_out == 1 || a->loss == SCH_LOSS_SOFTMAX ? 1 : (a->n_out + LANES - 1) / LANES;
}

/* Scratch of one group of outputs, divided (or with arena->base == NULL only counted). */
static void T(sgd_layout)(const sch_sgd_sweep_args *a, sch_arena *arena, sch_visit *visit, T(single) *single,
                          T(lanes) *lanes, T(bundle) *bundle)
{
    *visit = sch_visit_layout(a->n_rows, &a->x, a->batch_size, arena);
    if (T(is_optimized)(a)) *bundle = T(bundle_layout)(a, arena);
    else if (a->n_out == 1) *single = T(single_layout)(a, arena);
    else *lanes = T(lanes_layout)(a, arena);
}

static int64_t T(sgd_group_bytes)(const sch_sgd_sweep_args *a)
{
    sch_arena arena = {0};
    sch_visit visit;
    T(single) single;
    T(lanes) lanes;
    T(bundle) bundle;
    T(sgd_layout)(a, &arena, &visit, &single, &lanes, &bundle);
    return arena.used;
}

static int64_t T(sgd_sweep_scratch)(const sch_sgd_sweep_args *a) { return T(lane_groups)(a) * T(sgd_group_bytes)(a); }

/* An output that has left the range of real can only be reported; the caller knows how to say it. */
static int T(all_finite)(const real *x, int64_t n)
{
    real sum = K(0.0);
    SCH_SIMD_SUM(sum)
    for (int64_t i = 0; i < n; ++i) sum += x[i] * K(0.0);
    return sum == K(0.0);
}

static void T(sgd_group)(void *context, int64_t group)
{
    sch_sgd_sweep_args *a = context;
    sch_arena arena = {.base = (char *)a->scratch + group * T(sgd_group_bytes)(a)};
    sch_visit visit;
    T(single) single;
    T(lanes) lanes;
    T(bundle) bundle;
    T(sgd_layout)(a, &arena, &visit, &single, &lanes, &bundle);
    sch_visit_begin(&visit, a->rows, a->shuffle, a->seed, a->epoch);
    if (T(is_optimized)(a)) {
        T(bundle_run)(a, &visit, &bundle, group);
        return;
    }
    if (a->n_out == 1) {
        T(single_run)(a, &visit, &single);
        return;
    }
    T(lanes_begin)(&lanes, a, group);
    T(lanes_sweep)(a, &visit, &lanes);
    T(lanes_settle)(&lanes, a->x.d);
    T(lanes_end)(&lanes, a);
}

static sch_status T(sgd_sweep)(sch_sgd_sweep_args *a)
{
    const int joint = a->loss == SCH_LOSS_SOFTMAX;
    if (joint ? a->n_out < 2 : (unsigned)a->loss >= SCH_N_SGD_LOSSES) return SCH_BAD_ARGUMENT;
    if ((unsigned)a->optimizer >= SCH_N_OPTIMIZERS) return SCH_BAD_ARGUMENT;
    if (T(is_optimized)(a) && T(is_passive_aggressive)(a->schedule)) return SCH_BAD_ARGUMENT;
    const int64_t groups = T(lane_groups)(a);
    const sch_control control = sch_serial_below(a->control, (double)a->n_rows * (double)(a->x.d * a->n_out), 1e5);
    const sch_status status = sch_par_for(&control, groups, T(sgd_group), a);
    if (status != SCH_OK) return status;
    const int64_t weights = a->n_out * a->x.d;
    int finite = T(all_finite)(a->coef, weights) && T(all_finite)(a->intercept, a->n_out);
    if (a->first) finite = finite && T(all_finite)(a->first, weights + a->n_out);
    if (a->second) finite = finite && T(all_finite)(a->second, weights + a->n_out);
    return finite ? SCH_OK : SCH_NONFINITE;
}
