/* tree/bin_group_template.h - the values of a column in groups, by counting and without sorting.
 *
 * A group is the keys that share their first bits. It begins with BIN_TOP bits, and is divided by BIN_DIGIT more at a
 * time while it has more than an eighth of a bin's share of the weight, not counting that of single values which have a
 * share of their own, or while there are no more groups than bins. So what is left whole moves no cut by much, few values
 * are all told apart, and heavy values stand alone. Zero is a group of its own from the start. All this is a function of
 * the weight of each value: the order of rows is nothing to it, and copies of a row do what a weight does.
 * Include after tree/bin_key_template.h.
 * SPDX-License-Identifier: BSD-3-Clause */

enum {
    T(BIN_TOP) = REAL_BITS == 32 ? 14 : 16, /* the sign, the exponent and five or four more */
    T(BIN_CELLS) = 1 << T(BIN_TOP),
    T(BIN_ZERO_CELL) = T(BIN_CELLS) - 2, /* among the keys of NaN, which all are in the last */
    T(BIN_DIGIT) = 6,
    T(BIN_FAN) = 1 << T(BIN_DIGIT),
    T(BIN_PARTS) = 8, /* of a share, that a group may have */
    T(BIN_SLOTS) = T(BIN_PARTS) *SCH_MAX_BINS + 1, /* groups that may be divided at a time, and 0 for all others */
    T(BIN_PLACES) = T(BIN_SLOTS) *T(BIN_FAN),      /* more than cells */
    T(BIN_LEVELS) = (REAL_BITS - T(BIN_TOP)) / T(BIN_DIGIT),
    T(BIN_MOST) = T(BIN_CELLS) + T(BIN_LEVELS) *T(BIN_PLACES), /* groups there may be, however the values lie */
    T(BIN_BLOCK) = 1 << 16, /* elements between two asks whether to stop */
};

typedef struct {
    int64_t weight; /* in the end: together with all groups before */
    ubits first;    /* the lowest key it may hold */
    uint32_t free_bits : 8; /* and how many bits are open above that */
    uint32_t place : 24;    /* where it was counted, then its slot */
} T(bin_group);

typedef struct {
    const ubits *key;      /* (n) */
    const int64_t *weight; /* (n) or NULL: all 1 */
    int64_t n;
    int64_t zeros;         /* weight of zeros that are not stored */
    int64_t max_bins;
    const int64_t *cell;   /* (BIN_CELLS) weight by first bits, zeros apart */
} T(bin_values);

typedef struct {
    T(bin_group) *group, *spare; /* those there are, in ascending order; room for one more */
    int64_t n_groups;
    uint16_t *slot; /* (n) what the group of each value is divided as; 0: not at all */
    uint16_t *slot_at; /* (BIN_PLACES) slots by place */
    int64_t (*count)[T(BIN_FAN)]; /* (BIN_SLOTS) weight by slot and next digit */
} T(bin_groups);

SCH_INLINE ubits T(bin_open)(uint32_t free_bits) { return ((ubits)1 << free_bits) - 1; }

SCH_INLINE int64_t T(bin_cell)(ubits key)
{
    return key == BIN_SIGN ? T(BIN_ZERO_CELL) : (int64_t)(key >> (REAL_BITS - T(BIN_TOP)));
}

SCH_INLINE int64_t T(bin_digit)(ubits key, uint32_t free_bits) { return key >> free_bits & (T(BIN_FAN) - 1); }

/* Appends a group if it has any weight. Where it has none is chance: there is no branch. */
SCH_INLINE void T(bin_append)(T(bin_group) *out, int64_t *n, int64_t weight, ubits first, uint32_t free_bits,
                              uint32_t place)
{
    out[*n] = (T(bin_group)){weight, first, free_bits, place};
    *n += weight != 0;
}

/* Most cells of most columns are empty: they are skipped in rows. */
static void T(bin_first_groups)(const T(bin_values) *v, T(bin_groups) *g)
{
    const uint32_t free_bits = REAL_BITS - T(BIN_TOP);
    const int64_t zeros = v->cell[T(BIN_ZERO_CELL)] + v->zeros;
    g->n_groups = 0;
    for (int64_t row = 0; row < T(BIN_CELLS); row += T(BIN_FAN)) {
        int64_t any = 0;
        for (int64_t c = row; c < row + T(BIN_FAN); ++c) any |= v->cell[c];
        if (row == T(BIN_CELLS) / 2) T(bin_append)(g->group, &g->n_groups, zeros, BIN_SIGN, 0, T(BIN_ZERO_CELL));
        for (int64_t c = row; any && c < sch_min(row + T(BIN_FAN), T(BIN_ZERO_CELL)); ++c)
            T(bin_append)(g->group, &g->n_groups, v->cell[c], (ubits)c << free_bits, free_bits, (uint32_t)c);
    }
}

/* Gives slots, from 1 on, to the groups that are to be divided; returns how many there are. Only so many places were
 * used. */
static int64_t T(bin_choose)(const T(bin_values) *v, T(bin_groups) *g, uint32_t free_bits, int64_t total,
                             int64_t places)
{
    const int few = g->n_groups <= v->max_bins;
    int64_t chosen = 0, rest = total;
    for (int64_t i = 0; i < g->n_groups; ++i)
        if (!g->group[i].free_bits && g->group[i].weight * v->max_bins >= total) rest -= g->group[i].weight;
    memset(g->slot_at, 0, sizeof *g->slot_at * (size_t)places);
    for (int64_t i = 0; i < g->n_groups; ++i) {
        T(bin_group) *group = g->group + i;
        const int heavy = few || group->weight * v->max_bins * T(BIN_PARTS) > rest;
        const int64_t slot = heavy && group->free_bits == free_bits ? ++chosen : 0;
        if (slot) g->slot_at[group->place] = (uint16_t)slot;
        group->place = (uint32_t)slot;
    }
    return chosen;
}

/* Counts the next digit in each group that was chosen. The first time a value's place is its cell, later its slot and
 * last digit. 0: told to stop. */
SCH_INLINE int T(bin_count)(const int first_time, const int weighted, const T(bin_values) *v, T(bin_groups) *g,
                            uint32_t free_bits, const sch_control *control)
{
    const uint32_t after = free_bits - T(BIN_DIGIT);
    for (int64_t first = 0; first < v->n; first += T(BIN_BLOCK)) {
        if (sch_should_stop(control)) return 0;
        const int64_t stop = sch_min(first + T(BIN_BLOCK), v->n);
        for (int64_t i = first; i < stop; ++i) {
            const ubits key = v->key[i];
            const int64_t place =
                first_time ? T(bin_cell)(key) : g->slot[i] * T(BIN_FAN) + T(bin_digit)(key, free_bits);
            const uint16_t slot = g->slot_at[place];
            g->slot[i] = slot;
            g->count[slot][T(bin_digit)(key, after)] += weighted ? v->weight[i] : 1;
        }
    }
    return 1;
}

static void T(bin_divide)(T(bin_groups) *g, uint32_t free_bits)
{
    const uint32_t after = free_bits - T(BIN_DIGIT);
    T(bin_group) *out = g->spare;
    int64_t n = 0;
    for (int64_t i = 0; i < g->n_groups; ++i) {
        const T(bin_group) group = g->group[i];
        if (!group.place) {
            out[n++] = group;
            continue;
        }
        for (uint32_t digit = 0; digit < T(BIN_FAN); ++digit)
            T(bin_append)(out, &n, g->count[group.place][digit], group.first | (ubits)digit << after, after,
                          group.place * T(BIN_FAN) + digit);
    }
    g->spare = g->group, g->group = out, g->n_groups = n;
}

/* Where no key differs from another in the open bits, these are known. */
static void T(bin_close)(T(bin_groups) *g, ubits common)
{
    for (int64_t i = 0; i < g->n_groups; ++i)
        if (g->group[i].place) {
            g->group[i].first |= common & T(bin_open)(g->group[i].free_bits);
            g->group[i].free_bits = 0;
        }
}

/* Bits that differ between keys that are numbers, and one of these. */
static ubits T(bin_differing)(const T(bin_values) *v, ubits *one)
{
    ubits any = 0, all = ~(ubits)0;
    for (int64_t i = 0; i < v->n; ++i) {
        const ubits key = v->key[i], number = key != ~(ubits)0 ? ~(ubits)0 : 0;
        any |= key & number;
        all &= key | ~number;
    }
    *one = all;
    return any ^ all;
}

/* The groups, with cumulative weights. 0: told to stop. */
static int T(bin_group_values)(const T(bin_values) *v, T(bin_groups) *g, const sch_control *control)
{
    int64_t total = 0;
    int64_t chosen = 0;
    ubits differing = ~(ubits)0, common = 0;
    T(bin_first_groups)(v, g);
    for (int64_t i = 0; i < g->n_groups; ++i) total += g->group[i].weight;
    for (uint32_t free_bits = REAL_BITS - T(BIN_TOP); free_bits; free_bits -= T(BIN_DIGIT)) {
        const int first_time = free_bits == REAL_BITS - T(BIN_TOP);
        chosen = T(bin_choose)(v, g, free_bits, total, first_time ? T(BIN_CELLS) : (chosen + 1) * T(BIN_FAN));
        if (!chosen) break;
        if (free_bits == REAL_BITS - T(BIN_TOP) - T(BIN_DIGIT)) differing = T(bin_differing)(v, &common);
        if (!(differing & T(bin_open)(free_bits))) {
            T(bin_close)(g, common);
            break;
        }
        memset(g->count, 0, (size_t)(chosen + 1) * sizeof *g->count);
        const int done = first_time && v->weight ? T(bin_count)(1, 1, v, g, free_bits, control)
                         : first_time            ? T(bin_count)(1, 0, v, g, free_bits, control)
                         : v->weight             ? T(bin_count)(0, 1, v, g, free_bits, control)
                                                 : T(bin_count)(0, 0, v, g, free_bits, control);
        if (!done) return 0;
        T(bin_divide)(g, free_bits);
    }
    for (int64_t i = 1; i < g->n_groups; ++i) g->group[i].weight += g->group[i - 1].weight;
    return 1;
}

/* The same for so few values of weight 1 that each is heavy: they are sorted. The keys of NaN, at the end, are left out. */
static void T(bin_group_few)(const ubits *sorted, int64_t n, T(bin_groups) *g)
{
    g->n_groups = 0;
    for (int64_t i = 0; i < n && sorted[i] != ~(ubits)0; ++i) {
        if (!i || sorted[i] != sorted[i - 1]) g->group[g->n_groups++].first = sorted[i];
        g->group[g->n_groups - 1].weight = i + 1;
        g->group[g->n_groups - 1].free_bits = 0;
    }
}

#undef BIN_SIGN
