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


@compiled
def _tally(rows: Ints, n: Ints, total: Words, squares: Words, low: Ints, high: Ints) -> None:
    for at in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            value = rows[at, i]
            if value == NULL:
                continue
            n[at] += 1
            low[at] = min(low[at], value)
            high[at] = max(high[at], value)
            if value == 0:
                continue
            word = np.uint64(value)
            _add(total[at], ~_ZERO if value < 0 else _ZERO, word)
            size = ~word + _ONE if value < 0 else word
            if size <= _MASK:
                _add(squares[at], _ZERO, size * size)
            else:
                _add_product(squares[at], size, size)


def tally(rows: Ints) -> Tally:
    """Sums over the last axis of `rows` [series, iteration], leaving out `NULL`."""
    count = rows.shape[0]
    found = Tally(
        np.zeros(count, dtype=np.int64),
        np.zeros((count, 2), dtype=np.uint64),
        np.zeros((count, 2), dtype=np.uint64),
        np.full(count, np.iinfo(np.int64).max),
        np.full(count, np.iinfo(np.int64).min),
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


@compiled
def _read_quantiles(ordered: Ints, n: Ints, scale: Floats, out: Floats) -> None:
    for at in range(len(n)):
        count, nulls = n[at], ordered.shape[1] - n[at]
        if count == 0:
            continue
        for place, (above, below) in enumerate(QUANTILES):
            whole = (count - 1) * above // below
            part = (count - 1) * above - whole * below
            value = np.float64(ordered[at, nulls + whole])
            if part:
                value += (ordered[at, nulls + whole + 1] - ordered[at, nulls + whole]) * (part / below)
            out[at, 3 + place] = value / scale[at]


def describe(rows: Ints, sums: Tally, scale: Floats) -> Floats:
    """[series, `STATS`] of `rows` [series, iteration] and their tally; NaN where no iteration has a value.

    Quantiles are exact, type 7 (Hyndman and Fan 1996). `rows` is sorted in place. `scale` is what a unit is kept as.
    """
    out = spread(sums, scale)
    rows.sort(axis=1)
    _read_quantiles(rows, sums.n, scale, out)
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
