"""The title of a role: from a field, the layout or a sentence. Never made up, levels kept."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from etter_extraction.facts.fields import Field, fields_in
from etter_extraction.facts.labelling import Labelled
from etter_extraction.facts.lexicon import section_of, title_strength
from etter_extraction.facts.model import Fact, fact
from etter_extraction.facts.units import Places

_GENERIC = re.compile(
    r"^\W{0,9}(?:(?:job|position|role|post)s?\s{0,9})?(?:descriptions?|profiles?|postings?|announcements?|"
    r"specifications?|"
    r"summary|details?|advert\w{0,40}|"
    r"openings?|opportunit(?:y|ies)|vacanc(?:y|ies)|search|titles?|overview|board|listings?|information)?\W{0,9}$|"
    r"^\W{0,9}(?:careers?|home|about.{0,300}|dear .{0,300}|contents|welcome.{0,300}|introduction|human resources|"
    r"apply.{0,300}|employee|employer|"
    r"page \d.{0,300}|(?:full|part)[- ]time|draft|confidential)\W{0,9}$",
    re.IGNORECASE,
)  # fmt: skip
_BEFORE = re.compile(
    r"^\W{0,9}(?:(?:job|position|role|vacancy)\s{1,9}(?:description|profile|posting|specification|announcement|title|"
    r"advert(?:isement)?)(?:\s{1,9}for(?: the)?(?: position of)?)?|"
    r"vacancy|we(?:'|’)?(?:re| are) hiring|now hiring|job|position|post|role|careers?)\s{0,9}[:–—|-]\s{0,9}|"
    r"^\W{0,9}(?:job|position) (?:description|duties|profile|title)\s{1,9}(?:for\s{1,9})?(?=[A-Z])",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"\s{0,9}[-–—|:(]\s{0,9}(?:job|role|position) (?:description|profile|specification)\)?\s{0,9}$|\s{1,9}(?:job|"
    r"position|"
    r"role) (?:description|profile|posting|specification)(?: template)?\W{0,9}$|"
    r"\s{0,9}\((?:m/f/d|f/m/d|m/w/d|w/m/d|all genders|h/f|f/h)\)|"
    r"\s{0,9}[-–—]\s{0,9}(?:req(?:uisition)?\.?\s{0,9})?#?\d{4,}\s{0,9}$|"
    r"\s{0,9}\((?:req|job|ref)[^)]{0,99}\)\s{0,9}$|"
    r"\s{1,9}\|.{0,300}$|\s{1,9}in [A-Z][\w. ]{1,99},\s{0,9}[A-Z][\w. ]{1,99}$|\s{1,9}at [A-Z][\w.& ]{1,99}$|"
    r"\s{0,9}[(\[]\s{0,9}#?\d{4,}\s{0,9}[)\]]\s{0,9}$|"
    r"\s{0,9}[-–—:,]?\s{0,9}(?:full|part)[- ]time\s{0,9}$",
    re.IGNORECASE,
)
_SENTENCES: Final = re.compile(
    r"(?:\b(?:seek(?:s|ing)?|look(?:s|ing) for|hiring|recruit(?:s|ing)?|search(?:es|ing) for|(?:position|post|role|"
    r"job|opening|vacancy|opportunity) (?:of|for|as)|"
    r"applications? for|appoint|join (?:us|our team|the team) as)|^As|\bas)\s{1,9}(?:the\s{1,9}(?:position|post|"
    r"role) of\s{1,9})?(?:(?:an?|the|our|two|several|its)\s{1,9}|(?<=of )(?=[A-Z]))(?P<name>[^.,;:()]{3,90})|"
    r"^The\s{1,9}(?P<subject>[A-Z][^.,;:()]{2,60}?)\s{1,9}(?:is|will|reports|works|leads|provides|supports|oversees|"
    r"manages|"
    r"performs|has|serves|assists|ensures|supervises|coordinates|maintains)\b",
)
_LOOSE = frozenset({
    "a", "an", "the", "our", "new", "talented", "passionate", "experienced", "motivated", "dynamic", "skilled",
    "dedicated", "qualified", "enthusiastic", "creative", "self-motivated", "highly", "detail-oriented", "full-time",
    "part-time", "full", "time", "part", "permanent", "temporary", "seasonal", "fixed-term", "proactive", "driven",
    "committed", "reliable", "friendly", "exceptional", "strong", "ambitious", "and", "or", "hard-working",
    "professional", "energetic", "organised", "organized", "successful", "confident", "bright", "outstanding",
    "additional", "several", "suitable", "capable",
})  # fmt: skip
_DATE = re.compile(
    r"\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w{0,40}\.?\s{1,9}\d{1,2},?\s{1,9}\d{4}|"
    r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|^\W{0,9}\d[\d\W]{0,99}\w?$",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    r"\s{0,9}[-–—,(|]?\s{0,9}(?:job|req(?:uisition)?|position|vacancy|ref(?:erence)?|posting)\.?\s{0,9}(?:number|"
    r"no\.?|id|#|code)\b.{0,300}$",
    re.IGNORECASE,
)
_LONGEST_WORDS, _LONGEST = 14, 120
_EARLY = 45
_LEAST = 0.45


@dataclass(frozen=True)
class Candidate:
    text: str
    fact: Fact
    score: float
    in_sentence: bool = False


def find(labelled: Sequence[Labelled], places: Places, filename: str, *, role: int = 0) -> Fact | None:
    """The most convincing title of one role's part of the document."""
    found = [
        *_from_fields(labelled, places, role),
        *_from_layout(labelled, places, filename, role),
        *_from_sentences(labelled, places, role),
    ]
    named = [one.text.lower() for one in found if one.in_sentence]
    best = max(
        found,
        key=lambda one: one.score + 0.2 * (not one.in_sentence and any(n in one.text.lower() for n in named)),
        default=None,
    )
    if best is None or best.score < _LEAST:
        return None
    fuller = [
        one for one in found if one.score > best.score - 0.3 and one.text.lower().startswith(best.text.lower() + ",")
    ]
    return max([best, *fuller], key=lambda one: len(one.text)).fact


def tidy(title: str) -> str:
    """The name alone: without `Job description:`, requisition numbers and gender marks."""
    title = _NUMBER.sub("", " ".join(title.strip(" \t*#_").split()))
    for _ in range(2):
        title = _AFTER.sub("", _BEFORE.sub("", title)).strip(" :–—|-*#_,")
    return title


def is_plausible(title: str) -> bool:
    words = title.split()
    return (
        0 < len(words) <= _LONGEST_WORDS
        and 2 <= len(title) <= _LONGEST
        and bool(re.search(r"[^\W\d_]{2}", title))
        and not _GENERIC.match(title)
        and not _DATE.search(title)
        and not re.search(r"@|https?:|\bwww\.|[.!?]$", title.removesuffix("Jr.").removesuffix("Sr."))
    )


def same(one: str, other: str) -> bool:
    return re.findall(r"\w{1,60}", one.lower()) == re.findall(r"\w{1,60}", other.lower())


def _from_fields(labelled: Sequence[Labelled], places: Places, role: int) -> Iterator[Candidate]:
    for one in fields_in(labelled):
        title = tidy(one.value)
        if one.name != "title" or not is_plausible(title) or (not title[:1].isupper() and not title[:1].isdigit()):
            continue
        strength = title_strength(title)
        doubtful = strength < 0.5 and (one.apart or section_of(title) is not None)
        if not doubtful:
            yield Candidate(
                title,
                _fact(title, one, places, role, 0.95 if strength >= 0.5 else 0.88),
                1.2 + 0.1 * strength - 0.001 * one.at,
            )


def _fact(title: str, one: Field, places: Places, role: int, confidence: float) -> Fact:
    return fact("title", title, one.span(places), confidence, role=role)


def _from_layout(labelled: Sequence[Labelled], places: Places, filename: str, role: int) -> Iterator[Candidate]:
    early = labelled[:_EARLY]
    largest = max((one.unit.block.size for one in early if one.unit.is_heading), default=1.0)
    mentions = _mentions(labelled)
    for at, one in enumerate(early):
        if one.unit.of > 1 or (one.unit.is_item and one.label != "title"):
            continue
        title = tidy(one.unit.text)
        if (
            not is_plausible(title)
            or not title[:1].isupper()
            or (":" in title and one.unit.text.rstrip().endswith(":"))
        ):
            continue
        strength = title_strength(title)
        if strength < 0.3 and (one.label != "title" or one.confidence < 0.6 or section_of(title)):
            continue
        size = 0.25 if one.unit.block.size >= largest - 0.01 and largest > 1.15 else 0.0
        heading = 0.1 if one.unit.is_heading else 0.0
        model = 0.3 * (one.confidence if one.label == "title" else 0.0)
        repeated = 0.15 if mentions[_key(title)] > 1 else 0.0
        named = 0.1 * _overlap(title, filename)
        score = 0.35 * strength + size + heading + model + repeated + named - 0.003 * at
        confidence = round(min(0.92, 0.45 + 0.45 * score), 2)
        yield Candidate(title, fact("title", title, places.of_unit(one.unit), confidence, role=role), score)


def _mentions(labelled: Sequence[Labelled]) -> Counter[str]:
    """How often a title's words are said in the text: short lines, and names in sentences."""
    text = " ".join(f" {_key(one.unit.text)} " for one in labelled)
    return Counter(
        {_key(tidy(one.unit.text)): text.count(f" {_key(tidy(one.unit.text))} ") for one in labelled[:_EARLY]}
    )


def _key(text: str) -> str:
    return " ".join(re.findall(r"\w{1,60}", text.lower()))


def _overlap(title: str, filename: str) -> float:
    words = set(re.findall(r"[^\W\d_]{3,}", title.lower()))
    named = set(re.findall(r"[^\W\d_]{3,}", PurePosixPath(filename).stem.lower()))
    return len(words & named) / len(words) if words else 0.0


def _from_sentences(labelled: Sequence[Labelled], places: Places, role: int) -> Iterator[Candidate]:
    for at, one in enumerate(labelled[:80]):
        if one.label in ("benefit", "equal"):
            continue
        for match in _SENTENCES.finditer(one.unit.text):
            group = "name" if match["name"] else "subject"
            name = _name_in(match[group])
            if name is None:
                continue
            start = one.unit.offset + match.start(group) + match[group].index(name)
            span = places.of(one.unit.block, start, start + len(name))
            score = 0.36 + 0.15 * title_strength(name) - 0.002 * at + (0.05 if name[:1].isupper() else 0)
            yield Candidate(
                name, fact("title", name[:1].upper() + name[1:], span, 0.7, role=role), score, in_sentence=True
            )


def _name_in(phrase: str) -> str | None:
    """The words that make up a title in the rest of a sentence: `talented Web Developer to join …`."""
    words = phrase.split()
    ends = [at for at, word in enumerate(words[:9]) if title_strength(word) >= 0.5 and word.lower() not in _LOOSE]
    if not ends:
        return None
    end = ends[0]
    while end + 1 in ends:
        end += 1
    first = end
    while (
        first > 0
        and words[first - 1].lower() not in _LOOSE
        and (words[first - 1][:1].isupper() or not words[end][:1].isupper())
        and end - first < 5
    ):
        first -= 1
    name = " ".join(words[first : end + 1])
    return name if len(name) >= 5 and name in phrase and re.match(r"[^\W\d_]", name) else None
