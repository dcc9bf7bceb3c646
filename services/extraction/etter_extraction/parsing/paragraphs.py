"""From the lines of a column to paragraphs, headings and list items. Pure, no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Final

from etter_extraction.parsing.layout import Line
from etter_extraction.parsing.parsed import BlockKind
from etter_extraction.parsing.writing import MARKER

HYPHENS: Final = "\ufffe\u00ad\x02"
_LONGEST_HEADING: Final = 14
_LETTERS: Final = re.compile(r"[^\W\d]{2}")
_LARGER: Final = 1.12
_OPEN_ENDS: Final = (",", " and", " or", " of", " the", " to", " with", " for", " in", " a", " an", " &", "-", "/")


@dataclass(slots=True)
class Paragraph:
    kind: BlockKind
    lines: list[Line]

    @property
    def text(self) -> str:
        """On one line; a word broken at a line's end is joined."""
        joined = ""
        for line in self.lines:
            text = line.text
            if joined and joined[-1] in HYPHENS:
                joined = joined[:-1] + text
            elif joined:
                joined += " " + text
            else:
                joined = text
        return joined.translate(dict.fromkeys(map(ord, HYPHENS)))


def paragraphs_of(lines: Sequence[Line], body_size: float) -> Iterator[Paragraph]:
    """Lines that belong together, in order."""
    if not lines:
        return
    right = max(line.right for line in lines)
    leading = _leading(lines)
    held = [lines[0]]
    for line in lines[1:]:
        if _goes_on(held, line, right, leading):
            held.append(line)
        else:
            yield _paragraph(held, body_size)
            held = [line]
    yield _paragraph(held, body_size)


def is_bullet(text: str) -> bool:
    return bool(MARKER.match(text))


def _leading(lines: Sequence[Line]) -> float:
    """The usual distance of two baselines."""
    steps = [upper.bottom - lower.bottom for upper, lower in pairwise(lines)]
    close = [step for step, line in zip(steps, lines, strict=False) if 0 < step < 2.2 * line.size]
    return median(close) if close else 1.2 * median(line.size for line in lines)


def _goes_on(held: Sequence[Line], line: Line, right: float, leading: float) -> bool:
    """Whether a line continues the paragraph above it."""
    last, text = held[-1], held[-1].text
    apart = last.bottom - line.bottom > max(1.45 * leading, 1.15 * leading + 1.5)
    if apart or is_bullet(line.text) or abs(line.size - last.size) > 0.6:
        return False
    if text[-1:] in HYPHENS:
        return True
    is_open = line.text[:1].islower() or text.endswith(_OPEN_ENDS)
    next_fits = right - last.right > line.words[0].right - line.words[0].left + 0.5 * line.size
    if line.bold != last.bold or _is_back(held, line) or next_fits:
        return is_open
    is_indented = line.left - held[0].left > 8 and not is_bullet(held[0].text)
    return not (is_indented and text.endswith((".", ":", ";")))


def _is_back(held: Sequence[Line], line: Line) -> bool:
    """Whether a line starts at the bullet's margin, left of the item's text."""
    first = held[0]
    if not is_bullet(first.text) or len(first.words) < 2:
        return False
    return line.left < first.words[1].left - 3 and line.left <= first.left + 1


def _paragraph(lines: list[Line], body_size: float) -> Paragraph:
    text = " ".join(line.text for line in lines)
    if is_bullet(text) and not _is_numbered_heading(lines, body_size):
        return Paragraph("item", lines)
    return Paragraph("heading" if _is_heading(lines, text, body_size) else "paragraph", lines)


def _is_heading(lines: Sequence[Line], text: str, body_size: float) -> bool:
    words = text.split()
    is_long = len(words) > _LONGEST_HEADING or len(lines) > 3
    if is_long or text.endswith((",", ";")) or not _LETTERS.search(text):
        return False
    if lines[0].size >= _LARGER * body_size:
        return True
    if all(line.bold for line in lines):
        return not text.endswith(".") or len(words) < 6
    return len(words) <= 9 and len(text) > 3 and text.isupper()


def _is_numbered_heading(lines: Sequence[Line], body_size: float) -> bool:
    first = lines[0].text
    return (
        len(lines) == 1
        and bool(re.match(r"\(?\d", first))
        and (lines[0].size >= _LARGER * body_size or (lines[0].bold and len(first.split()) < 9))
    )
