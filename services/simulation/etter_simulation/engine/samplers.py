"""Section 7: exact samplers of counts. No normal approximation anywhere; each is tested against its mass function."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from etter_simulation.engine.compiled import compiled, inlined
from etter_simulation.engine.philox import Stream, uniform

Three: TypeAlias = tuple[int, int, int]

FEW = 16
"""Up to this many draws without replacement are made one by one; more are inverted from the mode."""
INVERSION_BELOW = 10.0
"""Mean below which a binomial is inverted from zero; above it, transformed rejection."""

_TABLE: npt.NDArray[np.float64] = np.array([math.lgamma(n + 1.0) for n in range(1024)])
_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)


@inlined
def _stirling_rest(n: float) -> float:
    """ln n! less Stirling's leading terms in n + 1 (the series from n = 10 on)."""
    if n < 10:
        return float(_TABLE[np.int64(n)]) - (_HALF_LOG_TWO_PI + (n + 0.5) * math.log(n + 1.0) - (n + 1.0))
    square = (n + 1.0) * (n + 1.0)
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - 1.0 / 1680 / square) / square) / square) / (n + 1.0)


@compiled
def _log_factorial(n: int) -> float:
    if n < 1024:
        return float(_TABLE[n])
    return _HALF_LOG_TWO_PI + (n + 0.5) * math.log(n + 1.0) - (n + 1.0) + _stirling_rest(np.float64(n))


@inlined
def _binomial_inversion(stream: Stream, n: int, p: float) -> int:
    odds = p / (1.0 - p)
    at_zero = math.exp(n * math.log1p(-p))
    while True:
        rest, mass, k = uniform(stream), at_zero, 0
        while rest > mass and k <= n:
            rest -= mass
            k += 1
            mass *= odds * (n - k + 1) / k
        if k <= n:  # beyond n only by rounding
            return k


@compiled
def _binomial_btrs(stream: Stream, n: int, p: float) -> int:
    """Transformed rejection with squeeze, BTRS (Hörmann, J. Stat. Comput. Simul. 46, 1993)."""
    spread = math.sqrt(n * p * (1.0 - p))
    b = 1.15 + 2.53 * spread
    a = -0.0873 + 0.0248 * b + 0.01 * p
    centre, squeeze = n * p + 0.5, 0.92 - 4.2 / b
    alpha, odds = (2.83 + 5.1 / b) * spread, p / (1.0 - p)
    mode = math.floor((n + 1) * p)
    while True:
        v, u = uniform(stream), uniform(stream) - 0.5
        us = 0.5 - abs(u)
        k = math.floor((2.0 * a / us + b) * u + centre)
        if us >= 0.07 and v <= squeeze:
            return int(k)
        if k < 0 or k > n:
            continue
        bound = (
            (mode + 0.5) * math.log((mode + 1.0) / (odds * (n - mode + 1.0)))
            + (n + 1.0) * math.log((n - mode + 1.0) / (n - k + 1.0))
            + (k + 0.5) * math.log(odds * (n - k + 1.0) / (k + 1.0))
            + _stirling_rest(mode) + _stirling_rest(n - mode) - _stirling_rest(k) - _stirling_rest(n - k)
        )  # fmt: skip
        if math.log(v * alpha / (a / (us * us) + b)) <= bound:
            return int(k)


@inlined
def binomial(stream: Stream, n: int, p: float) -> int:
    """How many of `n` independent events of probability `p` happen."""
    if n <= 0 or p <= 0.0:
        return 0
    if p >= 1.0:
        return n
    small = min(p, 1.0 - p)
    k = _binomial_inversion(stream, n, small) if n * small < INVERSION_BELOW else _binomial_btrs(stream, n, small)
    return k if p <= 0.5 else n - k


@compiled
def _hypergeometric_by_mode(stream: Stream, good: int, bad: int, draws: int) -> int:
    total = good + bad
    mode = math.floor((draws + 1.0) * (good + 1.0) / (total + 2.0))
    at_mode = math.exp(
        _log_factorial(good) - _log_factorial(mode) - _log_factorial(good - mode)
        + _log_factorial(bad) - _log_factorial(draws - mode) - _log_factorial(bad - draws + mode)
        - _log_factorial(total) + _log_factorial(draws) + _log_factorial(total - draws)
    )  # fmt: skip
    lowest, highest = max(0, draws - bad), min(good, draws)
    while True:
        rest = uniform(stream) - at_mode
        if rest <= 0.0:
            return mode
        low, high, below, above = mode, mode, at_mode, at_mode
        while low > lowest or high < highest:
            if high < highest:
                above *= (good - high) * np.float64(draws - high) / ((high + 1.0) * (bad - draws + high + 1.0))
                high += 1
                rest -= above
                if rest <= 0.0:
                    return high
            if low > lowest:
                below *= low * np.float64(bad - draws + low) / ((good - low + 1.0) * (draws - low + 1.0))
                low -= 1
                rest -= below
                if rest <= 0.0:
                    return low


@compiled
def hypergeometric(stream: Stream, good: int, bad: int, draws: int) -> int:
    """How many of `draws` drawn without replacement from `good` and `bad` are good; at most all are drawn."""
    total = good + bad
    if good <= 0 or draws <= 0:
        return 0
    if bad <= 0 or draws >= total:
        return min(good, draws)
    if draws > total - draws:
        return good - hypergeometric_few(stream, good, bad, total - draws)
    return hypergeometric_few(stream, good, bad, draws)


@compiled
def hypergeometric_few(stream: Stream, good: int, bad: int, draws: int) -> int:
    """`hypergeometric` for at most half of all: one by one if few, else from the mode."""
    if draws > FEW:
        return _hypergeometric_by_mode(stream, good, bad, draws)
    left, total = good, good + bad
    for drawn in range(draws):
        if uniform(stream) * (total - drawn) < left:
            left -= 1
    return good - left


@inlined
def leaving(stream: Stream, draws: int, a: int, b: int, c: int) -> Three:
    """How many of each of three groups are among `draws` drawn without replacement: multivariate hypergeometric."""
    if b + c == 0:
        return draws, 0, 0
    if draws > FEW:
        from_a = hypergeometric(stream, a, b + c, draws)
        from_b = hypergeometric(stream, b, c, draws - from_a)
        return from_a, from_b, draws - from_a - from_b
    left_a, left_b, total = a, b, a + b + c
    for drawn in range(draws):
        point = uniform(stream) * (total - drawn)
        if point < left_a:
            left_a -= 1
        elif point < left_a + left_b:
            left_b -= 1
    return a - left_a, b - left_b, draws - (a - left_a) - (b - left_b)


@inlined
def joining(stream: Stream, draws: int, a: int, b: int, c: int) -> Three:
    """`draws` drawn with replacement by the shares of three groups: multinomial. All in the first if all are empty."""
    total = a + b + c
    if b + c == 0:
        return draws, 0, 0
    if draws > FEW:
        in_a = binomial(stream, draws, a / total)
        in_b = binomial(stream, draws - in_a, b / (b + c))
        return in_a, in_b, draws - in_a - in_b
    in_a, in_b = 0, 0
    for _ in range(draws):
        point = uniform(stream) * total
        if point < a:
            in_a += 1
        elif point < a + b:
            in_b += 1
    return in_a, in_b, draws - in_a - in_b
