"""Section 9: what iterations say together. Sums are whole numbers of 128 bits, so any grouping gives the same bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from etter_simulation.engine.compiled import compiled, inlined
from etter_simulation.engine.metrics import STATS
from etter_simulation.engine.outputs import NULL

Ints: TypeAlias = npt.NDArray[np.int64]
Words: TypeAlias = npt.NDArray[np.uint64]
Floats: TypeAlias = npt.NDArray[np.float64]

QUANTILES: Final = ((1, 20), (1, 2), (19, 20))

LARGEST: Final = np.iinfo(np.int64).max
HALF_BITS, HALF_MASK = 24, (1 << 24) - 1
COUNTED: Final = 64
"""As many different whole numbers are counted instead of sorted; or as many as there are iterations."""

_MASK = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_TOP = np.uint64(63)
_ONE, _ZERO = np.uint64(1), np.uint64(0)


@dataclass(frozen=True)
class Tally:
    """Sums of a set of iterations, per series. `total` and `squares` are [series, (high, low)] modulo 2**128."""

    n: Ints
    total: Words
    squares: Words
    low: Ints
    high: Ints

    def merged(self, other: Tally) -> Tally:
        """Of both sets together; order and grouping do not matter."""
        return Tally(
            self.n + other.n,
            _add_all(self.total, other.total),
            _add_all(self.squares, other.squares),
            np.minimum(self.low, other.low),
            np.maximum(self.high, other.high),
        )


@inlined
def _add(sums: Words, high: np.uint64, low: np.uint64) -> None:
    """sums += high * 2**64 + low, modulo 2**128."""
    before = sums[1]
    sums[1] = before + low
    sums[0] += high + (_ONE if sums[1] < before else _ZERO)


@inlined
def _add_product(sums: Words, a: np.uint64, b: np.uint64) -> None:
    """sums += a * b, modulo 2**128."""
    a_high, a_low, b_high, b_low = a >> _HALF, a & _MASK, b >> _HALF, b & _MASK
    _add(sums, a_high * b_high, a_low * b_low)
    for cross in (a_high * b_low, a_low * b_high):
        _add(sums, cross >> _HALF, cross << _HALF)


@compiled
def _add_all(one: Words, other: Words) -> Words:
    sums = one.copy()
    for at in range(len(sums)):
        _add(sums[at], other[at, 0], other[at, 1])
    return sums


@inlined
def _add_signed(sums: Words, value: int, shift: int) -> None:
    """sums += value * 2**shift, 0 < shift < 64, modulo 2**128."""
    word = np.uint64(value)
    _add(sums, np.uint64(value >> (64 - shift)), word << np.uint64(shift))


@inlined
def bounds(row: Ints) -> tuple[int, int, int]:
    """How many values there are, the least and the greatest."""
    count, low, high = 0, LARGEST, NULL
    for i in range(len(row)):
        value = row[i]
        there = value != NULL
        count += there
        low = min(low, value if there else LARGEST)
        high = max(high, value)
    return count, low, high


@inlined
def _add_small(row: Ints, total: Words, squares: Words) -> None:
    """Values of less than 48 bits, 2**14 at most: their halves' products are added up within 64 bits."""
    plain, upper, mixed, lower = 0, 0, 0, 0
    for i in range(len(row)):
        value = row[i]
        value = value if value != NULL else 0
        high, low = value >> HALF_BITS, value & HALF_MASK
        plain += value
        upper += high * high
        mixed += high * low
        lower += low * low
    _add(total, ~_ZERO if plain < 0 else _ZERO, np.uint64(plain))
    _add_signed(squares, upper, 2 * HALF_BITS)
    _add_signed(squares, mixed, HALF_BITS + 1)
    _add(squares, _ZERO, np.uint64(lower))


@inlined
def _add_large(row: Ints, total: Words, squares: Words) -> None:
    for i in range(len(row)):
        value = row[i]
        if value != NULL:
            word = np.uint64(value)
            _add(total, ~_ZERO if value < 0 else _ZERO, word)
            size = ~word + _ONE if value < 0 else word
            _add_product(squares, size, size)


@compiled
def _tally(rows: Ints, n: Ints, total: Words, squares: Words, low: Ints, high: Ints) -> None:
    few = rows.shape[1] <= 1 << 14
    for at in range(rows.shape[0]):
        n[at], low[at], high[at] = bounds(rows[at])
        if few and low[at] > -(1 << 47) and high[at] < 1 << 47:
            _add_small(rows[at], total[at], squares[at])
        else:
            _add_large(rows[at], total[at], squares[at])


def tally(rows: Ints) -> Tally:
    """Sums over the last axis of `rows` [series, iteration], leaving out `NULL`."""
    count = rows.shape[0]
    found = Tally(
        np.zeros(count, dtype=np.int64),
        np.zeros((count, 2), dtype=np.uint64),
        np.zeros((count, 2), dtype=np.uint64),
        np.full(count, LARGEST),
        np.full(count, NULL),
    )
    _tally(rows, found.n, found.total, found.squares, found.low, found.high)
    return found


@inlined
def _as_float(high: np.uint64, low: np.uint64) -> float:
    """A two's complement number of 128 bits, rounded."""
    if high >> _TOP:  # negative: of the size, or nearly all digits would cancel
        low = ~low + _ONE
        high = ~high + (_ONE if low == _ZERO else _ZERO)
        return -(np.float64(high) * 18446744073709551616.0 + np.float64(low))
    return np.float64(high) * 18446744073709551616.0 + np.float64(low)


@compiled
def _spread(n: int, centre: int, total: Words, squares: Words) -> float:
    """Sum of squared deviations from the mean. Taken about a whole number near the mean, nothing cancels."""
    about = squares.copy()
    rest = total.copy()
    sign = np.uint64(centre)
    size = ~sign + _ONE if centre < 0 else sign
    product = np.zeros(2, dtype=np.uint64)
    _add_product(product, np.uint64(n), size)
    if centre >= 0:
        product[0], product[1] = ~product[0], ~product[1]
        _add(product, _ZERO, _ONE)
    _add(rest, product[0], product[1])  # total - n * centre
    # squares - 2 * centre * total + n * centre**2  =  squares - centre * (total + rest)
    both = total.copy()
    _add(both, rest[0], rest[1])
    scaled = np.zeros(2, dtype=np.uint64)
    _add_product(scaled, both[1], size)
    scaled[0] += both[0] * size
    if centre >= 0:
        scaled[0], scaled[1] = ~scaled[0], ~scaled[1]
        _add(scaled, _ZERO, _ONE)
    _add(about, scaled[0], scaled[1])
    off = _as_float(rest[0], rest[1])
    return max(0.0, _as_float(about[0], about[1]) - off * off / n)


@compiled
def _moments(n: Ints, total: Words, squares: Words, scale: Floats, out: Floats) -> None:
    for at in range(len(n)):
        count = n[at]
        if count == 0:
            continue
        mean = _as_float(total[at, 0], total[at, 1]) / count
        out[at, 0] = mean / scale[at]
        spread = _spread(count, int(mean), total[at], squares[at])
        sd = np.sqrt(spread / (count - 1)) if count > 1 else 0.0
        out[at, 6] = sd / scale[at]
        out[at, 7] = sd / np.sqrt(count) / scale[at]


@inlined
def _apart(value: int, following: int) -> np.uint64:
    """How much more `following` is. Signed, it may not fit, and what overflows is not defined in compiled code."""
    return np.uint64(following) - np.uint64(value)


@inlined
def _between(value: int, following: int, part: int, below: int) -> float:
    """`part` / `below` of the way from one whole number to the next that there is."""
    return float(np.float64(value) + np.float64(_apart(value, following)) * (part / below))


@compiled
def _read_quantiles(ordered: Ints, places: Ints, n: Ints, scale: Floats, out: Floats) -> None:
    """Of series `places`, whose rows are `ordered`."""
    for row, at in enumerate(places):
        count, nulls = n[at], ordered.shape[1] - n[at]
        for place, (above, below) in enumerate(QUANTILES):
            whole = nulls + (count - 1) * above // below
            part = (count - 1) * above % below
            following = ordered[row, whole + 1] if part else ordered[row, whole]
            out[at, 3 + place] = _between(ordered[row, whole], following, part, below) / scale[at]


@inlined
def _counted_quantiles(row: Ints, low: int, tops: Ints, n: int, scale: float, out: Floats) -> None:
    """`tops`: for each number from `low` on, how many values are at most that."""
    tops[:] = 0
    for i in range(len(row)):
        if row[i] != NULL:
            tops[row[i] - low] += 1
    for at in range(1, len(tops)):
        tops[at] += tops[at - 1]
    at = 0
    for place, (above, below) in enumerate(QUANTILES):
        whole, part = (n - 1) * above // below, (n - 1) * above % below
        while tops[at] <= whole:
            at += 1
        following = at
        while part and tops[following] <= whole + 1:
            following += 1
        out[3 + place] = _between(low + at, low + following, part, below) / scale


@compiled
def _count_quantiles(rows: Ints, n: Ints, low: Ints, high: Ints, scale: Floats, out: Floats) -> Ints:
    """The quantiles of series with few different numbers; gives the places of the others."""
    others, many = np.empty(len(rows), dtype=np.int64), 0
    room = max(COUNTED, rows.shape[1])
    tops = np.empty(room, dtype=np.int64)
    for at in range(len(rows)):
        if n[at] == 0:
            continue
        if low[at] == high[at]:
            out[at, 3:6] = low[at] / scale[at]
        elif _apart(low[at], high[at]) < np.uint64(room):
            kept = np.int64(_apart(low[at], high[at])) + 1
            _counted_quantiles(rows[at], low[at], tops[:kept], n[at], scale[at], out[at])
        else:
            others[many] = at
            many += 1
    return others[:many]


def describe(rows: Ints, sums: Tally, scale: Floats) -> Floats:
    """[series, `STATS`] of `rows` [series, iteration] and their tally; NaN where no iteration has a value.

    Quantiles are exact, type 7 (Hyndman and Fan 1996). `scale` is what a unit is kept as.
    """
    out = spread(sums, scale)
    others = _count_quantiles(rows, sums.n, sums.low, sums.high, scale, out)
    ordered = rows[others]
    ordered.sort(axis=1)
    _read_quantiles(ordered, others, sums.n, scale, out)
    return out


def spread(sums: Tally, scale: Floats) -> Floats:
    """[series, `STATS`] of what a tally knows; quantiles are NaN, and so is all of a series that has no value."""
    out = np.full((len(sums.n), len(STATS)), np.nan)
    _moments(sums.n, sums.total, sums.squares, scale, out)
    known = sums.n > 0
    out[known, 1], out[known, 2] = sums.low[known] / scale[known], sums.high[known] / scale[known]
    return out


def quantile_or_never(values: Ints, above: int, below: int) -> float | None:
    """Type 7 quantile of months in which `NULL` means never and comes last; None if it reaches into never."""
    ordered = np.sort(np.where(values == NULL, np.iinfo(np.int64).max, values))
    whole, part = divmod((len(ordered) - 1) * above, below)
    needed = ordered[whole : whole + (2 if part else 1)]
    if (needed == np.iinfo(np.int64).max).any():
        return None
    return float(needed[0] + (needed[-1] - needed[0]) * part / below)
