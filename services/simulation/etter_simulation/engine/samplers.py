"""Section 7: exact samplers of counts, each for many lanes (iterations) at once. No normal approximation anywhere.

Every loop runs over lanes and takes the same path for all of them, so it runs in vector registers. Lanes that need
another method are set apart, in neighbouring places. What a lane draws depends on its own numbers alone, never on its
neighbours. Each sampler is tested against its mass function.

Callers lay a draw on the named rows of `slips` and point the stream at its address.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from etter_simulation.engine.compiled import compiled, inlined, spliced
from etter_simulation.engine.elementary import exp, log, log1p
from etter_simulation.engine.philox import Lane, Stream, uniforms

FEW = 8.0
"""Up to this many draws of single people are made one by one; more by their distribution."""
INVERSION_BELOW = 10.0
"""Mean below which a binomial is inverted from zero; above it, transformed rejection."""
SECOND_DRAW = 1 << 16
"""The first block of the second of two binomials at one address; the first never needs as many."""
WIDTH = 8
"""Lanes set apart are filled up to a multiple of a vector register's width."""
TABLE = 16384
"""Numbers below this have their ln n! in a table."""

FIRST, SECOND, MASS, REST, ODDS, UP, DOWN, MODE, LEFT = 0, 1, 2, 3, 4, 5, 6, 7, 8
N, CHANCE, STAY = 9, 10, 11
"""How many, each with which probability, and the logarithm of what that leaves to 1 (not read above one half)."""
DRAWS, A, B, C = 12, 13, 14, 15
"""How many of three groups of which sizes."""
K, K_A, K_B, K_C = 16, 17, 18, 19
"""What was drawn."""
SLIPS = 20

_RECIPROCALS = np.array([0.0] + [1.0 / k for k in range(1, 129)])
_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)


class Sheet(NamedTuple):
    """Lanes side by side."""

    iterations: Stream
    slips: Any
    """[row, lane] float64"""
    index: Any
    """Where lanes that were set apart came from."""


class Draws(NamedTuple):
    """All that drawing needs. The sheets are for all lanes, for those set apart, and for those of these set apart."""

    stream: Stream
    table: Lane
    all: Sheet
    apart: Sheet
    tried: Sheet


@inlined
def _new_sheet(lanes: int) -> Sheet:
    return Sheet(np.zeros(lanes, dtype=np.uint64), np.zeros((SLIPS, lanes)), np.zeros(lanes, dtype=np.int64))


@compiled
def new_draws(stream: Stream, table: Lane, lanes: int) -> Draws:
    """For a stream with a seed."""
    room = (lanes + WIDTH - 1) // WIDTH * WIDTH
    return Draws(stream, table, _new_sheet(lanes), _new_sheet(room), _new_sheet(room))


@compiled
def log_factorial(n: float) -> float:
    """ln n! by Stirling's series ten further on; n up to 1e8."""
    product = 1.0
    for k in range(1, 11):
        product *= n + k
    m = n + 11.0
    square = m * m
    rest = (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / square) / square) / square) / square) / m
    return _HALF_LOG_TWO_PI + (n + 10.5) * log(m) - m + rest - log(product)


@compiled
def log_factorials() -> Lane:
    """The table."""
    found = np.empty(TABLE)
    for n in range(TABLE):
        found[n] = log_factorial(np.float64(n))
    return found


@inlined
def lay_chance(slips: Any, n: Lane, chance: Lane, same: bool) -> None:
    """Lay out a binomial; `same` says that all lanes have one probability."""
    if same:
        stay = log1p(-min(chance[0], 0.5))
        for i in range(len(n)):
            slips[N, i], slips[CHANCE, i], slips[STAY, i] = n[i], chance[i], stay
    else:
        for i in range(len(n)):
            slips[N, i], slips[CHANCE, i], slips[STAY, i] = n[i], chance[i], log1p(-min(chance[i], 0.5))


@compiled
def binomials(draws: Draws, sheet: Sheet, count: int, block: int) -> None:
    """`K`: how many of `N` independent events of probability `CHANCE` happen. Its blocks are those from `block` on."""
    few, many, likely = 0, 0, 0
    n, chance, k = sheet.slips[N], sheet.slips[CHANCE], sheet.slips[K]
    for i in range(count):
        mean = n[i] * min(chance[i], 1.0 - chance[i])
        few += (mean > 0.0) & (mean < INVERSION_BELOW)
        many += mean >= INVERSION_BELOW
        likely += chance[i] > 0.5
    if few:
        uniforms(draws.stream, sheet.iterations, count, block, sheet.slips[FIRST], sheet.slips[SECOND])
        if likely:
            _turn_stay(sheet.slips, count)
        _invert(sheet.slips, count)
    else:
        k[:] = 0.0
    if many:
        _reject(draws, sheet, count, block)
    if likely:
        for i in range(count):
            found, others = k[i], n[i] - k[i]
            k[i] = others if chance[i] > 0.5 else found


@spliced
def _turn_stay(slips: Any, count: int) -> None:
    """Where events are likelier than not, those that do not happen are drawn."""
    chance, stay = slips[CHANCE], slips[STAY]
    for i in range(count):
        none, some = stay[i], log(chance[i])
        stay[i] = none if chance[i] <= 0.5 else some


@compiled
def _invert(slips: Any, count: int) -> None:
    """Count up from zero. What rounding leaves over at the end, less than 1e-15 of all draws, gets the mean."""
    n, chance, stay, k = slips[N], slips[CHANCE], slips[STAY], slips[K]
    number, mass, rest, odds = slips[FIRST], slips[MASS], slips[REST], slips[ODDS]
    for i in range(count):
        small = min(chance[i], 1.0 - chance[i])
        at_zero = exp(n[i] * stay[i])
        mass[i] = at_zero if n[i] * small < INVERSION_BELOW else 2.0
        odds[i] = small / (1.0 - small)
        rest[i] = number[i]
        k[i] = 0.0
    at, going = 0, 1
    while going and at < 128:
        at += 1
        going = _one_more(np.float64(at), _RECIPROCALS[at], slips, count)
    if going:
        for i in range(count):
            k[i] = np.floor(n[i] * min(chance[i], 1.0 - chance[i])) if rest[i] > 0.0 else k[i]


@spliced
def _one_more(at: float, reciprocal: float, slips: Any, count: int) -> int:
    """Lanes whose number lies beyond the mass of all counts up to now go on; a rest of -1 is a lane that is done."""
    n, odds, mass, rest, k, going = slips[N], slips[ODDS], slips[MASS], slips[REST], slips[K], 0
    for i in range(count):
        left = rest[i] - mass[i]
        more = left > 0.0
        rest[i] = left if more else -1.0
        k[i] += np.float64(more)
        mass[i] *= odds[i] * ((n[i] + 1.0) - at) * reciprocal
        going += more
    return going


@compiled
def _reject(draws: Draws, sheet: Sheet, count: int, block: int) -> None:
    """Transformed rejection, BTRS (Hörmann, J. Stat. Comput. Simul. 46, 1993), again for those that are rejected.

    Its squeeze only saves work where lanes are drawn one by one.
    """
    tried, n, chance, many, small = draws.tried, sheet.slips[N], sheet.slips[CHANCE], 0, True
    for i in range(count):
        p = min(chance[i], 1.0 - chance[i])
        tried.index[many], tried.iterations[many] = i, sheet.iterations[i]
        tried.slips[N, many], tried.slips[CHANCE, many] = n[i], p
        is_one = n[i] * p >= INVERSION_BELOW
        small &= (n[i] < TABLE) | (not is_one)
        many += is_one  # a lane that is none is written over by the next
    while many:
        padded = fill_up(tried, many)
        uniforms(draws.stream, tried.iterations, padded, block, tried.slips[FIRST], tried.slips[SECOND])
        _transform(tried.slips, padded)
        if small:
            _weigh_by_table(tried.slips, draws.table, padded)
        else:
            _weigh_by_series(tried.slips, padded)
        many = _keep_rejected(tried, many, sheet.slips[K])
        block += 1


@inlined
def fill_up(sheet: Sheet, count: int) -> int:
    """Copies of the first lane up to a whole register."""
    padded = (count + WIDTH - 1) // WIDTH * WIDTH
    for j in range(count, padded):
        sheet.iterations[j] = sheet.iterations[0]
        for row in (N, CHANCE, DRAWS, A, B, C):
            sheet.slips[row, j] = sheet.slips[row, 0]
    return padded


@spliced
def _transform(slips: Any, count: int) -> None:
    """A proposal, and what the logarithm of its mass over the mode's must reach: infinity outside the support."""
    n, chance, v, u, k = slips[N], slips[CHANCE], slips[FIRST], slips[SECOND], slips[K]
    for i in range(count):
        spread = np.sqrt(n[i] * chance[i] * (1.0 - chance[i]))
        b = 1.15 + 2.53 * spread
        a = -0.0873 + 0.0248 * b + 0.01 * chance[i]
        centred = u[i] - 0.5
        us = 0.5 - abs(centred)
        found = np.floor((2.0 * a / us + b) * centred + (n[i] * chance[i] + 0.5))
        wanted = log(v[i] * (2.83 * b + 5.1) * spread * us * us / ((a + b * us * us) * b))
        inside = (found >= 0.0) & (found <= n[i])
        k[i] = found if inside else 0.0
        slips[REST, i] = wanted if inside else np.inf
        slips[MODE, i] = np.floor((n[i] + 1.0) * chance[i])
        slips[ODDS, i] = log(chance[i] / (1.0 - chance[i]))


@spliced
def _weigh_by_table(slips: Any, ln: Lane, count: int) -> None:
    n, k, mode, odds, mass = slips[N], slips[K], slips[MODE], slips[ODDS], slips[MASS]
    for i in range(count):
        whole, top, at = np.int64(n[i]), np.int64(mode[i]), np.int64(k[i])
        mass[i] = (ln[top] - ln[at]) + (ln[whole - top] - ln[whole - at]) + (k[i] - mode[i]) * odds[i]


@spliced
def _weigh_by_series(slips: Any, count: int) -> None:
    n, k, mode, odds, mass = slips[N], slips[K], slips[MODE], slips[ODDS], slips[MASS]
    for i in range(count):
        below = log_factorial(mode[i]) - log_factorial(k[i])
        above = log_factorial(n[i] - mode[i]) - log_factorial(n[i] - k[i])
        mass[i] = below + above + (k[i] - mode[i]) * odds[i]


@spliced
def _keep_rejected(tried: Sheet, count: int, found: Lane) -> int:
    """Hand out what was accepted; the others move together. What was not is handed out, too, until it is."""
    kept, slips = 0, tried.slips
    for j in range(count):
        found[tried.index[j]] = slips[K, j]
        tried.index[kept], tried.iterations[kept] = tried.index[j], tried.iterations[j]
        slips[N, kept], slips[CHANCE, kept] = slips[N, j], slips[CHANCE, j]
        kept += slips[REST, j] > slips[MASS, j]
    return kept
