"""The facts of a document in prose: its roles one by one, each with title, fields, pay, tasks and skills."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from etter_extraction.facts import duties, fields, pay, posting, qualifications, task_tables, titles
from etter_extraction.facts.labelling import Labelled, label
from etter_extraction.facts.model import Fact
from etter_extraction.facts.segments import roles_of
from etter_extraction.facts.skills import finding as skills
from etter_extraction.facts.units import Places, units_of
from etter_extraction.parsing.parsed import Parsed


@dataclass(frozen=True)
class Described:
    labelled: Sequence[Labelled]
    facts: list[Fact]
    roles: int


def describe(parsed: Parsed, filename: str) -> Described:
    """Facts in reading order, role by role. Structured data of the file wins over what its text seems to say."""
    places = Places(parsed.pages)
    labelled = label(units_of(parsed))
    parts = roles_of(labelled)
    facts: list[Fact] = []
    stated = list(posting.find(parsed.posting, places)) if parsed.posting else []
    for role, part in enumerate(parts):
        given = stated if role == 0 else []
        facts += _with(given, _of_role(part, places, filename, role))
    if tasks := task_tables.find(parsed.tables, places):
        facts = [one for one in facts if one.type != "task" or not _within(one, tasks)]
        facts += tasks
    return Described(labelled, facts, len(parts))


def _of_role(part: Sequence[Labelled], places: Places, filename: str, role: int) -> Iterator[Fact]:
    if title := titles.find(part, places, filename, role=role):
        yield title
    yield from fields.find(part, places, role=role)
    yield from pay.find(part, places, role=role)
    yield from duties.find(part, places, role=role)
    yield from qualifications.find(part, places, role=role)
    yield from skills.find(part, places, role=role)


def _with(stated: Sequence[Fact], found: Iterator[Fact]) -> list[Fact]:
    """What the file states in a form made for machines replaces what was read off its text."""
    single = {one.type for one in stated}
    return [*stated, *(one for one in found if one.type not in single)]


def _within(one: Fact, tasks: Sequence[Fact]) -> bool:
    """The same cell was read as text too."""
    return any(one.page == task.page and one.start < task.end and task.start < one.end for task in tasks)
