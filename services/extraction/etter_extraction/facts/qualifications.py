"""Qualifications: degrees, licences, certificates and years of experience that the text asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from etter_extraction.facts.labelling import Labelled
from etter_extraction.facts.model import Fact, fact
from etter_extraction.facts.units import Places

_ASKED = re.compile(
    r"\b(?:bachelor|master|doctora\w{0,40}|ph\.?\s?d|associate(?:'|’)?s degree|degree|diploma|b\.?sc\b|m\.?sc\b|"
    r"b\.?a\.?\b(?= (?:or|in|degree))|m\.?b\.?a\b|gcse|a-levels?|nvq|hnd|licen[sc]ed?|licensure|certificat\w{1,60}|"
    r"certified|chartered|accredited|qualified|registration with|registered (?:nurse|with)|apprenticeship|ged\b|"
    r"high school|ausbildung|studium|abschluss|diplôme|years?(?:'|’)?(?: of)? (?:\w{1,60} ){0,4}experience|"
    r"months of (?:\w{1,60} ){0,4}experience)",
    re.IGNORECASE,
)
_LONGEST, _MOST = 400, 40


def find(labelled: Sequence[Labelled], places: Places, *, role: int = 0) -> Iterator[Fact]:
    """Requirements that name a formal qualification or an amount of experience, as they are written."""
    seen: set[str] = set()
    for one in labelled:
        text = one.unit.text.strip()
        if one.label != "requirement" or len(text) > _LONGEST or not _ASKED.search(text) or text.endswith(":"):
            continue
        key = text.lower().rstrip(".")
        if key not in seen and len(seen) < _MOST:
            seen.add(key)
            yield fact("qualification", text, places.of_unit(one.unit), round(0.5 + 0.4 * one.confidence, 2), role=role)
