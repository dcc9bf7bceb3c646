"""What is never a skill, whatever a model says: protected traits, benefits, pay, the employer's own words."""

from __future__ import annotations

import re
from typing import Final

_TRAIT: Final = re.compile(
    r"\b(?:race|racial|colou?r|relig\w{1,60}|belief|creed|sex|sexual\w{0,40}|gender\w{0,40}|orientation|"
    r"national origin|nationality|"
    r"ethnic\w{0,40}|ancestry|age|aged|marital|marriage|civil partnership|"
    r"pregnan\w{1,60}|maternity|paternity|parental|disab\w{1,60}|veterans?|military status|genetic\w{0,40}|protected|"
    r"transgender|"
    r"lgbt\w{0,40}|citizenship|minorit\w{1,60}|women|men|male|female|black|asian|"
    r"diverse|diversity|inclusi\w{1,60}|equity|equal\w{0,40}|belonging|discriminat\w{1,60}|harassment|accommodations?|"
    r"accessib\w{1,60} (?:needs|requirements)|backgrounds?|criminal|conviction|applicants?|"
    r"affirmative|eeo|eoe)\b",
    re.IGNORECASE,
)
_OFFER: Final = re.compile(
    r"\b(?:401|403|pension|insurance|medical|dental|vision|holidays?|vacation|annual leave|paid|leave|bonus\w{0,40}|"
    r"perks?|"
    r"benefits?|allowance|discounts?|gym|salary|compensation|stock options?|equity|"
    r"pto|sick|parking|season ticket|childcare|wellness|retirement|tuition|reimbursement|relocation|stipend|"
    r"commut\w{1,60}|"
    r"cycle to work|free (?:coffee|fruit|lunch)|career (?:progression|growth|development)|"
    r"flexible (?:working|hours|schedule)|remote(?:ly)?|hybrid|visa|sponsorship|work[- ]life|life assurance|"
    r"health ?care plan|growth opportunities)\b",
    re.IGNORECASE,
)
_SKILL_OF_TRAIT: Final = re.compile(
    r"\b(?:manage|managing|administer|promot\w{1,60}|knowledge of|design|advis\w{1,60}|teach\w{1,60}|analysis|"
    r"training|payroll|law|"
    r"legislation|recruit\w{1,60}|policy|policies|underwriting|claims?|nurs\w{1,60}|care|studies|coding|records?|"
    r"devices?|"
    r"imaging|"
    r"engineering|terminology|computer vision|support(?:ing)? people)\b",
    re.IGNORECASE,
)
_NOTHING: Final = re.compile(
    r"^\W{0,9}(?:skills?|knowledge|experience|ability|abilities|requirements?|qualifications?|degree|years?|"
    r"work(?:ing)?|"
    r"team|job|role|company|position|required|preferred|desired|essential|desirable|technologies|"
    r"tools?|software|languages?|etc|other|good|strong|excellent|related field|similar|equivalent|university|business|"
    r"environment|people|candidate|the|and|or|a|an|of|in|to|for|with|you|we|our|us|n/?a|none|"
    r"each|effectively|independently|ability to|able to|working with|work with|working in|related fields?|"
    r"full[- ]time|part[- ]time|\S{1,99}ly|yes|no)?\W{0,9}$",
    re.IGNORECASE,
)


_DEGREE: Final = re.compile(
    r"\b(?:bachelor\S{0,99}|master(?:'|’)?s\b|masters? (?:degree|in|of)|ph\.?d|doctora\w{1,60}|degrees?|diplomas?|"
    r"gcse\w{0,40}|"
    r"a-levels?|high school|ged|years?(?:'|’)?|months?|years? of|licen[sc]es?|coursework|graduates?)\b",
    re.IGNORECASE,
)
"""Qualifications: facts of their own."""


def is_excluded(name: str, sentence: str = "") -> bool:
    """Traits and benefits by themselves; `payroll and benefits administration` is work and stays."""
    if _NOTHING.match(name) or _DEGREE.search(name) or not re.search(r"[^\W\d_]", name):
        return True
    if _TRAIT.search(name):
        return not _SKILL_OF_TRAIT.search(name) or bool(_LAWFUL.search(sentence))
    return bool(_OFFER.search(name)) and not _SKILL_OF_TRAIT.search(name)


_LAWFUL: Final = re.compile(
    r"regardless|without regard|discriminat|equal opportunit|protected|on the basis of|all qualified applicants|"
    r"encouraged? to apply|welcome applica",
    re.IGNORECASE,
)
