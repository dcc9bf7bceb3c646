"""TXT and Markdown: paragraphs, headings, lists and Markdown tables. The encoding is found, never assumed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from etter_extraction.parsing import limits
from etter_extraction.parsing.encoding import decode
from etter_extraction.parsing.parsed import Parsed
from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Source
from etter_extraction.parsing.writing import MARKER, PageWriter, Piece

_HEADING: Final = re.compile(r"(#{1,6})\s(.*)")
_UNDERLINE: Final = re.compile(r"[=~-]{3,}")
_BOLD: Final = ("**", "__")
_RULE: Final = re.compile(r"[*_-]{3,}")
_TABLE_RULE: Final = re.compile(r":?-{2,}:?")
_MARKUP: Final = re.compile(r"\*\*|__|`|</?[a-zA-Z][^<>\n]{0,300}>")
_ENDS: Final = (".", ":", ";", "!", "?")
_LONGEST_HEADING: Final = 80
_WRAPPED_FROM: Final = 50  # a line this long may have been wrapped by an editor


def read(path: Source, kind: str) -> Parsed:
    text = decode(path.read_bytes()).replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise Refused("empty", "the file holds white space only")
    if len(text) > limits.MAX_TEXT:
        raise Refused("too_much_text", f"more than {limits.MAX_TEXT} characters")
    writer = PageWriter(1, "text")
    write_text(writer, text)
    return Parsed(kind, [writer.page()], writer.blocks, writer.tables)


def write_text(writer: PageWriter, text: str) -> None:
    """Append plain text, its paragraphs and lists found by the look of its lines."""
    lines = text.split("\n")
    width = max(len(line) for line in lines)
    position = 0
    while position < len(lines):
        position = _write(writer, lines, position, width)


def _write(writer: PageWriter, lines: Sequence[str], first: int, width: int) -> int:
    """Write what starts at a line; the number of the line after it."""
    line = lines[first].strip()
    if not line or _RULE.fullmatch(line):
        return first + 1
    if table := _table(lines, first):
        writer.add_grid([[[Piece(_plain(cell))] if cell else [] for cell in row] for row in table[1]])
        return table[0]
    last = first + 1
    under = lines[last].strip() if last < len(lines) else ""
    if _UNDERLINE.fullmatch(under) and not MARKER.match(line):
        writer.add_piece(Piece(line, "heading", 1 if under[0] == "=" else 2, 1.3, bold=True))
        return last + 1
    if piece := _heading(line):
        writer.add_piece(piece, written=line)
        return last
    while last < len(lines) and _goes_on(lines[last - 1], lines[last], width):
        last += 1
    written = "\n".join(part.strip() for part in lines[first:last])
    is_item = bool(MARKER.match(line))
    piece = Piece(_plain(written), "item" if is_item else "paragraph", _depth(lines[first]) if is_item else 0)
    if piece.text:
        writer.add_piece(piece, written=written)
    return last


def _heading(line: str) -> Piece | None:
    if match := _HEADING.fullmatch(line):
        level = len(match[1])
        return Piece(_plain(match[2].rstrip("# ")), "heading", level, max(1.0, 2.0 - 0.25 * level), bold=True)
    if len(line) > _LONGEST_HEADING or MARKER.match(line):
        return None
    if line.startswith(_BOLD) and line.removesuffix(":").endswith(_BOLD) and len(line) > 5:
        return Piece(_plain(line), "heading", 4, bold=True)
    is_title = line.endswith(":") and len(line.split()) <= 9
    if is_title or (line.isupper() and len(line) > 3 and len(line.split()) <= 9 and not line.endswith(".")):
        return Piece(line, "heading", 3)
    return None


def _goes_on(before: str, line: str, width: int) -> bool:
    """Whether a line continues the one before it: an indented or wrapped rest, never a new item or heading."""
    text, above = line.strip(), before.strip()
    if not text or MARKER.match(text) or "|" in text[:1] or _heading(text) or _RULE.fullmatch(text):
        return False
    if text[:1].islower() and not above.endswith(_ENDS):
        return True
    was_wrapped = len(above) >= max(_WRAPPED_FROM, 0.75 * min(width, 120)) and not above.endswith((":", ";"))
    return was_wrapped and (not above.endswith(".") or len(line) - len(line.lstrip()) > 0)


def _table(lines: Sequence[str], first: int) -> tuple[int, list[list[str]]] | None:
    """A Markdown table: the number of the line after it, and its rows."""
    if first + 1 >= len(lines) or "|" not in lines[first] or "|" not in lines[first + 1]:
        return None
    if not all(map(_TABLE_RULE.fullmatch, _cells(lines[first + 1]))):
        return None
    last = first + 2
    while last < len(lines) and "|" in lines[last]:
        last += 1
    return last, [list(_cells(line)) for position, line in enumerate(lines[first:last]) if position != 1]


def _cells(line: str) -> Iterator[str]:
    return (cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|"))


def _depth(line: str) -> int:
    return 1 + min((len(line) - len(line.lstrip().lstrip("\t"))) // 2, 8)


def _plain(text: str) -> str:
    return " ".join(_MARKUP.sub("", text).split())
