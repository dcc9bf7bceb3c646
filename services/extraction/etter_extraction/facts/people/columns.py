"""Which column holds what: a scored assignment of columns to fields by heading and values together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from etter_extraction.facts.people.fields import Field, by_heading, normal
from etter_extraction.facts.people.profile import Profile

LEAST: Final = 0.3
"""A field that scores less is not assigned."""
_MANY: Final = frozenset(
    {"person_id", "person_name", "manager", "ignored", "parent_unit", "employment_type", "reports"}
)
_SURE: Final = 1.0


class Column(msgspec.Struct, frozen=True, omit_defaults=True):
    """`confidence` 0..1; `runner_up` is the field that came second. `chosen` is true where a person decided."""

    index: int
    heading: str
    field: Field
    confidence: float
    samples: list[str] = []
    runner_up: Field | None = None
    chosen: bool = False


class Mapped(msgspec.Struct, frozen=True):
    """How a table was read: the row of its heading (from 1), what a line stands for, and each column's field.

    `decisions` says by heading how its values were read and why.
    """

    table: str
    heading_row: int
    basis: str
    columns: list[Column]
    decisions: dict[str, str] = {}


def assign(
    headings: Sequence[str], profiles: Sequence[Profile], samples: Sequence[list[str]], choices: Mapping[str, Field]
) -> list[Column]:
    """One field for each column; most fields go to one column only, the best one. `choices` are by normal heading."""
    scores = [_scores(heading, profile) for heading, profile in zip(headings, profiles, strict=True)]
    taken: dict[int, Field] = {}
    for index, heading in enumerate(headings):
        if chosen := choices.get(normal(heading)):
            taken[index] = chosen
    ranked = sorted(
        ((score, _fine(field, profiles[index]), -index, field) for index, found in enumerate(scores)
         for field, score in found.items()), reverse=True,
    )  # fmt: skip
    used = {field for field in taken.values() if field not in _MANY}
    for score, _, minus, field in ranked:
        if score >= LEAST and -minus not in taken and field not in used:
            taken[-minus] = field
            used |= {field} - _MANY
    return [
        _column(index, heading, taken.get(index, "ignored"), scores[index], samples[index], normal(heading) in choices)
        for index, heading in enumerate(headings)
    ]


def _fine(field: Field, profile: Profile) -> int:
    """Of several units in a line the finest is the department, as far as its values repeat."""
    return profile.values if field == "department" and profile.distinct < 0.9 else 0


def _column(
    index: int, heading: str, field: Field, scores: Mapping[Field, float], samples: list[str], chosen: bool
) -> Column:
    own = scores.get(field, 0.0)
    rest = sorted(((score, other) for other, score in scores.items() if other != field), reverse=True)
    second = rest[0] if rest and rest[0][0] >= 0.15 else None
    if chosen:
        return Column(index, heading, field, _SURE, samples, second[1] if second else None, chosen=True)
    if field == "ignored" and not own:
        own = 1.0 - (second[0] if second else 0.0)
    confidence = min(1.0, own) * (1.0 if not second or own >= 2 * second[0] else 0.5 + 0.25 * own / second[0])
    return Column(index, heading, field, round(confidence, 2), samples, second[1] if second else None)


def _scores(heading: str, profile: Profile) -> dict[Field, float]:
    """By field: how well the heading names it, times how well the values fit it; or what the values say alone."""
    named = by_heading(heading)
    found: dict[Field, float] = {}
    for field in {*named, *_BY_VALUES}:
        fits = _FITS.get(field, _any)(profile) if profile.values else 0.6
        alone = _BY_VALUES[field](profile) if field in _BY_VALUES else 0.0
        score = max(named.get(field, 0.0) * fits, alone)
        if score > 0:
            found[field] = round(score, 3)
    return found


def _any(_: Profile) -> float:
    return 1.0


def _text(profile: Profile) -> float:
    return 0.2 if profile.numeric > 0.7 or profile.dates > 0.5 or profile.emails > 0.5 else 1.0


def _title(profile: Profile) -> float:
    if profile.numeric > 0.5 or profile.dates > 0.3 or profile.emails > 0.3:
        return 0.1
    return 0.5 if profile.words > 12 else 1.0 if profile.jobs > 0.05 or profile.values < 5 else 0.9


def _heads(profile: Profile) -> float:
    if profile.money > 0.2 or profile.numeric < 0.5 or profile.percent > 0.2:
        return 0.05
    is_number_of_something_else = profile.distinct > 0.95 and profile.values > 20 and profile.median > 500
    return 0.1 if is_number_of_something_else else 1.0


def _fte(profile: Profile) -> float:
    return 0.1 if profile.numeric + profile.percent < 0.5 or profile.money > 0.2 else 1.0


def _hours(profile: Profile) -> float:
    return 1.0 if profile.numeric > 0.5 and 5 <= profile.median <= 60 else 0.1


def _money(profile: Profile) -> float:
    if profile.dates > 0.5 or profile.percent > 0.5:
        return 0.05
    looks = profile.numeric + profile.money
    return 1.0 if looks > 0.3 and profile.median != 1 else 0.1 if looks < 0.05 else 0.6


def _hourly(profile: Profile) -> float:
    return _money(profile) if profile.median < 1_000 else 0.1


def _dates(profile: Profile) -> float:
    return 1.0 if profile.dates > 0.4 else 0.2


def _status(profile: Profile) -> float:
    return 1.0 if profile.status > 0.2 else 0.6 if profile.values <= 12 and profile.numeric < 0.9 else 0.2


def _identity(profile: Profile) -> float:
    if profile.money > 0.3 or profile.dates > 0.5 or profile.values < 2:
        return 0.3
    return 1.0 if profile.distinct > 0.5 else 0.6


def _period(profile: Profile) -> float:
    return 1.0 if profile.periods > 0.5 else 0.1


def _code(profile: Profile) -> float:
    return 1.0 if profile.codes > 0.5 else 0.2


_FITS: Final[Mapping[Field, Callable[[Profile], float]]] = {
    "title": _title, "department": _text, "parent_unit": _text, "location": _text, "level": _any, "headcount": _heads,
    "fte": _fte, "hours": _hours, "salary": _money, "pay_low": _money, "pay_high": _money, "hourly_rate": _hourly,
    "pay_period": _period, "currency": _code, "person_id": _identity, "person_name": _text, "manager": _any,
    "status": _status, "start_date": _dates, "end_date": _dates,
}  # fmt: skip
_BY_VALUES: Final[Mapping[Field, Callable[[Profile], float]]] = {
    "title": lambda one: 0.45 * one.jobs if one.jobs > 0.5 and one.words <= 8 else 0.0,
    "salary": lambda one: 0.35 if one.money > 0.7 and one.median > 5 else 0.0,
    "status": lambda one: 0.4 if one.status > 0.9 and one.values > 1 else 0.0,
    "currency": lambda one: 0.4 if one.codes > 0.95 and one.values <= 5 else 0.0,
}
