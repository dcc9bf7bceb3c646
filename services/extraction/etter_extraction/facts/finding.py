"""From a parsed document to its facts: decides what kind of document it is and asks the finders of that kind."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from etter_extraction.facts import duties, headcount, job_description
from etter_extraction.facts.lines import Line, lines_of
from etter_extraction.facts.model import Fact, Found, Span, fact
from etter_extraction.facts.sections import sections_of
from etter_extraction.parsing.parsed import Parsed

_TABLES = ("csv", "xlsx", "xls", "pptx")
_FEWEST_TASKS = 2
_RESUME = re.compile(r"^\W*(work experience|professional experience|employment history|education)\W*$", re.IGNORECASE)
_ADDRESS = re.compile(r"\S@[^\s@]{1,255}\.\w{2}")  # a person's own address is at the top of a resume
_DUTY = re.compile(
    r"dut(y|ies)|responsibilit|what you.{1,4} do|accountabilit|qualifications|requirements", re.IGNORECASE
)


def find_facts(parsed: Parsed, filename: str) -> Found:
    """The facts in reading order. `filename` only names the role of a task list that has no title anywhere."""
    if parsed.kind in _TABLES:
        if tasks := duties.from_tables(parsed.sheets, parsed.pages):
            title = _title_of_table(parsed, filename)
            return Found("job_description", [*([title] if title else []), *tasks])
        if roles := headcount.find_roles(parsed.sheets, parsed.pages):
            return Found("headcount", roles)
        return Found("other", [], ["no table of roles or tasks was found"])
    found = _described(parsed)
    tasks = [one for one in found if one.type == "task"]
    told = any(one.type in ("title", "skill", "pay") for one in found)  # duties alone may be any procedure
    if len(tasks) >= _FEWEST_TASKS and told and not _is_resume(parsed):
        return Found("job_description", found, [] if found[0].type == "title" else ["the document names no job title"])
    if roles := headcount.find_roles(parsed.sheets, parsed.pages):
        return Found("headcount", roles)
    if found and found[0].type == "title" and not _is_resume(parsed):
        return Found("job_description", found, ["no list of duties was found"])
    return Found("other", [], ["neither a job description nor a table of roles"])


def _described(parsed: Parsed) -> list[Fact]:
    lines = lines_of(parsed)
    pages = {page.number: page.text for page in parsed.pages}
    sections = sections_of(lines, parsed.headings)
    title = job_description.find_title(lines, parsed.headings)
    pay = job_description.find_pay(lines)
    tasks = duties.from_tables(parsed.sheets, parsed.pages) or list(duties.from_sections(sections, pages))
    return [
        *([title] if title else []),
        *job_description.find_labels(lines),
        *([pay] if pay else []),
        *tasks,
        *job_description.find_skills(sections, pages),
    ]


def _title_of_table(parsed: Parsed, filename: str) -> Fact | None:
    """A title cell above or beside the table; the file's name as a last resort, with little confidence."""
    lines = [Line(page.number, start, text) for page in parsed.pages[:3] for start, text in _starts(page.text)]
    if title := job_description.find_title(lines[:12], []):
        return title
    words = re.sub(r"[_\-.]+", " ", PurePosixPath(filename).stem)
    words = re.sub(
        r"\b(task list|tasks?|time study|duties|job description|jd|v?\d{1,99})\b", "", words, flags=re.IGNORECASE
    )
    name = " ".join(words.split()).title()
    first = parsed.pages[0]
    return fact("title", name, Span(first.number, 0, 0, ""), 0.35) if name else None


def _starts(text: str) -> Sequence[tuple[int, str]]:
    found, start = [], 0
    for line in text.split("\n"):
        found.append((start, line))
        start += len(line) + 1
    return found


def _is_resume(parsed: Parsed) -> bool:
    text = "\n".join(page.text for page in parsed.pages)
    marks = sum(bool(_RESUME.match(line.strip())) for line in text.split("\n"))
    return marks >= 2 and (not _DUTY.search(text) or bool(_ADDRESS.search(text[:400])))
