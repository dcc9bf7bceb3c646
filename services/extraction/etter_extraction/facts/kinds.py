"""What a document is: a suggestion with its confidence. Facts are kept whatever it says."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from etter_extraction.facts.labelling import Labelled
from etter_extraction.facts.lexicon import field_of, section_of
from etter_extraction.facts.model import Fact

Kind = Literal["job_description", "resume", "other"]
_RESUME_HEADING: Final = re.compile(
    r"^\W{0,9}(?:(?:professional|work|employment|relevant|career|industry|academic)?\s{0,9}(?:experience|history)|"
    r"education(?: (?:and|&) \w{1,60})?|academic background|projects|objective|career objective|"
    r"(?:professional )?summary|profile|personal (?:details|statement|profile|information)|skills|technical skills|"
    r"references|hobbies|interests|publications|languages|certifications?|"
    r"achievements|volunteer(?:ing)?(?: experience)?|featured skills|curriculum vitae|résumé|resume|cv|"
    r"work experiences?|awards(?: (?:and|&) honou?rs)?|extracurricular\w{0,40}|berufserfahrung|ausbildung|"
    r"expérience professionnelle|formation)\W{0,9}$",
    re.IGNORECASE,
)
_OWN_HEADING: Final = re.compile(
    r"work experience|employment history|professional experience|career (?:objective|history)|curriculum vitae|"
    r"^\W{0,9}(?:résumé|resume|cv)\W{0,9}$|objective|hobbies|references|berufserfahrung|expérience professionnelle",
    re.IGNORECASE,
)
_SPAN: Final = re.compile(
    r"(?:\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w{0,40}\.?,?\s{1,9}\d{4}|\b\d{1,2}/\d{4}|\b(?:19|"
    r"20)\d\d)\s{0,9}(?:-|–|—|to|until)\s{0,9}(?:present|current|now|today|date|"
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\w{0,40}\.?,?\s{1,9}\d{4}|\d{1,2}/\d{4}|(?:19|20)\d\d)",
    re.IGNORECASE,
)
_ADDRESS: Final = re.compile(
    r"[\w.+-]{1,99}@[\w-]{1,99}\.\w{2,9}|linkedin\.com/in/|github\.com/\w{1,60}|\+?\d[\d ()-]{8,30}\d"
)
_OFFERS: Final = re.compile(
    r"we(?:'|’)?(?:re| are) (?:looking for|seeking|hiring|recruiting)|\bseeks?\b|is seeking|successful (?:candidate|"
    r"applicant)|ideal candidate|you will\b|you(?:'|’)ll\b|applicants?\b|to apply\b|"
    r"apply (?:now|by|online|here)|reports? (?:directly )?to|the (?:post|job|role)[- ]?holder|position (?:is|will|"
    r"requires)|this (?:position|role|job|post)\b|the incumbent|job (?:title|description|summary|purpose)|"
    r"position (?:title|description|summary)|vacancy|equal opportunity employer|person specification|must be able to|"
    r"is responsible for|responsibilities include|the (?:role|position) (?:is|will|requires)",
    re.IGNORECASE,
)
_OTHER: Final = re.compile(
    r"standard operating procedure|\bSOP\b|this procedure|procedure\s{0,9}:|^\W{0,9}procedures?\W{0,9}$|this policy|"
    r"policy (?:statement|applies)|"
    r"newsletter|\bissue \d|\bedition\b|\bvolume \d|minutes of|\bagenda\b|\binvoice (?:no|number|date|to)\b|"
    r"^\W{0,9}invoice\W{0,9}$|"
    r"^\W{0,9}dear\b|yours (?:sincerely|faithfully)|i am writing to|press release|click (?:on )?|select (?:the|from)|"
    r"\bstep \d|purchase order|"
    r"terms and conditions|this agreement|hereby|\bhereinafter\b|table of contents|\bchapter\b|abstract\b|"
    r"annual report|"
    r"how[- ]to|user guide|(?:user|instruction|employee) (?:manual|handbook)|subscribe|unsubscribe|upcoming events|"
    r"happy birthday|"
    r"welcome to our new|new faces|quarter(?:ly)? results|checklist|wage (?:table|scale|schedule)|pay (?:table|scales|"
    r"schedule)|"
    r"salary schedule|work instruction|meeting notes|attendees|action items|lecture|homework|recipe|\bfaq\b|"
    r"questionnaire|"
    r"survey results|in this paper|figure \d|performance (?:review|appraisal)|appraisal form|self[- ]assessment",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class Judgement:
    kind: Kind
    confidence: float


def judge(labelled: Sequence[Labelled], facts: Sequence[Fact]) -> Judgement:
    """Weigh what speaks for a posting, for a résumé and for anything else."""
    text = "\n".join(one.unit.text for one in labelled)
    scores: dict[Kind, float] = {
        "job_description": _posting(labelled, facts, text),
        "resume": _resume(labelled, text),
        "other": _other(labelled, text),
    }
    ranked = sorted(scores.items(), key=lambda item: -item[1])
    (kind, best), (_, second) = ranked[0], ranked[1]
    return Judgement(kind, round(min(0.97, 0.5 + 0.08 * (best - second)), 2))


def _posting(labelled: Sequence[Labelled], facts: Sequence[Fact], text: str) -> float:
    headings = [
        section_of(one.unit.text) for one in labelled if one.label == "heading" and len(one.unit.text.split()) <= 9
    ]
    types = {one.type for one in facts}
    tasks = sum(one.type == "task" and one.confidence >= 0.7 for one in facts)
    title = next((one.confidence for one in facts if one.type == "title"), 0.0)
    fields = {found[0] for one in labelled[:80] if (found := field_of(one.unit.text))}
    score = (
        1.5 * ("duty" in headings)
        + 1.0 * ("requirement" in headings)
        + 0.5 * ("benefit" in headings)
        + 0.5 * ("apply" in headings)
    )
    score += (
        min(tasks, 5) * 0.4
        + 1.5 * title
        + 0.8 * ("pay" in types)
        + 0.4 * ("skill" in types)
        + 0.3 * ("manager" in types)
    )
    if not title and "duty" not in headings:
        score -= 1.0
    score += 1.2 * ("title" in fields) + 0.25 * len(
        fields & {"department", "location", "level", "employment_type", "manager"}
    )
    return score + 0.45 * min(len({match[0].lower() for match in _OFFERS.finditer(text)}), 6)


def _resume(labelled: Sequence[Labelled], text: str) -> float:
    lines = [one.unit.text for one in labelled if one.unit.of == 1 and len(one.unit.text.split()) <= 6]
    headings = {line.strip(" :#*").lower() for line in lines if _RESUME_HEADING.match(line)}
    own = sum(bool(_OWN_HEADING.search(line)) for line in headings)
    top = "\n".join(one.unit.text for one in labelled[:12])
    score = 0.7 * min(len(headings), 5) + 1.2 * min(own, 2) + 0.9 * min(len(_SPAN.findall(text)), 4)
    score += 2.0 * bool(_ADDRESS.search(top)) + 1.0 * bool(
        re.search(r"\b(?:curriculum vitae|résumé|resume)\b", top, re.IGNORECASE)
    )
    if _OFFERS.search(text):
        score -= 0.5 * min(len({match[0].lower() for match in _OFFERS.finditer(text)}), 6)
    return score - 0.5 + (0.7 if not _SPAN.search(text) and own == 0 else 0) * -1


def _other(labelled: Sequence[Labelled], text: str) -> float:
    words = max(len(text.split()), 1)
    marks = [match[0].lower() for match in _OTHER.finditer(text)]
    top = " ".join(one.unit.text for one in labelled[:6])
    score = 2.2 + 0.7 * min(len(set(marks)), 5) + 1.5 * bool(_OTHER.search(top)) + min(100 * len(marks) / words, 2.0)
    return score + (1.0 if words < 25 and not any(one.label == "duty" for one in labelled) else 0.0)
