"""HTML: what a person would read; scripts, styles and navigation are dropped, tables kept as cells too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lxml import etree, html

from etter_extraction.parsing import limits
from etter_extraction.parsing.detection import decode
from etter_extraction.parsing.parsed import Page, Parsed, Sheet, sheet_of
from etter_extraction.parsing.refusal import Refused

_DROPPED = ("script", "style", "noscript", "template", "nav", "iframe", "object", "svg", "head", "form", "button")
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figcaption", "figure", "footer", "h1",
    "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tr", "ul",
})  # fmt: skip
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def read(path: Path, kind: str) -> Parsed:
    source = decode(path.read_bytes())
    parser = html.HTMLParser(no_network=True, remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root: Any = html.document_fromstring(source, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise Refused("damaged", "the HTML cannot be read") from error
    etree.strip_elements(root, *_DROPPED, with_tail=False)  # all at once: one by one each copies the text before it
    text = _text(root)
    if not text.strip():
        raise Refused("empty", "the page has no text")
    if len(text) > limits.MAX_TEXT:
        raise Refused("too_many_pages", f"more than {limits.MAX_TEXT} characters")
    headings = [" ".join(node.text_content().split()) for node in root.iter(*_HEADINGS)]
    pages, sheets = [Page(1, "page", text)], list[Sheet]()
    for number, table in enumerate(root.iter("table"), start=1):
        rows = [[" ".join(c.text_content().split()) for c in row.iter("td", "th")] for row in table.iter("tr")]
        if any(len(row) > 1 for row in rows):
            page, sheet = sheet_of(f"table {number}", len(pages) + 1, rows)
            pages.append(page)
            sheets.append(sheet)
    return Parsed(kind=kind, pages=pages, sheets=sheets, headings=[h for h in headings if h])


def _text(root: Any) -> str:
    """Text with a line per block, by an explicit stack: nesting may be deeper than Python's."""
    parts: list[str] = []
    for event, node in etree.iterwalk(root, events=("start", "end")):
        block = node.tag in _BLOCKS
        if event == "start":
            if block:
                parts.append("\n")
            elif node.tag in ("td", "th"):
                parts.append("\t")
            parts.append(node.text or "")
        else:
            if block:
                parts.append("\n")
            parts.append(node.tail or "")
    lines = (" ".join(line.split()) for line in "".join(parts).split("\n"))
    return "\n".join(line for line in lines if line)
