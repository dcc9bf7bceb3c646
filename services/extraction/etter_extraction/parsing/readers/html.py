"""HTML: what a person reads, with lists and tables, and the job posting that a page states as data."""

from __future__ import annotations

import re
from typing import Any, Final

from lxml import etree, html

from etter_extraction.parsing import limits
from etter_extraction.parsing.encoding import decode
from etter_extraction.parsing.parsed import Note, Parsed
from etter_extraction.parsing.readers.html_flow import grid_of, is_data_table, pieces_of
from etter_extraction.parsing.readers.html_posting import posting_of, write_posting
from etter_extraction.parsing.refusal import Refused
from etter_extraction.parsing.source import Source
from etter_extraction.parsing.writing import PageWriter, Piece

_DROPPED: Final = (
    "script", "style", "noscript", "template", "nav", "iframe", "object", "svg", "head", "form", "button", "select",
)  # fmt: skip
_HIDDEN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_HIDDEN_TAG: Final = "hidden"
_DECLARATION: Final = re.compile(r"\s*<\?xml[^<>]{0,200}\?>")


def read(path: Source, kind: str) -> Parsed:
    root = parse(decode(path.read_bytes()))
    posting = posting_of(root)
    hidden = _drop_unread(root)
    writer = PageWriter(1, "page")
    _write(writer, root)
    writers = [writer]
    if posting:
        writers.append(PageWriter(2, "structured data of the page", first_table=len(writer.tables)))
        write_posting(writers[1], posting)
    if not any(one.blocks for one in writers):
        raise Refused("empty", "the page has no text")
    if sum(one.size for one in writers) > limits.MAX_TEXT:
        raise Refused("too_much_text", f"more than {limits.MAX_TEXT} characters")
    notes = [Note("HIDDEN_TEXT_LEFT_OUT", "Text that the page hides was left out.", hidden)] if hidden else []
    return Parsed(
        kind, [one.page() for one in writers], [block for one in writers for block in one.blocks],
        [table for one in writers for table in one.tables], posting, notes,
    )  # fmt: skip


def parse(source: str) -> Any:
    """The root element of HTML text. Raises `Refused` where it cannot be read."""
    parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    declaration = _DECLARATION.match(source)
    try:
        root = html.document_fromstring(source[declaration.end() :] if declaration else source, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Refused("damaged", "the HTML cannot be read") from error
    if any(entry.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log):
        raise Refused("nested_too_deep", "elements of the page are nested more than 256 deep")
    return root


def _drop_unread(root: Any) -> int:
    """Take out what no person reads; the number of hidden elements that had text."""
    hidden = 0
    for node in root.iter(etree.Element):
        if node is not root and ("hidden" in node.attrib or _HIDDEN.search(node.get("style") or "")):
            hidden += bool("".join(node.itertext()).strip())
            node.tag = _HIDDEN_TAG
    etree.strip_elements(root, *_DROPPED, _HIDDEN_TAG, with_tail=False)  # all at once: one by one is quadratic
    return hidden


def _write(writer: PageWriter, root: Any) -> None:
    for part in pieces_of(root, tables=is_data_table):
        if isinstance(part, Piece):
            writer.add_piece(part)
        else:
            rows, copies = grid_of(part)
            if any(any(row) for row in rows):
                writer.add_grid(rows, copies)
