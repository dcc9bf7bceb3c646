"""Section 9, beyond the deployment's limit of rows: how many iterations fell into which of fixed bins.

Bins are those of whole numbers with `BITS` leading bits: up to 2**11 each number has its own, above that a bin is
narrower than 1/1024 of the numbers in it. They are the same for every request and whatever the data, so counts are
added in any order to the same bytes. A quantile out of a sketch lies in the bin of the exact one.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import reduce
from typing import Final

import numpy as np
import zstandard

from etter_simulation.engine.chunk import Part, Span, in_order
from etter_simulation.engine.compiled import compiled, inlined
from etter_simulation.engine.outputs import NULL
from etter_simulation.engine.series import Block, Joined, Map, Table
from etter_simulation.engine.sketch_error import BITS
from etter_simulation.engine.statistics import LARGEST, QUANTILES, Floats, Ints, Tally, spread, tally

VALUES_AT_ONCE: Final = 1 << 18
"""That one thread sketches at once."""
COUNTED: Final = 1 << 10
SCARCE: Final = 8
"""Bins are counted in a table of at most so many places, or so many for each iteration; beyond, values are sorted."""

_LENGTHS: Final = struct.Struct("<QQ")
_TALLY: Final = tuple(field.name for field in fields(Tally))


@dataclass(frozen=True)
class Sketch:
    """Series by series the bins that are not empty, in order of their numbers: `sizes` says how many each has.

    A bin is named by the number in it that is nearest to 0. `sums` are exact.
    """

    sums: Tally
    sizes: Ints
    bins: Ints
    counts: Ints

    def describe(self, place: slice, scale: Floats) -> Floats:
        """[series, `STATS`] of some of the series, as `statistics.describe` does of rows."""
        own = Tally(*(getattr(self.sums, name)[place] for name in _TALLY))
        out = spread(own, scale)
        first = np.concatenate([[0], np.cumsum(self.sizes)])
        _read_quantiles(
            (own.n, own.low, own.high), first[place.start : place.stop + 1], self.bins, self.counts, scale, out
        )
        return out


@dataclass(frozen=True)
class SketchedPart:
    """A `chunk.Part` whose rows of roles are sketched; the company's are kept."""

    iterations: Span
    months: Span
    roles: Sketch
    company: Table

    def to_bytes(self, map_: Map = map) -> bytes:
        count, sketch = len(self.iterations), self.roles
        empty = np.empty((len(self.months), 0, count), dtype=np.int64)
        company = Part(self.iterations, self.months, Block(empty), self.company).to_bytes(map_)
        sums = [getattr(sketch.sums, name).reshape(-1) for name in _TALLY]
        arrays = [*sums, sketch.sizes, np.diff(sketch.bins, prepend=0), sketch.counts]
        packed = zstandard.ZstdCompressor(level=1).compress(b"".join(map(_by_byte, arrays)))
        return _LENGTHS.pack(len(company), len(sketch.sizes)) + company + packed

    @classmethod
    def from_bytes(cls, stored: bytes) -> SketchedPart:
        length, series = _LENGTHS.unpack_from(stored)
        company = Part.from_bytes(stored[_LENGTHS.size : _LENGTHS.size + length])
        body = zstandard.ZstdDecompressor().decompress(stored[_LENGTHS.size + length :])
        widths = {"total": 2, "squares": 2}
        found, at = [], 0
        for name in (*_TALLY, "sizes"):
            found.append(_from_bytes(body, at, series * widths.get(name, 1)))
            at += found[-1].nbytes
        filled = (len(body) - at) // 16
        bins, counts = np.cumsum(_from_bytes(body, at, filled)), _from_bytes(body, at + 8 * filled, filled)
        n, total, squares, low, high, sizes = found
        words = total.view(np.uint64).reshape(-1, 2), squares.view(np.uint64).reshape(-1, 2)
        sketch = Sketch(Tally(n, *words, low, high), sizes, bins, counts)
        return cls(company.iterations, company.months, sketch, company.company)


def sketched(part: Part, map_: Map = map) -> SketchedPart:
    """`map_` may be an executor's."""
    rows = part.roles.rows.reshape(-1, part.roles.rows.shape[-1])
    size = max(1, VALUES_AT_ONCE // rows.shape[1])
    found = list(map_(lambda at: _sketch(rows[at : at + size]), range(0, len(rows), size)))
    joined = [np.concatenate([getattr(one, name) for one in found]) for name in ("sizes", "bins", "counts")]
    sums = Tally(*(np.concatenate([getattr(one.sums, name) for one in found]) for name in _TALLY))
    return SketchedPart(part.iterations, part.months, Sketch(sums, *joined), part.company)


def _sketch(rows: Ints) -> Sketch:
    sums, sizes = tally(rows), np.zeros(len(rows), dtype=np.int64)
    bins, counts = np.empty(rows.size, dtype=np.int64), np.empty(rows.size, dtype=np.int64)
    filled = _count(rows, (sums.n, sums.low, sums.high), sizes, bins, counts)
    return Sketch(sums, sizes, bins[:filled].copy(), counts[:filled].copy())


def merge_sketched(parts: Sequence[SketchedPart]) -> SketchedPart:
    """Neighbouring ranges of the same months as one; their order does not matter."""
    ordered = in_order(parts)
    company = Joined([part.company for part in ordered])
    iterations = Span(ordered[0].iterations.first, ordered[-1].iterations.last)
    return SketchedPart(iterations, ordered[0].months, reduce(_merged, (part.roles for part in ordered)), company)


def _merged(one: Sketch, other: Sketch) -> Sketch:
    sizes = np.empty_like(one.sizes)
    room = len(one.bins) + len(other.bins)
    bins, counts = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    filled = _merge((one.sizes, one.bins, one.counts), (other.sizes, other.bins, other.counts), sizes, bins, counts)
    return Sketch(one.sums.merged(other.sums), sizes, bins[:filled], counts[:filled])


@compiled
def _merge(
    one: tuple[Ints, Ints, Ints], other: tuple[Ints, Ints, Ints], sizes: Ints, bins: Ints, counts: Ints
) -> int:  # fmt: skip
    """Series by series both sketches' bins in order; gives how many there are."""
    i, j, at = 0, 0, 0
    for s in range(len(sizes)):
        first, last_one, last_other = at, i + one[0][s], j + other[0][s]
        while i < last_one or j < last_other:
            name = min(one[1][i] if i < last_one else LARGEST, other[1][j] if j < last_other else LARGEST)
            bins[at], counts[at] = name, 0
            if i < last_one and one[1][i] == name:
                counts[at] += one[2][i]
                i += 1
            if j < last_other and other[1][j] == name:
                counts[at] += other[2][j]
                j += 1
            at += 1
        sizes[s] = at - first
    return at


@inlined
def width_of(size: int) -> int:
    """How many whole numbers share the bin of `size` >= 0."""
    width = 1
    while size >> (BITS + 1):
        size >>= 1
        width <<= 1
    return width


@inlined
def place_of(value: int) -> int:
    """How many bins lie between 0 and the value's, with its sign."""
    size, doublings = -value if value < 0 else value, 0
    for step in (32, 16, 8, 4, 2, 1):
        if size >> (BITS + step):
            size >>= step
            doublings += step
    place = size + (doublings << BITS)
    return -place if value < 0 else place


@inlined
def bin_at(place: int) -> int:
    """The name of the bin at a place."""
    away = -place if place < 0 else place
    doublings = max(0, (away >> BITS) - 1)
    size = (away - (doublings << BITS)) << doublings
    return -size if place < 0 else size


@inlined
def bin_of(value: int) -> int:
    return bin_at(place_of(value))


@compiled
def _count(rows: Ints, known: tuple[Ints, Ints, Ints], sizes: Ints, bins: Ints, counts: Ints) -> int:
    """Write the bins of every series one after another; gives how many there are. `known`: see `_read_quantiles`."""
    n, low, high = known
    at, room = 0, max(COUNTED, SCARCE * rows.shape[1])
    places, table = np.empty(rows.shape[1], dtype=np.int64), np.zeros(room, dtype=np.int64)
    for s in range(len(rows)):
        first, base, filled = at, place_of(low[s]), 0
        for value in rows[s] if n[s] else rows[s][:0]:
            if value != NULL:
                places[filled] = place_of(value)
                filled += 1
        reach = place_of(high[s]) - base + 1 if n[s] else 0
        if reach <= room:
            at = _count_near(places[:filled], base, table[:reach], (bins, counts), at)
        else:
            at = _count_sorted(np.sort(places[:filled]), (bins, counts), at)
        sizes[s] = at - first
    return at


@inlined
def _count_near(places: Ints, base: int, table: Ints, found: tuple[Ints, Ints], at: int) -> int:
    """`table` is empty, and is again."""
    bins, counts = found
    for place in places:
        table[place - base] += 1
    for away in range(len(table)):
        if table[away]:
            bins[at], counts[at] = bin_at(base + away), table[away]
            table[away] = 0
            at += 1
    return at


@inlined
def _count_sorted(places: Ints, found: tuple[Ints, Ints], at: int) -> int:
    bins, counts = found
    for i in range(len(places)):
        if i and places[i] == places[i - 1]:
            counts[at - 1] += 1
        else:
            bins[at], counts[at] = bin_at(places[i]), 1
            at += 1
    return at


@inlined
def _ordered(rank: int, bins: Ints, counts: Ints) -> float:
    """The value of a rank (0: the smallest), as if a bin's iterations were spread evenly over its numbers."""
    before, at = 0, 0
    while before + counts[at] <= rank:
        before += counts[at]
        at += 1
    nearest = bins[at]
    room = width_of(-nearest if nearest < 0 else nearest) - 1
    within = (rank - before + 0.5) / counts[at]
    away = room * (1.0 - within) if nearest < 0 else room * within
    value: float = np.float64(nearest) + (-away if nearest < 0 else away)
    return value


@compiled
def _read_quantiles(
    known: tuple[Ints, Ints, Ints], first: Ints, bins: Ints, counts: Ints, scale: Floats, out: Floats
) -> None:
    """`known` is how many iterations have a value, and the least and the greatest of these."""
    n, low, high = known
    for s in range(len(n)):
        if n[s] == 0:
            continue
        own, own_counts = bins[first[s] : first[s + 1]], counts[first[s] : first[s + 1]]
        for place, (above, below) in enumerate(QUANTILES):
            whole = (n[s] - 1) * above // below
            part = (n[s] - 1) * above - whole * below
            value = _ordered(whole, own, own_counts)
            if part:
                value += (_ordered(whole + 1, own, own_counts) - value) * (part / below)
            out[s, 3 + place] = min(max(value, low[s]), high[s]) / scale[s]


def _by_byte(array: Ints) -> bytes:
    """First bytes first: neighbouring numbers share their upper bytes, which then compress well."""
    return np.ascontiguousarray(array).astype("<i8", copy=False).view(np.uint8).reshape(-1, 8).T.tobytes()


def _from_bytes(body: bytes, at: int, count: int) -> Ints:
    planes = np.frombuffer(body, dtype=np.uint8, count=8 * count, offset=at).reshape(8, count)
    return np.ascontiguousarray(planes.T).view("<i8").reshape(-1)
