"""Fields: `Label: value` in a line, or a label with its value in the next cell or line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from etter_extraction.facts.labelling import Labelled
from etter_extraction.facts.lexicon import field_named, field_of, section_of, title_strength
from etter_extraction.facts.model import Fact, Span, fact
from etter_extraction.facts.units import Places, Unit

_NEXT_LABEL = re.compile(
    r"\s{1,9}(?=(?:Department|Dept|Location|Grade|Reports? to|Reporting to|Salary|Date|FLSA|Division|Status|"
    r"Job (?:Code|"
    r"ID|Type|Title|Number|Family)|"
    r"Position (?:Type|Number)|Employment Type|Hours|Contract|Team|Manager|Supervisor|Company|Employer|Level|Band|"
    r"Title|Revised|Classification|Pay (?:Grade|Rate|Range)|"
    r"Closing Date|Start Date|Reference|Exempt)\b[^:.]{0,25}:\s)|\s{3,}|\s\|\s|\t",
    re.IGNORECASE,
)
_JOB = 0.5
_MOST_IN_ONE, _LOOK_AHEAD = 40, 1_000
_KEPT = ("employer", "department", "location", "level", "employment_type", "manager")
_LONGEST = {
    "employer": 12,
    "department": 12,
    "location": 16,
    "level": 10,
    "employment_type": 14,
    "manager": 16,
    "title": 16,
}
_LABELS = re.compile(r"\s{1,9}(?=([^\W\d_][^\s:]{0,99}(?: [^\s:]{1,99}){0,2}):\s)")
_OPEN_LABEL = re.compile(r"\s{1,9}[a-z_-]{3,20}:\s.{0,300}$")
_SHAPES = {
    "employment_type": re.compile(
        r"full|part|perm|temp|contract|fixed|intern|casual|hours?|regular|hybrid|remote|season|freelance|volunt|exempt|"
        r"vollzeit|teilzeit|befristet|cdi|cdd|staff|academic|weekly|per week|fte",
        re.IGNORECASE,
    ),
    "location": re.compile(r"[^\W\d_]{2}"),
    "employer": re.compile(r"^(?!.{0,300}@)(?!.{0,300},\s[A-Z]{2}(?:,|$)).{0,300}[^\W\d_]{2}"),
}  # fmt: skip
_ORGANISATION = re.compile(
    r"\b(?:museum|universit\w{1,60}|college|inc|ltd|limited|gmbh|llc|plc|compan(?:y|ies)|group|trust|foundation|"
    r"institut\w{0,40}|department|ministry|council|hospital|bank|services?|"
    r"agency|city of|county|schools?|cent(?:er|re)|society|association|corp(?:oration)?|ag|sa|ab|bv|nv|oy|librar(?:y|"
    r"ies)|church|authority|commission|union|partners|"
    r"technolog(?:y|ies)|systems|software|solutions|holdings|labs?|clinic|academy|government|state of|federal|zoo|"
    r"garden|gallery|works|logistics|foods|energy)\b",
    re.IGNORECASE,
)
_EMPLOYER = re.compile(
    r"^(?:At |The )?(?!We\b|You\b|They\b|This\b|It\b|Our\b|"
    r"I\b)(?P<name>[A-Z][\w&.'’-]{0,99}(?: (?:[A-Z&][\w&.'’-]{0,99}|of|and|"
    r"the|for|de|und|"
    r"-)){0,9}(?: \([A-Z]{1,99}\))?)(?:, .{3,60},)? "
    r"(?:seeks|is seeking|is looking for|is hiring|is recruiting|invites applications|has an opening|are looking for|"
    r"are seeking)\b"
)
_SAYS_NOTHING = re.compile(
    r"^\W{0,9}(?:n/?a|none|tbd|tbc|not (?:applicable|specified)|-+|various)?\W{0,9}$", re.IGNORECASE
)
_MANAGER = re.compile(
    r"\b(?:reports?|reporting|report|responsible|accountable)\s{1,9}(?:directly\s{1,9}|"
    r"functionally\s{1,9})?(?:in)?to\s{1,9}(?:the\s{1,9}|"
    r"our\s{1,9}|an?\s{1,9})?(?P<who>[A-Z][^.;:()]{2,80})|"
    r"\b(?:under the (?:direct(?:ion)?|supervision|direct supervision|general direction|direction) of|"
    r"supervised by)\s{1,9}(?:the\s{1,9}|our\s{1,9})?(?P<under>[A-Z][^.;:()]{2,80})"
)
_WHO_ENDS = re.compile(
    r",?\s{1,9}(?:and (?:will|is|has|works?|supports?|leads?)|who|which|with|while|but|in order|for|on a|as part|this|"
    r"will)\b.{0,300}|,\s{1,9}(?:the|you|this|we)\b.{0,300}",
    re.IGNORECASE,
)
_PLACES = re.compile(
    r"\b(?:based (?:in|at)|located (?:in|at)|position is in|"
    r"office in)\s{1,9}(?:the\s{1,9})?(?P<place>[A-Z][\w'.-]{1,99}(?:[ ,]{1,99}(?:[A-Z][\w'.-]{1,99}|of|and|the|"
    r"upon)){0,9})"
)


@dataclass(frozen=True)
class Field:
    """`unit.text[start:end]` is the value; `at` counts units; `apart` where the label is a unit of its own."""

    name: str
    value: str
    unit: Unit
    start: int
    end: int
    at: int
    apart: bool = False

    def span(self, places: Places) -> Span:
        return places.of(self.unit.block, self.unit.offset + self.start, self.unit.offset + self.end)


def fields_in(labelled: Sequence[Labelled]) -> Iterator[Field]:
    """Fields in reading order."""
    units = [one.unit for one in labelled]
    for at, unit in enumerate(units):
        if opened := field_of(unit.text):
            name, begin = opened
            yield from _inline(name, unit, begin, units, at)
        elif (alone := field_named(unit.text)) and at + 1 < len(units) and _may_be_label(unit):
            yield from _next(alone, units, at)


def find(labelled: Sequence[Labelled], places: Places, *, role: int = 0) -> Iterator[Fact]:
    """Employer, department, location, level, kind of employment and manager, the first of each."""
    seen: set[str] = set()
    for one in fields_in(labelled):
        if one.name in _KEPT and one.name not in seen and _says(one):
            seen.add(one.name)
            yield fact(one.name, one.value, one.span(places), 0.9, role=role)
    for kind, pattern in (("manager", _MANAGER), ("location", _PLACES), ("employer", _EMPLOYER)):
        if kind not in seen and (said := _in_sentence(kind, pattern, labelled, places, role)):
            yield said
    for kind, label in (("employer", "employer"), ("location", "place")):
        if kind not in seen and (named := _by_label(kind, label, labelled, places, role)):
            yield named


def _may_be_label(unit: Unit) -> bool:
    return unit.of == 1 and (
        unit.in_table or unit.is_heading or unit.block.bold or unit.text.rstrip().endswith(":") or not unit.is_item
    )


def _inline(name: str, unit: Unit, begin: int, units: Sequence[Unit], at: int) -> Iterator[Field]:
    """The value after the label, up to the next label in the same text; then the fields after it."""
    for _ in range(_MOST_IN_ONE):
        rest = unit.text[begin : begin + _LOOK_AHEAD]
        following = next((match for match in _LABELS.finditer(rest) if field_named(match[1])), None)
        own = rest[: following.start()] if following else rest
        value = _OPEN_LABEL.sub("", _NEXT_LABEL.split(own)[0]).rstrip(" *.;,")
        if value.strip(" *"):
            lead = len(value) - len(value.lstrip(" *"))
            yield Field(name, value.strip(" *"), unit, begin + lead, begin + len(value), at)
        elif not following and at + 1 < len(units):
            yield from _next(name, units, at)
        opened = field_of(rest[following.start(1) :]) if following else None
        if following is None or opened is None:
            return
        name, begin = opened[0], begin + following.start(1) + opened[1]


def _next(name: str, units: Sequence[Unit], at: int) -> Iterator[Field]:
    """The value in the next cell of the row, or on the next line."""
    label, unit = units[at], units[at + 1]
    if label.in_table and not (
        unit.in_table and unit.block.table == label.block.table and unit.block.row == label.block.row
    ):
        return
    if (
        field_named(unit.text)
        or field_of(unit.text)
        or (section_of(unit.text) and unit.is_heading)
        or unit.text.endswith(":")
    ):
        return
    value = unit.text.strip(" *")
    if unit.of == 1 and value:
        start = unit.text.index(value)
        yield Field(name, value, unit, start, start + len(value), at + 1, apart=True)


def _says(one: Field) -> bool:
    words = len(one.value.split())
    if one.name in _SHAPES and not _SHAPES[one.name].search(one.value):
        return False
    return (
        words <= _LONGEST.get(one.name, 12)
        and not _SAYS_NOTHING.match(one.value)
        and not (one.name != "level" and one.value.isdigit())
    )


def _in_sentence(
    kind: str, pattern: re.Pattern[str], labelled: Sequence[Labelled], places: Places, role: int
) -> Fact | None:
    for one in labelled[:150]:
        if one.label in ("benefit", "equal", "employer_text") or not (match := pattern.search(one.unit.text)):
            continue
        group = next(name for name, text in match.groupdict().items() if text)
        value = _WHO_ENDS.sub("", match[group]).rstrip(" ,.")
        if len(value.split()) <= 12:
            start = one.unit.offset + match.start(group)
            return fact(kind, value, places.of(one.unit.block, start, start + len(value)), 0.75, role=role)
    return None


def _by_label(kind: str, label: str, labelled: Sequence[Labelled], places: Places, role: int) -> Fact | None:
    likely = [one for one in labelled[:40] if one.label == label and one.confidence >= 0.6 and one.unit.of == 1]
    best = max(likely, key=lambda one: one.confidence, default=None)
    if best is None or len(best.unit.text.split()) > _LONGEST[kind] or not _SHAPES[kind].search(best.unit.text):
        return None
    if bool(_ORGANISATION.search(best.unit.text)) != (kind == "employer") or title_strength(best.unit.text) >= _JOB:
        return None
    return fact(
        kind, best.unit.text.strip(" *"), places.of_unit(best.unit), round(0.6 + 0.25 * best.confidence, 2), role=role
    )
