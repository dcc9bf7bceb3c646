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
from etter_simulation.engine.series import Block, Joined, Table
from etter_simulation.engine.sketch_error import BITS
from etter_simulation.engine.statistics import QUANTILES, Floats, Ints, Tally, spread

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

    def to_bytes(self) -> bytes:
        count, sketch = len(self.iterations), self.roles
        empty = np.empty((len(self.months), 0, count), dtype=np.int64)
        company = Part(self.iterations, self.months, Block(empty), self.company).to_bytes()
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


def sketched(part: Part) -> SketchedPart:
    rows = part.roles.rows.reshape(-1, part.roles.rows.shape[-1])
    sizes = np.zeros(len(rows), dtype=np.int64)
    bins, counts = np.empty(rows.size, dtype=np.int64), np.empty(rows.size, dtype=np.int64)
    filled = _count(rows, sizes, bins, counts)
    sketch = Sketch(part.roles.sums, sizes, bins[:filled].copy(), counts[:filled].copy())
    return SketchedPart(part.iterations, part.months, sketch, part.company)


def merge_sketched(parts: Sequence[SketchedPart]) -> SketchedPart:
    """Neighbouring ranges of the same months as one; their order does not matter."""
    ordered = in_order(parts)
    company = Joined([part.company for part in ordered])
    iterations = Span(ordered[0].iterations.first, ordered[-1].iterations.last)
    return SketchedPart(iterations, ordered[0].months, _merged([part.roles for part in ordered]), company)


def _merged(sketches: Sequence[Sketch]) -> Sketch:
    series = np.concatenate([np.repeat(np.arange(len(one.sizes)), one.sizes) for one in sketches])
    bins = np.concatenate([one.bins for one in sketches])
    counts = np.concatenate([one.counts for one in sketches])
    order = np.lexsort((bins, series))
    series, bins, counts = series[order], bins[order], counts[order]
    is_new = np.ones(len(bins), dtype=np.bool_)
    is_new[1:] = (series[1:] != series[:-1]) | (bins[1:] != bins[:-1])
    starts = np.flatnonzero(is_new)
    sizes = np.bincount(series[starts], minlength=len(sketches[0].sizes)).astype(np.int64)
    sums = reduce(Tally.merged, (one.sums for one in sketches))
    return Sketch(sums, sizes, bins[starts], np.add.reduceat(counts, starts) if len(starts) else counts)


@inlined
def width_of(size: int) -> int:
    """How many whole numbers share the bin of `size` >= 0."""
    width = 1
    while size >> (BITS + 1):
        size >>= 1
        width <<= 1
    return width


@inlined
def bin_of(value: int) -> int:
    size = -value if value < 0 else value
    size -= size % width_of(size)
    return -size if value < 0 else size


@compiled
def _count(rows: Ints, sizes: Ints, bins: Ints, counts: Ints) -> int:
    """Write the bins of every series one after another; gives how many there are."""
    at = -1
    own = np.empty(rows.shape[1], dtype=np.int64)
    for s in range(rows.shape[0]):
        n = 0
        for value in rows[s]:
            if value != NULL:
                own[n] = bin_of(value)
                n += 1
        ordered = np.sort(own[:n])
        for i in range(n):
            if i == 0 or ordered[i] != ordered[i - 1]:
                at += 1
                sizes[s] += 1
                bins[at], counts[at] = ordered[i], 0
            counts[at] += 1
    return at + 1


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
