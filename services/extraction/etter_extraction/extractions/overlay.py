"""A person's corrections on top of what a reader found: they outlive every new reading. No I/O."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Fact = dict[str, Any]
_CORRECTED = ("value", "original", "group", "time_share", "confidence", "corrected_by", "corrected_at")


def merged(found: Iterable[Fact], before: Iterable[Mapping[str, Any]]) -> list[Fact]:
    """The new facts with the corrections of the ones before.

    A correction belongs to the fact of the same id, else to the one with the same words in the same place, else it
    stays as a fact of its own: no work of a person is lost because a reader has changed.
    """
    facts = [dict(fact) for fact in found]
    by_id = {fact["id"]: fact for fact in facts}
    by_place = {_place(fact): fact for fact in reversed(facts)}
    for corrected in _corrected(before):
        fact = by_id.get(corrected["id"]) or by_place.get(_place(corrected))
        if fact is None:
            facts.append(dict(corrected))
        else:
            fact |= {name: corrected[name] for name in _CORRECTED} | {"flags": []}
            if fact["original"] is None:
                fact["original"] = fact["value"]
    return facts


def _corrected(facts: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    return (fact for fact in facts if fact.get("corrected_by"))


def _place(fact: Mapping[str, Any]) -> tuple[Any, ...]:
    return fact["type"], fact["page"], fact["quote"], fact.get("role", 0)
