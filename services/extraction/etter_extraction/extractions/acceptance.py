"""Turns reviewed facts into what core is told. No I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from etter_common.events.contracts.extraction import (
    AcceptedRole,
    AcceptedTask,
    AcceptedWorkload,
    ExtractionAccepted,
)
from etter_extraction.extractions.errors import NothingToAccept, TitleMissing
from etter_extraction.extractions.models import Extraction

ROLES_PER_EVENT = 500
DEFAULT_WORKLOAD = "Duties"
_PER_YEAR: Mapping[str, Decimal] = {
    "year": Decimal(1), "month": Decimal(12), "fortnight": Decimal(26), "week": Decimal(52), "day": Decimal(260),
    "hour": Decimal(2080),
}  # fmt: skip
_CENT = Decimal("0.01")


def roles_of(extraction: Extraction, title: str | None, kind: str | None = None) -> list[AcceptedRole]:
    """The roles that the facts describe; raises `NothingToAccept` or `TitleMissing`.

    `kind` is what a person says the document is; without it, what was found. `title` names the role of a document
    that names none.
    """
    kind = kind or extraction.kind
    if kind == "headcount":
        roles = [_counted(fact) for fact in extraction.facts if fact["type"] == "role"]
    elif kind == "job_description":
        roles = _described_roles(extraction, title)
    else:
        roles = []
    if not roles:
        raise NothingToAccept(kind=kind)
    return roles


def parts(
    extraction: Extraction, filename: str, user_id: UUID, roles: Sequence[AcceptedRole], kind: str | None = None
) -> Iterator[ExtractionAccepted]:
    """The event, in as many parts as keep each well below what a message may hold."""
    count = -(-len(roles) // ROLES_PER_EVENT)
    for number in range(count):
        yield ExtractionAccepted(
            extraction_id=extraction.id,
            document_id=extraction.document_id,
            filename=filename,
            kind=kind or extraction.kind,
            accepted_by=user_id,
            part=number + 1,
            parts=count,
            roles=list(roles[number * ROLES_PER_EVENT : (number + 1) * ROLES_PER_EVENT]),
        )


def _counted(fact: Mapping[str, Any]) -> AcceptedRole:
    value = fact["value"]
    salary = value.get("salary")
    return AcceptedRole(
        fact_id=fact["id"],
        title=value["title"],
        department=value.get("department"),
        level=value.get("level"),
        location=value.get("location"),
        headcount=value.get("headcount"),
        salary=Decimal(str(salary)).quantize(_CENT) if salary is not None else None,
        currency=value.get("currency"),
    )


def _described_roles(extraction: Extraction, title: str | None) -> list[AcceptedRole]:
    """One role for each part of the document that names one."""
    parts_: dict[int, list[Mapping[str, Any]]] = {}
    for fact in extraction.facts:
        if fact["type"] != "role":
            parts_.setdefault(fact.get("role", 0), []).append(fact)
    named = [part for _, part in sorted(parts_.items()) if any(fact["type"] == "title" for fact in part)]
    if not named:
        return [_described(extraction, extraction.facts, title)]
    return [_described(extraction, part, title if len(named) == 1 else None) for part in named]


def _described(extraction: Extraction, facts: Sequence[Mapping[str, Any]], title: str | None) -> AcceptedRole:
    first: dict[str, Mapping[str, Any]] = {}
    for fact in facts:
        first.setdefault(fact["type"], fact)
    named = first.get("title")
    if named is None and title is None:
        raise TitleMissing
    anchor = named or (facts[0] if facts else None)
    pay = first["pay"]["value"] if "pay" in first else None
    return AcceptedRole(
        fact_id=anchor["id"] if anchor else extraction.id,
        title=title or str(named and named["value"]),
        department=_text(first, "department"),
        level=_text(first, "level"),
        location=_text(first, "location"),
        salary=_annual(pay, first["pay"].get("details") or {}) if pay else None,
        currency=pay["currency"] if pay else None,
        workloads=_workloads(facts),
        skills=list(dict.fromkeys(str(f["value"]) for f in facts if f["type"] == "skill")),
    )


def _workloads(facts: Sequence[Mapping[str, Any]]) -> list[AcceptedWorkload]:
    groups: dict[str, list[AcceptedTask]] = {}
    for fact in facts:
        if fact["type"] == "task":
            task = AcceptedTask(fact_id=fact["id"], statement=str(fact["value"]), time_share=fact.get("time_share"))
            groups.setdefault(fact.get("group") or DEFAULT_WORKLOAD, []).append(task)
    return [AcceptedWorkload(name=name, tasks=tasks) for name, tasks in groups.items()]


def _annual(pay: Mapping[str, Any], details: Mapping[str, Any]) -> Decimal | None:
    """The middle of the range, by the year; `None` without a period. Stated weekly hours make hourly pay exact."""
    if pay["period"] is None:
        return None
    middle = (Decimal(str(pay["low"])) + Decimal(str(pay["high"]))) / 2
    per_year = _PER_YEAR[pay["period"]]
    if pay["period"] == "hour" and details.get("hours"):
        per_year = 52 * Decimal(str(details["hours"]))
    return (middle * per_year).quantize(_CENT)


def _text(first: Mapping[str, Mapping[str, Any]], kind: str) -> str | None:
    return str(first[kind]["value"]) if kind in first else None
