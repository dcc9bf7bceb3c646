"""From a parsed document to its facts: asks the finders, then says what kind of document it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import PurePosixPath
from typing import Final

import msgspec

from etter_extraction.facts import kinds, labelling, plausibility, task_tables
from etter_extraction.facts.describing import Described, describe
from etter_extraction.facts.model import Fact, Found, Span, fact
from etter_extraction.facts.people.fields import Field
from etter_extraction.facts.people.finding import find_people
from etter_extraction.facts.skills import linking, spans
from etter_extraction.facts.units import Places
from etter_extraction.parsing.parsed import Note, Parsed

_SHEETS: Final = ("csv", "xlsx", "xls", "ods")
_NAME_NOISE: Final = re.compile(
    r"\b(?:task list|tasks?|time study|duties|job description|jd|v\d{1,40}|final|copy|draft|\d{1,40})\b", re.IGNORECASE
)


def find_facts(parsed: Parsed, filename: str, *, as_of: date, choices: Mapping[str, Field] | None = None) -> Found:
    """The facts role by role. `filename` is weak evidence for a title.

    `as_of` decides who has left or not yet begun in tables of people; `choices` are the fields that a person chose for
    columns, by normal heading.
    """
    people = _with_kind(find_people(parsed, as_of=as_of, choices=choices or {}))
    if parsed.kind in _SHEETS:
        return _sheet(parsed, filename, people)
    described = describe(parsed, filename)
    judgement = kinds.judge(described.labelled, described.facts)
    if people is not None and judgement.kind != "resume" and not _describes(described):
        return people
    return _described(described, judgement)


def _with_kind(people: Found | None) -> Found | None:
    """A table of titles and pay without any people is a wage table: its roles are facts, and no headcount."""
    if people is None or any(
        one.value["headcount"] is not None or one.value["fte"] is not None for one in people.facts
    ):
        return people
    note = Note("KIND_WAGE_TABLE", "titles and pay without people: a wage table becomes no roles by itself")
    return msgspec.structs.replace(people, kind="other", notes=[*people.notes, note])


def preload() -> None:
    """Load every model now, so that processes forked later share them."""
    labelling.tagger()
    spans.tagger("skill")
    spans.tagger("knowledge")
    spans.spans_of(["Python"])
    linking.taxonomy()


def _describes(described: Described) -> bool:
    """A posting may hold a table of people, for example of its team; its duties decide."""
    return sum(one.type == "task" and one.confidence >= 0.7 for one in described.facts) >= 2


def _described(described: Described, judgement: kinds.Judgement) -> Found:
    facts = plausibility.checked(described.facts)
    notes = plausibility.notes(facts, described.roles)
    if judgement.kind == "other":
        notes.append(Note("KIND_OTHER", "neither a job description nor a table of roles"))
    if judgement.kind == "resume":
        notes.append(Note("KIND_RESUME", "a résumé: it describes a person and becomes no role by itself"))
    return Found(judgement.kind, facts, judgement.confidence, notes)


def _sheet(parsed: Parsed, filename: str, people: Found | None) -> Found:
    """A list of tasks, or people; the columns decide."""
    if people is None and (tasks := task_tables.find(parsed.tables, Places(parsed.pages))):
        title = _title_of_list(parsed, filename)
        facts = plausibility.checked([*([title] if title else []), *tasks])
        return Found("job_description", facts, 0.85, plausibility.notes(facts, 1))
    return people or Found("other", [], 0.8, [Note("KIND_OTHER", "no table of roles or tasks was found")])


def _title_of_list(parsed: Parsed, filename: str) -> Fact | None:
    """A title cell above the table; the file's name as a last resort, with little confidence and a flag."""
    described = describe(parsed, filename)
    title = next((one for one in described.facts if one.type == "title"), None)
    if title is not None:
        return title
    words = _NAME_NOISE.sub("", re.sub(r"[_\-.]{1,99}", " ", PurePosixPath(filename).stem))
    name = " ".join(words.split()).title()
    first = parsed.pages[0]
    return fact("title", name, Span(first.number, 0, 0, ""), 0.35, flags=["TITLE_UNUSUAL"]) if name else None
