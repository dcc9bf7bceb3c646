"""DOCX: paragraphs and tables in reading order, headings as marked, and the text that stands beside the body."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docx import Document
from docx.oxml.ns import qn
from lxml import etree

from etter_extraction.parsing import limits
from etter_extraction.parsing.parsed import Page, Parsed, Sheet, sheet_of
from etter_extraction.parsing.refusal import Refused

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LONGEST_HEADING = 80
_BESIDE = ("word/header", "word/footer", "word/footnotes", "word/endnotes", "word/comments")


def read(path: Path, kind: str) -> Parsed:
    _no_doctype(path)
    lines, headings, tables = _body(Document(str(path)).element.body)
    text = "\n".join(lines)
    beside = "\n".join(part for part in _beside(path) if part.strip())
    if len(text) + len(beside) > limits.MAX_TEXT:
        raise Refused("too_many_pages", f"more than {limits.MAX_TEXT} characters")
    if not (text.strip() or beside.strip()):
        raise Refused("empty", "the document has no text")
    pages = [Page(1, "body", text)]
    if beside.strip():
        pages.append(Page(2, "headers, footers and notes", beside))
    sheets: list[Sheet] = []
    for number, rows in enumerate(tables, start=1):
        page, sheet = sheet_of(f"table {number}", len(pages) + 1, rows)
        pages.append(page)
        sheets.append(sheet)
    return Parsed(kind=kind, pages=pages, sheets=sheets, headings=headings)


def _body(body: Any) -> tuple[list[str], list[str], list[list[list[str]]]]:
    """Lines, headings and tables of the body, in reading order."""
    lines: list[str] = []
    headings: list[str] = []
    tables: list[list[list[str]]] = []
    for block in body.iterchildren():
        if block.tag == qn("w:tbl"):
            rows = [[_text(cell) for cell in row.iter(qn("w:tc"))] for row in block.iter(qn("w:tr"))]
            tables.append(rows)
            lines += ["\t".join(dict.fromkeys(row)) for row in rows]
            continue
        for paragraph in block.iter(qn("w:p")):
            text = _text(paragraph)
            lines.append(text)
            if text.strip() and _is_heading(paragraph):
                headings.append(text.strip())
    return lines, headings, tables


def _text(element: Any) -> str:
    """All text below an element, text boxes included once; tabs and breaks as white space."""
    parts: list[str] = []
    for node in element.iter():
        if node.tag == f"{_W}t" and not _in_fallback(node):
            parts.append(node.text or "")
        elif node.tag in (f"{_W}tab",):
            parts.append(" ")
        elif node.tag in (f"{_W}br", f"{_W}cr") or (
            node.tag == f"{_W}p" and node is not element and parts and not parts[-1].endswith("\n")
        ):
            parts.append("\n")
    return "".join(parts).strip()


def _in_fallback(node: Any) -> bool:
    """Word stores a text box twice; the second copy is for old programs."""
    return any(parent.tag.endswith("}Fallback") for parent in node.iterancestors())


def _is_heading(paragraph: Any) -> bool:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    name = (style.get(f"{_W}val") or "").lower() if style is not None else ""
    if name.startswith(("heading", "title", "berschrift")):
        return True
    runs = [run for run in paragraph.iter(f"{_W}r") if "".join(t.text or "" for t in run.iter(f"{_W}t")).strip()]
    bold = bool(runs) and all(run.find(f"{_W}rPr/{_W}b") is not None for run in runs)
    return bold and len(_text(paragraph)) < _LONGEST_HEADING


def _beside(path: Path) -> Iterator[str]:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    with zipfile.ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.startswith(_BESIDE) and name.endswith(".xml"):
                root = etree.fromstring(archive.read(name), parser)
                yield "\n".join(_text(paragraph) for paragraph in root.iter(f"{_W}p"))


def _no_doctype(path: Path) -> None:
    """No part of an Office file has a document type; one that has wants to include or expand something."""
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if name.endswith((".xml", ".rels")):
                with archive.open(name) as part:
                    if b"<!DOCTYPE" in part.read(4096):
                        raise Refused("damaged", "a part declares a document type")
