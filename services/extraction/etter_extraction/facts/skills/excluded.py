"""What is never a skill, whatever a model says: protected traits, benefits, pay, the employer's own words."""

from __future__ import annotations

import re
from typing import Final

_TRAIT: Final = re.compile(
    r"\b(?:race|racial|colou?r|relig\w+|belief|creed|sex|sexual\w*|gender\w*|orientation|national origin|nationality|"
    r"ethnic\w*|ancestry|age|aged|marital|marriage|civil partnership|"
    r"pregnan\w+|maternity|paternity|parental|disab\w+|veterans?|military status|genetic\w*|protected|transgender|"
    r"lgbt\w*|citizenship|minorit\w+|women|men|male|female|black|asian|"
    r"diverse|diversity|inclusi\w+|equity|equal\w*|belonging|discriminat\w+|harassment|accommodations?|"
    r"accessib\w+ (?:needs|requirements)|backgrounds?|criminal|conviction|applicants?|"
    r"affirmative|eeo|eoe)\b",
    re.IGNORECASE,
)
_OFFER: Final = re.compile(
    r"\b(?:401|403|pension|insurance|medical|dental|vision|holidays?|vacation|annual leave|paid|leave|bonus\w*|perks?|"
    r"benefits?|allowance|discounts?|gym|salary|compensation|stock options?|equity|"
    r"pto|sick|parking|season ticket|childcare|wellness|retirement|tuition|reimbursement|relocation|stipend|commut\w+|"
    r"cycle to work|free (?:coffee|fruit|lunch)|career (?:progression|growth|development)|"
    r"flexible (?:working|hours|schedule)|remote(?:ly)?|hybrid|visa|sponsorship|work[- ]life|life assurance|"
    r"health ?care plan|growth opportunities)\b",
    re.IGNORECASE,
)
_SKILL_OF_TRAIT: Final = re.compile(
    r"\b(?:manage|managing|administer|promot\w+|knowledge of|design|advis\w+|teach\w+|analysis|training|payroll|law|"
    r"legislation|recruit\w+|policy|policies|underwriting|claims?|nurs\w+|care|studies|coding|records?|devices?|"
    r"imaging|"
    r"engineering|terminology|computer vision|support(?:ing)? people)\b",
    re.IGNORECASE,
)
_NOTHING: Final = re.compile(
    r"^\W*(?:skills?|knowledge|experience|ability|abilities|requirements?|qualifications?|degree|years?|work(?:ing)?|"
    r"team|job|role|company|position|required|preferred|desired|essential|desirable|technologies|"
    r"tools?|software|languages?|etc|other|good|strong|excellent|related field|similar|equivalent|university|business|"
    r"environment|people|candidate|the|and|or|a|an|of|in|to|for|with|you|we|our|us|n/?a|none|"
    r"each|effectively|independently|ability to|able to|working with|work with|working in|related fields?|"
    r"full[- ]time|part[- ]time|\S+ly|yes|no)?\W*$",
    re.IGNORECASE,
)


_DEGREE: Final = re.compile(
    r"\b(?:bachelor\S*|master(?:'|’)?s\b|masters? (?:degree|in|of)|ph\.?d|doctora\w+|degrees?|diplomas?|gcse\w*|"
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
