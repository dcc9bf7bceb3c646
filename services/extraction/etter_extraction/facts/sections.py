"""Cuts a job description into sections by its headings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from etter_extraction.facts.lines import Line

_KINDS = {
    kind: re.compile(pattern, re.IGNORECASE)
    for kind, pattern in {
        "skip": r"about (us|the company|our)|benefits|what we offer|how to apply|application|equal opportunit|"
        r"compensation|"
        r"salary|\bpay\b|purpose|summary|overview|about the (role|job|position)|reporting (line|to)|"
        r"working conditions|physical|environment|contact|"
        r"closing date|key relationships|dimensions",
        "skills": r"skill|qualification|requirement|knowledge|experience|competenc|education|about you|you have|"
        r"you bring|"
        r"person specification|essential criteria|desirable|desired|what we.re looking for|who you are|"
        r"abilities|profile",
        "duties": r"dut(y|ies)|responsibilit|accountabilit|\btasks?\b|what you.ll (do|be doing)|"
        r"what you will (do|be doing)|"
        r"key activities|essential functions|job functions|role description|^the role|main activities|day.to.day|"
        r"you will|in this role|primary functions|scope of work|expectations|deliverables",
    }.items()
}
_LONGEST = 70


@dataclass
class Section:
    """`kind` is duties, skills, skip or text; `heading` as written."""

    kind: str
    heading: str
    lines: list[Line] = field(default_factory=list)


def sections_of(lines: Sequence[Line], headings: Sequence[str]) -> list[Section]:
    """A heading that names no kind goes on with the kind it stands under, as a part of its own."""
    marked = {" ".join(heading.split()).lower() for heading in headings}
    sections = [Section("text", "")]
    for line in lines:
        if _is_heading(line, marked):
            kind = kind_of(line.clean)
            if kind is None:
                kind = sections[-1].kind if sections[-1].kind in ("duties", "skills") else "text"
            sections.append(Section(kind, line.clean.strip("# *").rstrip(":").strip()))
        else:
            sections[-1].lines.append(line)
    return sections


def kind_of(heading: str) -> str | None:
    """Duties first: `Duties and responsibilities, skills` is about duties."""
    return next((kind for kind in ("duties", "skills", "skip") if _KINDS[kind].search(heading)), None)


def _is_heading(line: Line, marked: set[str]) -> bool:
    text = line.clean
    if line.is_bullet and not text.lstrip().startswith("**"):
        return text.lower() in marked
    plain = text.strip("#* ")
    if not plain or len(plain) > _LONGEST or "\t" in line.text:
        return False
    if text.lower() in marked or plain.lower() in marked or text.startswith("#"):
        return True
    words = plain.rstrip(":").split()
    if plain.endswith(":") and len(words) <= 9:
        return True
    if plain.isupper() and len(words) <= 8 and len(plain) > 3:
        return True
    return (
        len(words) <= 6 and kind_of(plain) is not None and not plain.endswith((".", ",", ";")) and plain[:1].isupper()
    )
