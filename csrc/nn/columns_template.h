/* nn/columns_template.h - columns of a table become units of a network: numbers as they are, categories one-hot or as their
 * rows of a table that is learnt (an embedding; Guo and Berkhahn 2016).
 * SPDX-License-Identifier: BSD-3-Clause */

/* The row of a category's table: whatever is none of its codes, NaN included, has the last. */
SCH_INLINE int64_t T(code_of)(const sch_nn_column *c, real value)
{
    const int64_t code = value >= K(0.0) && value < (real)c->levels ? (int64_t)value : c->levels;
    return (real)code == value ? code : c->levels;
}

static void T(spread_one_hot)(const sch_nn_column *c, int lanes, const real *value, real *units)
{
    real code[PW];
    for (int i = 0; i < lanes; ++i) code[i] = (real)T(code_of)(c, value[i]);
    for (int64_t k = 0; k <= c->levels; ++k) {
        SCH_SIMD
        for (int i = 0; i < lanes; ++i) units[k * PW + i] = code[i] == (real)k ? K(1.0) : K(0.0);
    }
}

/* Rows shorter than a register are not worth turning by registers. */
static void T(spread_table)(const sch_nn_column *c, int lanes, const real *value, real *units)
{
    if (c->width < VL) {
        for (int i = 0; i < lanes; ++i) {
            const real *const row = (const real *)c->table + T(code_of)(c, value[i]) * c->width;
            for (int64_t k = 0; k < c->width; ++k) units[k * PW + i] = row[k];
        }
        return;
    }
    for (int v = 0; v < lanes; v += VL) {
        const real *row[VL];
        for (int i = 0; i < VL; ++i) row[i] = (const real *)c->table + T(code_of)(c, value[v + i]) * c->width;
        T(transpose_rows)(row, c->width, units + v, PW);
    }
}

/* Some lanes, VL or PW, of one panel: (d, PW) values to (units, PW). */
static void T(spread_columns)(const sch_nn_network *net, int64_t d, int lanes, const real *value, real *units)
{
    for (int64_t j = 0; j < d; ++j, value += PW) {
        const sch_nn_column *c = &net->columns[j];
        if (c->levels == 0) memcpy(units, value, (size_t)lanes * sizeof(real));
        else if (c->table) T(spread_table)(c, lanes, value, units);
        else T(spread_one_hot)(c, lanes, value, units);
        units += c->width * PW;
    }
}

/* The same of a single row, (d) values to (units). */
static void T(spread_row)(const sch_nn_network *net, int64_t d, const real *value, real *units)
{
    for (int64_t j = 0; j < d; ++j) {
        const sch_nn_column *c = &net->columns[j];
        const size_t size = (size_t)c->width * sizeof(real);
        if (c->levels == 0) {
            units[0] = value[j];
        } else if (c->table) {
            memcpy(units, (const real *)c->table + T(code_of)(c, value[j]) * c->width, size);
        } else {
            memset(units, 0, size);
            units[T(code_of)(c, value[j])] = K(1.0);
        }
        units += c->width;
    }
}
