"""From words with boxes to lines, columns and tables: the reading order of a printed page. Pure, no I/O.

A page is cut where white space runs down between two texts over several lines. Whether what stands left and right of
it are columns of prose or the cells of a table is decided by how the lines face each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from etter_extraction.parsing.writing import MARKER

DESCENT: Final = 0.2
"""How far a word's box goes below its baseline, of its size."""
_FEWEST_ROWS: Final = 3
_SAME_LINE: Final = 0.35
_BULLET_ABOVE: Final = 0.8
_WIDEST_CELL_WORDS: Final = 6


@dataclass(slots=True)  # a frozen one takes twice as long to make, and a page has hundreds
class Word:
    text: str
    left: float
    bottom: float
    right: float
    top: float
    size: float
    bold: bool = False

    @property
    def baseline(self) -> float:
        return self.bottom + DESCENT * self.size


@dataclass(slots=True)
class Line:
    """Words on one baseline, from left to right."""

    words: list[Word]
    left: float = 0.0
    bottom: float = 0.0
    right: float = 0.0
    top: float = 0.0

    def __post_init__(self) -> None:
        self.words.sort(key=lambda word: word.left)
        self.left, self.right = self.words[0].left, max(word.right for word in self.words)
        self.bottom, self.top = min(word.bottom for word in self.words), max(word.top for word in self.words)

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)

    @property
    def size(self) -> float:
        return median(word.size for word in self.words)

    @property
    def bold(self) -> bool:
        return all(word.bold for word in self.words if any(map(str.isalnum, word.text)))


@dataclass(slots=True)
class Grid:
    """A table: its rows of cells, each the lines that stand in it."""

    rows: list[list[list[Line]]]


@dataclass(slots=True)
class Column:
    """Lines that are read one after the other."""

    lines: list[Line] = field(default_factory=list)


def parts_of(words: Sequence[Word]) -> list[Column | Grid]:
    """The page's columns and tables in reading order."""
    if not words:
        return []
    gap = 1.6 * median(word.size for word in words)
    return list(_merged(_cut(lines_of(words), gap)))


def lines_of(words: Sequence[Word]) -> list[Line]:
    """Words grouped by baseline, from top to bottom."""
    rows: list[list[Word]] = []
    for word in sorted(words, key=lambda one: (-one.baseline, one.left)):
        if rows and _is_level(rows[-1], word):
            rows[-1].append(word)
        else:
            rows.append([word])
    return [Line(row) for row in rows]


def _is_level(row: Sequence[Word], word: Word) -> bool:
    """Whether a word stands on a row's baseline; a bullet of another font may hang a little above its text."""
    last = row[-1]
    room = _BULLET_ABOVE if len(row) == 1 and not any(map(str.isalnum, last.text)) else _SAME_LINE
    return last.baseline - word.baseline <= room * min(word.size, last.size)


def gaps_of(line: Line, width: float) -> list[tuple[float, float]]:
    """White space between words that is at least `width` wide."""
    found, reached = [], line.words[0].right
    for word in line.words[1:]:
        if word.left - reached >= width:
            found.append((reached, word.left))
        reached = max(reached, word.right)
    return found


def _cut(lines: list[Line], gap: float) -> Iterator[Column | Grid]:
    """What stands above the widest cut, its two sides, and what stands below it."""
    if not lines:
        return
    run = _longest_run(lines, gap)
    if run is None:
        yield Column(lines)
        return
    first, last, (left, right) = run
    middle = (left + right) / 2
    inside = lines[first:last]
    if is_table(inside, gap):
        heading = _heading_of(lines[:first], inside, gap)
        yield from _cut(lines[: first - heading], gap)
        yield _grid(lines[first - heading : first], inside, gap)
    else:
        yield from _cut(lines[:first], gap)
        words = [word for line in inside for word in line.words]
        yield from _cut(lines_of([word for word in words if word.left < middle]), gap)
        yield from _cut(lines_of([word for word in words if word.left >= middle]), gap)
    yield from _cut(lines[last:], gap)


def _longest_run(lines: list[Line], gap: float) -> tuple[int, int, tuple[float, float]] | None:
    """The rows (from, to) that share a strip of white space with text on both sides, most rows first."""
    best: tuple[int, int, tuple[float, float]] | None = None
    most = _FEWEST_ROWS - 1
    for first, line in enumerate(lines):
        for strip in gaps_of(line, gap):
            last, strip_, both = _grow(lines, first, strip, gap)
            if both > most:
                best, most = (first, last, strip_), both
    return best


def _grow(
    lines: list[Line], first: int, strip: tuple[float, float], gap: float
) -> tuple[int, tuple[float, float], int]:
    """How far down a strip of white space goes, how wide it is then, and how many rows have text on both sides."""
    (left, right), both, last, far = strip, 0, first, 0.0
    for position in range(first, len(lines)):
        line = lines[position]
        if position > first and lines[position - 1].bottom - line.top > 3.5 * gap:
            break
        narrowed = _narrowed(line, left, right, gap)
        if narrowed is None:
            break
        left, right = narrowed
        is_both = line.left < left + 1 and line.right > right - 1
        both += is_both
        far = line.right if is_both else far
        last = position + 1
    return last, (left, right), both


def _narrowed(line: Line, left: float, right: float, gap: float) -> tuple[float, float] | None:
    """The part of the strip that a line leaves white; `None` where it runs through it."""
    for word in line.words:
        if word.right <= left or word.left >= right:
            continue
        if word.left - left >= gap and word.left - left > right - word.right:
            right = word.left
        elif right - word.right >= gap:
            left = word.right
        else:
            return None
    return left, right


def is_table(lines: Sequence[Line], gap: float) -> bool:
    """Whether rows of cells stand here rather than columns of prose."""
    rows = [_segments(line, gap) for line in lines]
    facing = [row for row in rows if len(row) > 1]
    if len(facing) < _FEWEST_ROWS or len(facing) < 0.6 * len(rows):
        return False
    cells = [segment for row in facing for segment in row]
    bullets = sum(bool(MARKER.match(" ".join(w.text for w in cell))) for cell in cells)
    if bullets > len(cells) * 0.2:
        return False
    short = sum(len(cell) <= _WIDEST_CELL_WORDS for cell in cells)
    columns = median(len(row) for row in facing)
    if columns >= 3:
        return short >= 0.7 * len(cells)
    firsts = [len(row[0]) for row in facing]
    return median(firsts) <= 4 and short >= 0.8 * len(cells)


def _segments(line: Line, gap: float) -> list[list[Word]]:
    found = [[line.words[0]]]
    for word in line.words[1:]:
        if word.left - max(w.right for w in found[-1]) >= gap * 0.75:
            found.append([word])
        else:
            found[-1].append(word)
    return found


def _grid(heading: Sequence[Line], lines: Sequence[Line], gap: float) -> Grid:
    """Cells by the columns that most rows have."""
    rows = [_segments(line, gap) for line in lines]
    edges = _edges([segment for row in rows for segment in row])
    above = [_by_column(line, edges) for line in heading]
    return Grid([_cells(segments, edges) for segments in [*above, *rows]])


def _cells(segments: Sequence[list[Word]], edges: Sequence[tuple[float, float]]) -> list[list[Line]]:
    cells: list[list[Line]] = [[] for _ in edges]
    for segment in segments:
        line = Line(segment)
        cells[_column_of(line, edges)].append(line)
    return cells


def _heading_of(above: Sequence[Line], lines: Sequence[Line], gap: float) -> int:
    """How many rows right above belong to the table: words that start or end where its columns do.

    Headings are wider than what stands below them, so the white space between them may be too narrow for a cut.
    """
    edges = _edges([segment for line in lines for segment in _segments(line, gap)])
    count, lower = 0, lines[0]
    for line in reversed(above[-3:]):
        columns = _by_column(line, edges)
        aligned = sum(any(_faces(segment, edge) for edge in edges) for segment in columns)
        if lower.bottom > line.bottom or line.bottom - lower.top > 1.5 * gap or len(columns) < 2:
            break
        if aligned < max(2, len(columns) - 1):
            break
        count, lower = count + 1, line
    return count


def _faces(segment: Sequence[Word], edge: tuple[float, float]) -> bool:
    left, right = segment[0].left, segment[-1].right
    return min(abs(left - edge[0]), abs(right - edge[1]), abs(left + right - edge[0] - edge[1]) / 2) < 3


def _by_column(line: Line, edges: Sequence[tuple[float, float]]) -> list[list[Word]]:
    """A row's words by the column whose extent they are nearest to."""
    found: dict[int, list[Word]] = {}
    column = 0
    for word in line.words:
        starts = [number for number, edge in enumerate(edges) if abs(word.left - edge[0]) < 3]
        column = max(column, starts[0] if starts else _column_of(Line([word]), edges) if not found else column)
        found.setdefault(column, []).append(word)
    return list(found.values())


def _edges(segments: Sequence[list[Word]]) -> list[tuple[float, float]]:
    """The columns' extents: segments that overlap horizontally share one."""
    extents = sorted((segment[0].left, max(word.right for word in segment)) for segment in segments)
    narrow = sorted(extents, key=lambda extent: extent[1] - extent[0])
    columns: list[tuple[float, float]] = []
    for left, right in narrow:
        touched = [column for column in columns if left < column[1] and right > column[0]]
        if len(touched) > 1:
            continue  # spans several columns: a heading over them
        if touched:
            columns.remove(touched[0])
            left, right = min(left, touched[0][0]), max(right, touched[0][1])
        columns.append((left, right))
    return sorted(columns)


def _column_of(line: Line, edges: Sequence[tuple[float, float]]) -> int:
    overlaps = [min(line.right, right) - max(line.left, left) for left, right in edges]
    return overlaps.index(max(overlaps))


def _merged(parts: Iterator[Column | Grid]) -> Iterator[Column | Grid]:
    """Neighbouring columns of the same extent are one."""
    held: Column | None = None
    for part in parts:
        if isinstance(part, Grid):
            if held:
                yield held
            held = None
            yield part
        elif held and abs(held.lines[0].left - part.lines[0].left) < 2 and held.lines[-1].bottom > part.lines[0].bottom:
            held.lines += part.lines
        else:
            if held:
                yield held
            held = part
    if held:
        yield held
