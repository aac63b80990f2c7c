# SPDX-License-Identifier: BSD-3-Clause
"""Fully connected networks in long double: whole matrices, one formula after the other, gradients by the chain rule.

Batch normalisation as in Ioffe and Szegedy (2015), layer normalisation as in Ba, Kiros and Hinton (2016), focal loss
as in Lin et al. (2017), embeddings as in Guo and Berkhahn (2016); optimisers as in Kingma and Ba (2015), Dozat (2016),
Tieleman and Hinton (2012), Duchi, Hazan and Singer (2011), Chen et al. (2023).
"""

from dataclasses import dataclass, field, replace

import numpy as np

WIDE = np.longdouble
NORM_EPSILON = WIDE(1e-5)
MASK = (1 << 64) - 1


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


GELU = 2 * np.sqrt(2 / WIDE(np.pi))

ACTIVATIONS = {
    "identity": (lambda x: x, lambda x: np.ones_like(x)),
    "logistic": (sigmoid, lambda x: sigmoid(x) * sigmoid(-x)),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(WIDE)),
    "leaky_relu": (lambda x: np.where(x < 0, x / 100, x), lambda x: np.where(x < 0, WIDE(1) / 100, WIDE(1))),
    "elu": (lambda x: np.where(x < 0, np.expm1(x), x), lambda x: np.where(x < 0, np.exp(x), 1)),
    "gelu": (
        lambda x: x * sigmoid(GELU * (x + WIDE(0.044715) * x**3)),
        lambda x: _gelu_slope(x, sigmoid(GELU * (x + WIDE(0.044715) * x**3))),
    ),
    "silu": (lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * sigmoid(-x))),
}


def _gelu_slope(x, s):
    return s + x * s * (1 - s) * GELU * (1 + 3 * WIDE(0.044715) * x**2)


@dataclass
class Net:
    """Parameters and options of a network; lists have one array per layer, those of the norm one per hidden layer."""

    coefs: list
    intercepts: list
    activations: list
    dropout: list = field(default_factory=list)
    norm: str | None = None
    gains: list = field(default_factory=list)
    shifts: list = field(default_factory=list)
    means: list = field(default_factory=list)
    variances: list = field(default_factory=list)
    loss: str = "squared"
    loss_param: float = 0.0
    smoothing: float = 0.0
    focal: float = 0.0
    levels: list = field(default_factory=list)  # per column of x; 0: numbers
    tables: list = field(default_factory=list)  # per column of x; None: one-hot

    def learnt_tables(self):
        """Columns that have a table, and these."""
        return [(j, table) for j, table in enumerate(self.tables) if table is not None]

    def penalised(self):
        """Arrays that the penalty is on."""
        return [*(table for _, table in self.learnt_tables()), *self.coefs]

    def parameters(self):
        """All arrays that are trained."""
        return [*self.penalised(), *self.intercepts, *self.gains, *self.shifts]

    def widened(self):
        names = ("coefs", "intercepts", "gains", "shifts", "means", "variances")
        tables = [None if table is None else table.astype(WIDE) for table in self.tables]
        wide = {name: [a.astype(WIDE) for a in getattr(self, name)] for name in names}
        return replace(self, **wide, tables=tables)


# ---------------------------------------------------------------- losses


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _one_hot(y, n_classes):
    return (y[:, None] == np.arange(n_classes)).astype(WIDE)


def _softmax_loss(net, y, z):
    hot = _one_hot(y, z.shape[1])
    q = (1 - WIDE(net.smoothing)) * hot + WIDE(net.smoothing) / z.shape[1]
    p = softmax(z)
    if not net.focal:
        return -(q * np.log(p)).sum(axis=1), p - q
    right = (p * hot).sum(axis=1)
    value, outer = _focal(right, net.focal)
    return value, (outer * right)[:, None] * (hot - p)


def _focal(p, focal):
    """(1 - p)^focal * -log p and its derivative by p."""
    value = (1 - p) ** WIDE(focal) * -np.log(p)
    return value, focal * (1 - p) ** (WIDE(focal) - 1) * np.log(p) - (1 - p) ** WIDE(focal) / p


def _logistic_loss(net, y, z):
    p = sigmoid(z)
    if not net.focal:
        q = y + WIDE(net.smoothing) * (WIDE(0.5) - y)
        return np.sum(np.logaddexp(0, z) - q * z, axis=1), p - q
    side = 2 * y - 1
    value, outer = _focal(np.where(y > 0, p, 1 - p), net.focal)
    return value.sum(axis=1), outer * side * p * (1 - p)


def _residual_loss(net, y, z):
    r, c = z - y, WIDE(net.loss_param)
    size = np.abs(r)
    match net.loss:
        case "squared":
            value, slope = r**2 / 2, r
        case "absolute":
            value, slope = size, np.sign(r)
        case "huber":
            value, slope = np.where(size <= c, r**2 / 2, c * (size - c / 2)), np.clip(r, -c, c)
        case "quantile":
            value = np.where(r < 0, -c * r, (1 - c) * r)
            slope = np.where(r < 0, -c, np.where(r > 0, 1 - c, 0))
        case "poisson":
            entropy = y * np.log(np.where(y > 0, y, 1)) - y
            value, slope = np.exp(z) - y * z + entropy, np.exp(z) - y
        case "gamma":
            value, slope = z + y * np.exp(-z) - 1 - np.log(y), 1 - y * np.exp(-z)
    return value.sum(axis=1), slope


def head(net, y, z):
    """Loss of each row, and its derivative by the raw outputs."""
    if net.loss == "softmax":
        return _softmax_loss(net, y, z)
    return (_logistic_loss if net.loss == "logistic" else _residual_loss)(net, y, z)


# ---------------------------------------------------------------- random numbers


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def key_of(seed, stream):
    return mix(mix(seed) ^ stream) | 1


def squares(counter, key):
    x = y = counter * key & MASK
    z = (y + key) & MASK
    for add in (y, z, y):
        x = (x * x + add) & MASK
        x = (x >> 32 | x << 32) & MASK
    return (x * x + z & MASK) >> 32


def shuffled(n, seed, epoch):
    """Order in which an epoch visits the rows: Fisher and Yates."""
    order, key = list(range(n)), key_of(seed, epoch)
    for i in range(n - 1, 0, -1):
        j = squares(i, key) * (i + 1) >> 32
        order[i], order[j] = order[j], order[i]
    return np.array(order)


def dropout_mask(shape, share, seed, batch, layer):
    """Factors of the outputs of a batch's rows and a layer's units."""
    key = np.uint32(mix((key_of(seed, batch) + layer) & MASK) >> 32)
    rows, units = np.arange(shape[0], dtype=np.uint32), np.arange(shape[1], dtype=np.uint32)
    h = (key ^ (units * np.uint32(0x9E3779B9)))[None, :] + rows[:, None]
    h = (h ^ (h >> np.uint32(16))) * np.uint32(0x7FEB352D)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(0x846CA68B)
    h ^= h >> np.uint32(16)
    return np.where(h < np.uint32(int(share * 4294967295.0)), 0, 1 / (1 - WIDE(share)))


# ---------------------------------------------------------------- forward and backward


def places(net, x, j):
    """Rows of a column's table: whatever is no code has the last."""
    known = np.isin(x[:, j], np.arange(net.levels[j]))
    return np.where(known, x[:, j], net.levels[j]).astype(int)


def input_units(net, x):
    """What the first layer is given: a list of one array of units for each column."""
    units = []
    for j, levels in enumerate(net.levels):
        if levels == 0:
            units.append(x[:, j : j + 1].astype(WIDE))
        elif net.tables[j] is None:
            units.append(_one_hot(places(net, x, j), levels + 1))
        else:
            units.append(net.tables[j][places(net, x, j)].astype(WIDE))
    return units or [x.astype(WIDE)]


def table_gradients(net, x, delta):
    """Derivatives by the tables, from those by the input's units."""
    ends = np.cumsum([part.shape[1] for part in input_units(net, x)])
    result = []
    for j, table in net.learnt_tables():
        by = np.zeros(table.shape, WIDE)
        np.add.at(by, places(net, x, j), delta[:, ends[j] - table.shape[1] : ends[j]])
        result.append(by)
    return result


def normalised(net, at, z, training):
    """z with mean 0 and deviation 1 over rows or units, and the factor it was divided by."""
    if net.norm == "batch" and not training:
        mean, variance = net.means[at], net.variances[at]
    else:
        axis = 0 if net.norm == "batch" else 1
        mean, variance = z.mean(axis=axis, keepdims=True), z.var(axis=axis, keepdims=True)
    inverse = 1 / np.sqrt(variance + NORM_EPSILON)
    return (z - mean) * inverse, inverse


def forward(net, x, *, training=False, seed=0, batch=0):
    """Raw outputs, and what the way back needs of each hidden layer."""
    kept, value = [], np.hstack(input_units(net, x))
    for at, (coef, intercept) in enumerate(zip(net.coefs, net.intercepts, strict=True)):
        z = value @ coef + intercept
        if at == len(net.coefs) - 1:
            return z, kept, value
        hat, inverse = normalised(net, at, z, training) if net.norm else (z, None)
        u = hat * net.gains[at] + net.shifts[at] if net.norm else z
        mask = np.ones_like(u)
        if training and net.dropout:
            mask = dropout_mask(u.shape, net.dropout[at], seed, batch, at)
        kept.append((value, z, hat, inverse, u, mask))
        value = ACTIVATIONS[net.activations[at]][0](u) * mask
    raise ValueError("a network has a layer")


def gradient(net, x, y, weight, normaliser, *, seed=0, batch=0):
    """Weighted sum of losses / normaliser and its derivatives, one per array of `Net.parameters`."""
    z, kept, last_input = forward(net, x, training=True, seed=seed, batch=batch)
    value, slope = head(net, y, z)
    delta = slope * weight[:, None] / normaliser
    n_layers = len(net.coefs)
    by = {"coefs": [0] * n_layers, "intercepts": [0] * n_layers, "gains": [], "shifts": []}
    for at in range(n_layers - 1, -1, -1):
        value_in = last_input if at == n_layers - 1 else kept[at][0]
        by["coefs"][at], by["intercepts"][at] = value_in.T @ delta, delta.sum(axis=0)
        if at == 0:
            tables = table_gradients(net, x, delta @ net.coefs[0].T)
            break
        _, _, hat, inverse, u, mask = kept[at - 1]
        delta = (delta @ net.coefs[at].T) * mask * ACTIVATIONS[net.activations[at - 1]][1](u)
        if net.norm:
            by["gains"].insert(0, (delta * hat).sum(axis=0))
            by["shifts"].insert(0, delta.sum(axis=0))
            axis = 0 if net.norm == "batch" else 1
            d = delta * net.gains[at - 1]
            delta = inverse * (d - d.mean(axis=axis, keepdims=True) - hat * (d * hat).mean(axis=axis, keepdims=True))
    loss = (weight * value).sum() / normaliser
    return loss, [*tables, *by["coefs"], *by["intercepts"], *by["gains"], *by["shifts"]], kept


def follow_statistics(net, kept):
    """Running statistics of batch normalisation after a batch."""
    if net.norm == "batch":
        for at, (_, z, *_) in enumerate(kept):
            net.means[at] += (z.mean(axis=0) - net.means[at]) / 10
            net.variances[at] += (z.var(axis=0, ddof=1 if len(z) > 1 else 0) - net.variances[at]) / 10


# ---------------------------------------------------------------- optimisers


def step(solver, w, g, first, second, *, rate, t, momentum, beta_1, beta_2, epsilon, nesterov):
    """One parameter array after its t-th step, and its memory."""
    match solver:
        case "sgd":
            first = momentum * first - rate * g
            return w + (momentum * first - rate * g if nesterov else first), first, second
        case "adam" | "nadam":
            first = beta_1 * first + (1 - beta_1) * g
            second = beta_2 * second + (1 - beta_2) * g**2
            if solver == "adam":
                # scikit-learn's form, in which epsilon is not corrected
                corrected = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
                return w - corrected * first / (np.sqrt(second) + epsilon), first, second
            mean = beta_1 * first / (1 - beta_1 ** (t + 1)) + (1 - beta_1) * g / (1 - beta_1**t)
            return w - rate * mean / (np.sqrt(second / (1 - beta_2**t)) + epsilon), first, second
        case "rmsprop":
            second = beta_2 * second + (1 - beta_2) * g**2
            return w - rate * g / (np.sqrt(second) + epsilon), first, second
        case "adagrad":
            second = second + g**2
            return w - rate * g / (np.sqrt(second) + epsilon), first, second
        case "lion":
            w = w - rate * np.sign(beta_1 * first + (1 - beta_1) * g)
            return w, beta_2 * first + (1 - beta_2) * g, second
    raise ValueError(solver)


def nn_train(
    net, x, y, weight, *, order, batch_size, solver, rates, alpha=0.0, weight_decay=0.0, clip_norm=0.0, accumulate=1,
    average_decay=0.0, seed=0, batches=0, **memory,
):  # fmt: skip
    """One epoch on a copy of net; returns it, first and second moments, averages, loss and penalty."""
    net = net.widened()
    parameters = net.parameters()
    first, second = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    average = [p.copy() for p in parameters]
    n_weights, n = len(net.penalised()), len(x)
    loss_sum, penalty_sum = WIDE(0), WIDE(0)
    for steps, begin in enumerate(range(0, n, accumulate * batch_size)):
        group = order[begin : begin + accumulate * batch_size]
        total, by = weight[group].astype(WIDE).sum(), None
        for rows in np.split(group, range(batch_size, len(group), batch_size)):
            loss, parts, kept = gradient(
                net, x[rows], y[rows], weight[rows].astype(WIDE), total, seed=seed, batch=batches
            )
            follow_statistics(net, kept)
            batches += 1
            loss_sum += loss * len(group)
            by = parts if by is None else [a + b for a, b in zip(by, parts, strict=True)]
        penalty_sum += alpha / total * len(group) / 2 * sum((c**2).sum() for c in net.penalised())
        met = _met(net, x[group])
        for i in range(n_weights):
            by[i] = (by[i] + alpha / total * parameters[i]) * met[i]
        norm = np.sqrt(sum((g**2).sum() for g in by))
        if clip_norm and norm > clip_norm:
            by = [g * clip_norm / norm for g in by]
        for i, p in enumerate(parameters):
            start = p * (1 - rates[steps] * weight_decay) if i < n_weights else p
            after = step(solver, start, by[i], first[i], second[i], rate=WIDE(rates[steps]), t=steps + 1, **memory)
            for mine, new in zip((p, first[i], second[i]), after, strict=True):
                mine[...] = np.where(met[i], new, mine)
            average[i] += (1 - WIDE(average_decay)) * (p - average[i])
    return net, first, second, average, loss_sum, penalty_sum


def _met(net, x):
    """For each array of parameters, what of it takes part in a step on these rows: of tables the rows that are met."""
    tables = [np.isin(np.arange(len(t)), places(net, x, j))[:, None] for j, t in net.learnt_tables()]
    return [*tables, *(np.bool_(True) for _ in net.parameters()[len(tables) :])]


def nn_predict(net, x):
    """Probabilities or means of all rows."""
    z = forward(net.widened(), x)[0]
    match net.loss:
        case "softmax":
            return softmax(z)
        case "logistic":
            return sigmoid(z)
        case "poisson" | "gamma":
            return np.exp(z)
    return z
