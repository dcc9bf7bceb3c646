"""Quantile functions of the distributions of section 10: from points in (0, 1) to values of a parameter."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from etter_simulation.engine.distributions import Beta, Distribution, Lognormal, Normal, Triangular, Uniform
from etter_simulation.engine.statistics import Floats


def quantiles(distribution: Distribution, at: Floats) -> Floats:
    """Values within the distribution's bounds, whatever rounding does."""
    return np.clip(_quantiles(distribution, at), distribution.low, distribution.high)


def _quantiles(distribution: Distribution, at: Floats) -> Floats:
    if isinstance(distribution, Uniform):
        low, high = distribution.uniform
        return low + at * (high - low)
    if isinstance(distribution, Triangular):
        return _triangular(*distribution.triangular, at)
    if isinstance(distribution, Normal):
        mean, sd, low, high = distribution.normal
        return mean + sd * _truncated((low - mean) / sd, (high - mean) / sd, at)
    if isinstance(distribution, Beta):
        a, b, low, high = distribution.beta
        return low + (high - low) * np.asarray(special.betaincinv(a, b, at))
    return _lognormal(distribution, at)


def _triangular(low: float, mode: float, high: float, at: Floats) -> Floats:
    width = high - low
    rising = low + np.sqrt(at * width * (mode - low))
    falling = high - np.sqrt((1 - at) * width * (high - mode))
    return np.where(at * width < mode - low, rising, falling)


def _lognormal(distribution: Lognormal, at: Floats) -> Floats:
    median, sd, low, high = distribution.lognormal
    below = (math.log(low / median) / sd) if low > 0 else -math.inf
    return median * np.exp(sd * _truncated(below, math.log(high / median) / sd, at))


def _truncated(low: float, high: float, at: Floats) -> Floats:
    """The standard normal between `low` <= 0 and `high` >= 0."""
    below, above = special.ndtr(low), special.ndtr(high)
    return np.asarray(special.ndtri(below + at * (above - below)))
