"""The job posting that a page states as data (schema.org JobPosting): JSON-LD in a script, or microdata attributes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from lxml import etree, html

from etter_extraction.parsing.readers.html_flow import pieces_of
from etter_extraction.parsing.writing import PageWriter, Piece

_MOST_BYTES: Final = 2_000_000
_DEEPEST: Final = 20
_PROSE: Final = ("description", "responsibilities", "qualifications", "skills", "experienceRequirements",
                 "educationRequirements", "jobBenefits", "incentiveCompensation")  # fmt: skip
_LABELS: Final = {
    "title": "Job title", "hiringOrganization": "Employer", "jobLocation": "Location", "baseSalary": "Salary",
    "employmentType": "Employment type", "occupationalCategory": "Occupation", "industry": "Industry",
    "datePosted": "Posted", "responsibilities": "Responsibilities", "qualifications": "Qualifications",
    "skills": "Skills", "experienceRequirements": "Experience", "educationRequirements": "Education",
    "jobBenefits": "Benefits", "incentiveCompensation": "Incentives", "description": "Description",
}  # fmt: skip


def posting_of(root: Any) -> dict[str, Any] | None:
    """The first job posting of a page, `None` without one. Data that is no JSON is ignored, as browsers do."""
    for script in root.iter("script"):
        if "ld+json" in (script.get("type") or "").lower() and len(script.text or "") < _MOST_BYTES:
            try:
                found = next(_postings(json.loads(script.text or "", strict=False), 0), None)
            except (ValueError, RecursionError):
                continue
            if found:
                return found
    scope = next((one for one in root.iter() if "JobPosting" in (one.get("itemtype") or "")), None)
    return _microdata(scope) if scope is not None else None


def write_posting(writer: PageWriter, posting: dict[str, Any]) -> None:
    """The posting as lines that a person can read, so that facts from it have a place."""
    for name, label in _LABELS.items():
        value = posting.get(name)
        if not value:
            continue
        if name in _PROSE:
            writer.add_piece(Piece(label, "heading", 2, 1.5, bold=True))
            for piece in _prose(value):
                writer.add_piece(piece)
        elif text := ", ".join(dict.fromkeys(_words(value, name))):
            writer.add_piece(Piece(f"{label}: {text}"))


def _postings(data: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > _DEEPEST:
        return
    if isinstance(data, list):
        for one in data:
            yield from _postings(one, depth + 1)
    elif isinstance(data, dict):
        kinds = data.get("@type")
        if "JobPosting" in (kinds if isinstance(kinds, list) else [kinds]):
            yield data
        for key in ("@graph", "mainEntity", "itemListElement", "item"):
            yield from _postings(data.get(key), depth + 1)


def _microdata(scope: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in scope.iter(etree.Element):
        for name in (node.get("itemprop") or "").split():
            holder: Any = found
            above = next((one for one in node.iterancestors() if "itemscope" in one.attrib), scope)
            if above is not scope and above.get("itemprop"):
                holder = found.setdefault(above.get("itemprop"), {})
            if isinstance(holder, dict) and "itemscope" not in node.attrib:
                text = node.get("content") or node.get("datetime") or " ".join("".join(node.itertext()).split())
                holder.setdefault(name, text)
    return found


def _prose(value: Any) -> Iterator[Piece]:
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and text.strip():
            source = html.fragment_fromstring(text, create_parent="div") if "<" in text else None
            if source is not None:
                yield from pieces_of(source)
            else:
                yield from (Piece(line.strip()) for line in text.splitlines() if line.strip())


def _words(value: Any, name: str) -> Iterator[str]:
    """The readable values of a property, in the order a person writes them."""
    if isinstance(value, list):
        for one in value[:50]:
            yield from _words(one, name)
    elif isinstance(value, dict):
        yield from _salary(value) if name == "baseSalary" else _named(value)
    elif isinstance(value, str | int | float) and str(value).strip():
        yield " ".join(str(value).split())


def _named(value: dict[str, Any]) -> Iterator[str]:
    if isinstance(value.get("address"), dict):
        value = value["address"]
    elif isinstance(value.get("address"), str):
        yield value["address"]
    for key in ("name", "streetAddress", "addressLocality", "addressRegion", "postalCode", "addressCountry"):
        inner = value.get(key)
        inner = inner.get("name") if isinstance(inner, dict) else inner
        if isinstance(inner, str) and inner.strip():
            yield " ".join(inner.split())


def _salary(value: dict[str, Any]) -> Iterator[str]:
    inner = value.get("value")
    amount: dict[str, Any] = inner if isinstance(inner, dict) else {"value": inner}
    low, high = amount.get("minValue", amount.get("value")), amount.get("maxValue")
    unit = str(amount.get("unitText") or value.get("unitText") or "").lower()
    currency = value.get("currency") or amount.get("currency") or ""
    if low is not None:
        ends = f"{low} - {high}" if high not in (None, low) else f"{low}"
        yield " ".join(part for part in (str(currency), ends, f"per {unit}" if unit else "") if part)
