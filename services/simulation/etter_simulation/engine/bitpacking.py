"""Series of whole numbers in as few bits as they need, exactly: what chunks of a run store and send.

Of each series the least value is kept, and of every value how much more it is, in the bits that the greatest needs.
Where one series of a role follows from another (`sources_of`), only what is left over is kept: realised FTE follows
from heads, and takes none. Numbers lie in planes of 8, 4, 2 and 1 bits, which are written and read in vector registers.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np

from etter_simulation.engine.compiled import compiled, inlined
from etter_simulation.engine.outputs import NULL
from etter_simulation.engine.statistics import Floats, Ints, bounds

PLAIN, WITH_NULLS, LINE, DIFFERENCE = 0, 1, 2, 3
"""How a series is kept: as it is; with code 0 for `NULL`; as what it is off a line of another; off two others."""

LINES: Final = {
    "avg_unused_output_capacity": "avg_time_per_employee",
    "released_fte": "auto_time_automated",
    "realised_fte": "count",
    "heads": "employees",
    "payroll": "total_salary_of_employees",
    "attributed_released_fte": "released_fte",
    "attributed_licences": "licences",
}
"""Which metric is nearly a line of which; the other comes before it."""
DIFFERENCES: Final = {"unrealised_fte": ("released_fte", "realised_fte")}

FAR: Final = 1 << 61
"""Values beyond are kept as they are: their differences might not fit."""
NEAR: Final = 60
"""Bits of a line's source, at most."""
PLANES_AT_ONCE: Final = 1 << 20
"""Values that one thread packs at once."""

_HEADER = struct.Struct("<QQQ")


def sources_of(metrics: Sequence[str]) -> Ints:
    """By metric the places of its line's source and -1, of what it is the difference of, or -1 twice."""
    found = np.full((len(metrics), 2), -1, dtype=np.int64)
    for at, metric in enumerate(metrics):
        for place, source in enumerate(DIFFERENCES.get(metric) or (LINES.get(metric, ""),)):
            if source in metrics[:at]:
                found[at, place] = metrics.index(source)
    return found


@dataclass(frozen=True)
class Packed:
    """Series one after another; of each group of `len(sources)` some follow from others of the group."""

    iterations: int
    sources: Ints
    kinds: Any
    widths: Any
    """Bits of a value, by series."""
    bases: Ints
    slopes: Floats
    """Of those series that are off a line."""
    body: Any

    def to_bytes(self) -> bytes:
        return b"".join(self.buffers())

    def buffers(self) -> list[Any]:
        """What `to_bytes` puts together."""
        head = _HEADER.pack(len(self.kinds), len(self.slopes), len(self.body))
        return [head, self.kinds, self.widths, self.bases.astype("<i8"), self.slopes.astype("<f8"), self.body]

    @classmethod
    def read(cls, stored: memoryview, iterations: int, sources: Ints) -> tuple[Packed, memoryview]:
        """What `to_bytes` wrote, and what is behind it; `body` is used where it is, which is aligned to nothing."""
        series, lines, length = _HEADER.unpack_from(stored)
        at, found = _HEADER.size, []
        for kind, count in (("u1", series), ("u1", series), ("<i8", series), ("<f8", lines), ("u1", length)):
            found.append(np.frombuffer(stored, dtype=kind, count=count, offset=at))
            at += found[-1].nbytes
        kinds, widths, bases, slopes = (one.copy() for one in found[:-1])
        return cls(iterations, sources, kinds, widths, bases, slopes, found[-1]), stored[at:]

    @cached_property
    def _places(self) -> tuple[Ints, Ints]:
        """Where each series begins in `body`, and its slope in `slopes`."""
        planes = np.array([_size(self.iterations, width) for width in range(65)])
        starts, lines = planes[self.widths], self.kinds == LINE
        return np.cumsum(starts) - starts, np.cumsum(lines) - lines

    def read_into(self, rows: Ints, first_series: int, first_iteration: int) -> None:
        """Write series from `first_series` on (where a group begins), as many as `rows` has."""
        place = slice(first_series, first_series + len(rows))
        starts, lines = self._places
        _unpack(
            (self.body, starts[place]), (self.kinds[place], self.widths[place], self.bases[place]),
            (self.slopes, lines[place]), self.sources, rows[:, first_iteration : first_iteration + self.iterations],
        )  # fmt: skip


def packed(rows: Ints, sources: Ints, map_: Callable[..., Iterable[Any]] = map) -> Packed:
    """Series [series, iteration]; `map_` may be an executor's."""
    group = len(sources)
    size = max(1, PLANES_AT_ONCE // (group * rows.shape[1])) * group
    parts: list[Packed] = list(map_(lambda at: _packed(rows[at : at + size], sources), range(0, len(rows) or 1, size)))
    if len(parts) == 1:
        return parts[0]
    names = ("kinds", "widths", "bases", "slopes", "body")
    kinds, widths, bases, slopes, body = (np.concatenate([getattr(part, name) for part in parts]) for name in names)
    return Packed(rows.shape[1], sources, kinds, widths, bases, slopes, body)


def _packed(rows: Ints, sources: Ints) -> Packed:
    series, iterations = rows.shape
    kinds, widths = np.zeros(series, dtype=np.uint8), np.zeros(series, dtype=np.uint8)
    bases, slopes = np.zeros(series, dtype=np.int64), np.zeros(series)
    body = np.empty(series * (_size(iterations, 64) + 3), dtype=np.uint8)  # a plane may end within a byte
    length = _pack(rows, sources, (kinds, widths, bases, slopes), body) if rows.size else 0
    return Packed(iterations, sources, kinds, widths, bases, slopes[kinds == LINE], body[:length])


@inlined
def _bits_of(most: np.uint64) -> int:
    width = 0
    while most:
        most >>= np.uint64(1)
        width += 1
    return width


@inlined
def _on_line(value: int, base: int, slope: float) -> int:
    return int(np.int64(np.floor(np.float64(value - base) * slope + 0.5)))


@inlined
def _slope(one: Ints, other: Ints, low: int, high: int) -> float:
    """Of the line through where `one` is least and where it is greatest."""
    begin, end = 0, 0
    while one[begin] != low:
        begin += 1
    while one[end] != high:
        end += 1
    slope: float = np.float64(other[end] - other[begin]) / np.float64(high - low)
    return slope


@inlined
def _off_difference(row: Ints, one: Ints, other: Ints, off: Ints) -> None:
    for i in range(len(row)):
        off[i] = row[i] - (one[i] - other[i])


@compiled
def _pack(rows: Ints, sources: Ints, found: tuple[Any, Any, Ints, Floats], body: Any) -> int:
    """`found`: kinds, widths, bases and slopes, to be written; gives the length of `body`."""
    kinds, widths, bases, _ = found
    off, at, size = np.empty(rows.shape[1], dtype=np.int64), 0, rows.shape[1]
    for s in range(len(rows)):
        count, low, high = bounds(rows[s])
        kinds[s], bases[s] = WITH_NULLS if count < size else PLAIN, low
        widths[s] = _bits_of(np.uint64(high) - np.uint64(low) + np.uint64(count < size)) if count else 0
        kind = PLAIN
        if count == size and low > -FAR and high < FAR:
            kind = _lay_off(rows, s, sources, found, off)
        if kind == PLAIN or not _is_narrower(kind, s, found, off):
            _lay_codes(rows[s], low, kinds[s] == WITH_NULLS, off)
        _write(off, widths[s], body[at:])
        at += _size(size, widths[s])
    return at


@inlined
def _is_narrower(kind: int, s: int, found: tuple[Any, Any, Ints, Floats], off: Ints) -> bool:
    """Whether series `s` takes fewer bits as what it is `off` its source; if so, that is what it is kept as."""
    kinds, widths, bases, _ = found
    count, low, high = bounds(off)
    width = _bits_of(np.uint64(high) - np.uint64(low))
    is_narrower = count == len(off) and width < widths[s]  # a difference may be the number that says there is none
    if is_narrower:
        kinds[s], widths[s], bases[s] = kind, width, low
        for i in range(len(off)):
            off[i] -= low
    return bool(is_narrower)


@inlined
def _size(count: int, width: int) -> int:
    """Bytes of so many numbers of so many bits."""
    size = width // 8 * count
    for bits in (4, 2, 1):
        if width % 8 & bits:
            size += (count * bits + 7) // 8
    return size


@inlined
def _lay_off(rows: Ints, s: int, sources: Ints, found: tuple[Any, Any, Ints, Floats], off: Ints) -> int:
    """What series `s` is off its source or sources; `PLAIN` if it has none, or they say nothing about it."""
    group = s - s % len(sources)
    one, other = group + sources[s - group, 0], group + sources[s - group, 1]
    kind = PLAIN
    if other >= group:
        kind = DIFFERENCE
        _off_difference(rows[s], rows[one], rows[other], off)
    elif one >= group and found[0][one] == PLAIN and 0 < found[1][one] <= NEAR:
        kind = _off_line(rows[s], rows[one], found[2][one], found[3][s : s + 1], off)
    return kind


@inlined
def _off_line(row: Ints, one: Ints, base: int, slopes: Floats, off: Ints) -> int:
    _, low, high = bounds(one)
    slope = _slope(one, row, low, high)
    slopes[0] = slope
    is_near = abs(slope) * np.float64(high - low) < FAR
    for i in range(len(off) if is_near else 0):
        off[i] = row[i] - _on_line(one[i], base, slope)
    return LINE if is_near else PLAIN


@inlined
def _lay_codes(values: Ints, base: int, with_nulls: bool, codes: Ints) -> None:
    for i in range(len(codes)):
        codes[i] = values[i] - base
    for i in range(len(codes) if with_nulls else 0):
        codes[i] = codes[i] + 1 if values[i] != NULL else 0


@inlined
def _write(codes: Ints, width: int, body: Any) -> None:
    """In planes of 8, 4, 2 and 1 bits; where a byte has several codes, these are far apart: loops stay simple."""
    done, at = 0, 0
    while done < width:
        bits = _plane(width - done)
        size = (len(codes) * bits + 7) // 8
        plane, mask = body[at : at + size], (1 << bits) - 1
        for i in range(size):
            plane[i] = np.uint8((codes[i] >> done) & mask)
        for lane in range(1, 8 // bits):
            own = codes[lane * size : (lane + 1) * size]
            for i in range(len(own)):
                plane[i] |= np.uint8(((own[i] >> done) & mask) << (lane * bits))
        at, done = at + size, done + bits


@inlined
def _plane(left: int) -> int:
    return 8 if left >= 8 else 4 if left >= 4 else 2 if left >= 2 else 1


@inlined
def _read(body: Any, width: int, codes: Ints) -> None:
    done, at = 0, 0
    codes[:] = 0
    while done < width:
        bits = _plane(width - done)
        size = (len(codes) * bits + 7) // 8
        plane, mask = body[at : at + size], np.uint8((1 << bits) - 1)
        for lane in range(8 // bits):
            own, shift = codes[lane * size : (lane + 1) * size], np.uint8(lane * bits)
            for i in range(len(own)):
                own[i] |= np.int64((plane[i] >> shift) & mask) << done
        at, done = at + size, done + bits


@compiled
def _unpack(
    stored: tuple[Any, Ints], heads: tuple[Any, Any, Ints], lines: tuple[Floats, Ints], sources: Ints, rows: Ints
) -> None:
    (body, starts), (kinds, widths, bases), (slopes, slope_of) = stored, heads, lines
    for s in range(len(rows)):
        row, group = rows[s], s - s % len(sources)
        one, other = group + sources[s - group, 0], group + sources[s - group, 1]
        _read(body[starts[s] :], widths[s], row)
        if kinds[s] == WITH_NULLS:
            _add_known(row, bases[s])
            continue
        for i in range(len(row)):
            row[i] += bases[s]
        if kinds[s] == LINE:
            _add_line(row, rows[one], bases[one], slopes[slope_of[s]])
        elif kinds[s] == DIFFERENCE:
            _add_difference(row, rows[one], rows[other])


@inlined
def _add_known(row: Ints, base: int) -> None:
    for i in range(len(row)):
        row[i] = row[i] + base - 1 if row[i] != 0 else NULL


@inlined
def _add_line(row: Ints, one: Ints, base: int, slope: float) -> None:
    for i in range(len(row)):
        row[i] += _on_line(one[i], base, slope)


@inlined
def _add_difference(row: Ints, one: Ints, other: Ints) -> None:
    for i in range(len(row)):
        row[i] += one[i] - other[i]
