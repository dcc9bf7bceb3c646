"""Several readings as one: pages and tables are numbered through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Block, Note, Page, Parsed, Table
from etter_extraction.parsing.refusal import Refused


def joined(kind: str, parts: Sequence[tuple[str, Parsed]]) -> Parsed:
    """Readings with the name each goes by, as one document. Raises `Refused` past the limit of characters."""
    pages: list[Page] = []
    blocks: list[Block] = []
    tables: list[Table] = []
    notes: list[Note] = []
    posting: dict[str, Any] | None = None
    for name, part in parts:
        first_page, first_table = len(pages), len(tables)
        numbers = {page.number: first_page + place for place, page in enumerate(part.pages, start=1)}
        pages += [replace(page, number=numbers[page.number], label=_label(name, page.label)) for page in part.pages]
        blocks += [
            replace(one, page=numbers[one.page], table=one.table + first_table if one.table >= 0 else -1)
            for one in part.blocks
        ]
        tables += [replace(table, page=numbers[table.page]) for table in part.tables]
        notes += [replace(note, examples=[_label(name, one) for one in note.examples]) for note in part.notes]
        posting = posting or part.posting
    if sum(len(page.text) for page in pages) > limits.MAX_TEXT:
        raise Refused("too_much_text", f"more than {limits.MAX_TEXT} characters")
    return Parsed(kind, pages, blocks, tables, posting, notes)


def _label(name: str, label: str) -> str:
    return f"{name}: {label}" if name else label
