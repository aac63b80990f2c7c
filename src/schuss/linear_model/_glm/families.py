# SPDX-License-Identifier: BSD-3-Clause
"""Exponential families with their links: which loss they minimise, and what y may be."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit, xlogy

from schuss.losses import Loss, Target

Array = NDArray[Any]
Function = Callable[[Array], Array]

_LINKS: dict[str, tuple[Function, Function]] = {
    "identity": (lambda mu: mu, lambda eta: eta),
    "log": (np.log, np.exp),
    "logit": (logit, expit),
}


@dataclass(frozen=True, slots=True)
class Family:
    """A distribution of y about its mean, and the link of that mean to the linear predictor.

    The loss is half the unit deviance d(y, mu), but for a term in y alone, which `least`
    gives. Variances are ``dispersion * variance(mu)``.

    Attributes
    ----------
    name : str
    loss : Loss
    link : {"identity", "log", "logit"}
    parameter : float
        Power of Tweedie's variance, theta of the negative binomial one.
    low, high : float
        Bounds of y, which belong to them if ``closed``.
    closed : bool
    fixed_dispersion : bool
        Whether the dispersion is 1 by definition.
    """

    name: str
    loss: Loss
    link: str
    parameter: float = 0.0
    low: float = -np.inf
    high: float = np.inf
    closed: bool = True
    fixed_dispersion: bool = False

    @property
    def loss_name(self) -> str:
        """What scikit-learn calls the loss, for messages."""
        if self.name == "tweedie":
            known = {0.0: "HalfSquaredError", 1.0: "HalfPoissonLoss", 2.0: "HalfGammaLoss"}
            kind = "HalfTweedieLoss" if self.link == "log" else "HalfTweedieLossIdentity"
            return known.get(self.parameter, kind) if (self.link == "log") == (self.parameter > 0) else kind
        return {"binomial": "HalfBinomialLoss"}.get(self.name, "NegativeBinomial")

    @property
    def convex(self) -> bool:
        """Whether no row's loss has negative curvature."""
        match self.loss.name:
            case "tweedie":
                return 1.0 <= self.parameter <= 2.0
            case "tweedie_identity":
                return self.parameter == 1.0
        return self.loss.name != "inverse_gaussian"

    @property
    def ends_at_zero(self) -> bool:
        """Whether a target of zero draws its prediction to zero, beyond which there is none."""
        return self.loss.name == "tweedie_identity" and 1.0 <= self.parameter < 2.0

    def covers(self, y: Array) -> bool:
        """Whether all of y can come from this family."""
        if self.closed:
            return bool(((y >= self.low) & (y <= self.high)).all())
        return bool(((y > self.low) & (y < self.high)).all())

    def predictor(self, mean: Any) -> Any:
        """The linear predictor of a mean: the link function."""
        return _LINKS[self.link][0](mean)

    def mean(self, predictor: Any) -> Any:
        """The mean of a linear predictor, in its dtype: the inverse link."""
        return _LINKS[self.link][1](predictor)

    def variance(self, mean: Array) -> Array:
        """The variance of y for dispersion 1."""
        match self.name:
            case "binomial":
                return mean * (1.0 - mean)
            case "negative.binomial":
                return mean * (1.0 + self.parameter * mean)
        return np.asarray(np.ones_like(mean) if self.parameter == 0.0 else mean**self.parameter)

    def least(self, y: Array) -> Array:
        """Least loss of each row: that of a mean which is y itself."""
        y = y.astype(np.float64, copy=False)
        c = self.parameter
        match self.loss.name:
            case "poisson":
                return np.asarray(y - xlogy(y, y))
            case "gamma":
                return 1.0 + np.log(y)
            case "inverse_gaussian":
                return -0.5 / y
            case "binomial":
                return np.asarray(-xlogy(y, y) - xlogy(1.0 - y, 1.0 - y))
            case "negative_binomial":
                inverse = np.divide(1.0, c * y, out=np.zeros_like(y), where=y > 0)
                return y * np.log1p(inverse) + np.log1p(c * y) / c
            case "tweedie" | "tweedie_identity":
                return _least_tweedie(y, c)
        return np.zeros(len(y))


def _least_tweedie(y: Array, power: float) -> Array:
    if power == 1.0:
        return np.asarray(y - xlogy(y, y))
    if power == 2.0:
        return 1.0 + np.log(y)
    base = y if power == 0.0 else np.maximum(y, 0.0)  # a mean is positive for any other power
    return np.asarray(-(base ** (2.0 - power)) / ((1.0 - power) * (2.0 - power)))


def tweedie(power: float, link: str) -> Family:
    """The family whose variance is the mean to this power.

    Parameters
    ----------
    power : float
        0 normal, 1 Poisson, 2 gamma, 3 inverse Gaussian.
    link : {"auto", "identity", "log"}
        "auto" is "identity" up to power 0, else "log".
    """
    if link == "auto":
        link = "identity" if power <= 0 else "log"
    low = -np.inf if power <= 0 else 0.0
    return Family(
        "tweedie",
        _tweedie_loss(power, link),
        link,
        parameter=float(power),
        low=low,
        closed=power < 2,
        fixed_dispersion=power == 1,
    )


def _tweedie_loss(power: float, link: str) -> Loss:
    if link == "identity":
        if power == 0:
            return Loss("squared", Target.REAL)
        return Loss("tweedie_identity", Target.REAL, float(power))
    name = {1.0: "poisson", 2.0: "gamma", 3.0: "inverse_gaussian"}.get(float(power))
    return Loss("tweedie", Target.REAL, float(power)) if name is None else Loss(name, Target.REAL)


def binomial() -> Family:
    """Shares of successes between 0 and 1, with the logit link."""
    loss = Loss("binomial", Target.REAL)
    return Family("binomial", loss, "logit", low=0.0, high=1.0, fixed_dispersion=True)


def negative_binomial(theta: float) -> Family:
    """Counts with variance ``mu + theta * mu**2``, with the logarithmic link."""
    loss = Loss("negative_binomial", Target.REAL, float(theta))
    return Family("negative.binomial", loss, "log", parameter=float(theta), low=0.0, fixed_dispersion=True)


_POWERS = {"normal": 0.0, "gaussian": 0.0, "poisson": 1.0, "gamma": 2.0, "inverse.gaussian": 3.0}
_CANONICAL = {"normal": "identity", "gaussian": "identity"}
_NAME = re.compile(r"\s*([a-z.]+)\s*(?:\(\s*([^()\s]+)\s*\))?\s*")
_DEFAULTS = {"tweedie": 1.5, "negative.binomial": 1.0}
_EXPECTED = (
    "expected 'normal', 'poisson', 'gamma', 'inverse.gaussian', 'binomial', 'tweedie(power)' with a power that is not "
    "between 0 and 1, or 'negative.binomial(theta)' with a positive theta"
)


def family_of(name: str, link: str = "auto") -> Family:
    """The family of this name and link.

    Parameters
    ----------
    name : str
        'normal', 'poisson', 'gamma', 'inverse.gaussian', 'binomial', 'tweedie(power)' or
        'negative.binomial(theta)'.
    link : {"auto", "identity", "log", "logit"}
        "auto" is "identity" for the normal family, "logit" for binomial, else "log".

    Raises
    ------
    ValueError
        If there is no such family, or not with this link.
    """
    base, parameter = _parsed(name)
    known: tuple[str, ...]
    if base in _POWERS:
        link = _CANONICAL.get(base, "log") if link == "auto" else link
        known, family = ("identity", "log"), tweedie(_POWERS[base], link if link in ("identity", "log") else "log")
    elif base == "tweedie":
        known, family = ("auto", "identity", "log"), tweedie(parameter, "auto" if link == "logit" else link)
    elif base == "binomial":
        known, family = ("auto", "logit"), binomial()
    else:
        known, family = ("auto", "log"), negative_binomial(parameter)
    if link not in known:
        raise ValueError(f"link={link!r} does not go with family={name!r}, but these do: {', '.join(known)}.")
    return family


def _parsed(name: str) -> tuple[str, float]:
    match = _NAME.fullmatch(name)
    base = match[1] if match else ""
    known = base in _POWERS or base == "binomial" or base in _DEFAULTS
    if match is None or not known or (match[2] is not None and base not in _DEFAULTS):
        raise ValueError(f"family={name!r}: {_EXPECTED}.")
    try:
        parameter = _DEFAULTS.get(base, 0.0) if match[2] is None else float(match[2])
    except ValueError:
        raise ValueError(f"family={name!r}: {_EXPECTED}.") from None
    impossible = base == "tweedie" and 0.0 < parameter < 1.0
    if not np.isfinite(parameter) or impossible or (base == "negative.binomial" and parameter <= 0.0):
        raise ValueError(f"family={name!r}: {_EXPECTED}.")
    return base, parameter
