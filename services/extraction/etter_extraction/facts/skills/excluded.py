"""What is never a skill, whatever a model says: protected traits, benefits, pay, the employer's own words."""

from __future__ import annotations

import re
from typing import Final

_TRAIT: Final = re.compile(
    r"\b(?:race|racial|colou?r|relig\w+|belief|creed|sex|sexual\w*|gender\w*|orientation|national origin|nationality|ethnic\w*|ancestry|age|aged|marital|marriage|civil partnership|"
    r"pregnan\w+|maternity|paternity|parental|disab\w+|veterans?|military status|genetic\w*|protected|transgender|lgbt\w*|citizenship|minorit\w+|women|men|male|female|black|asian|"
    r"diverse|diversity|inclusi\w+|equity|equal\w*|belonging|discriminat\w+|harassment|accommodations?|accessib\w+ (?:needs|requirements)|backgrounds?|criminal|conviction|applicants?|"
    r"affirmative|eeo|eoe)\b",
    re.IGNORECASE,
)
_OFFER: Final = re.compile(
    r"\b(?:401|403|pension|insurance|medical|dental|vision|holidays?|vacation|annual leave|paid|leave|bonus\w*|perks?|benefits?|allowance|discounts?|gym|salary|compensation|stock options?|equity|"
    r"pto|sick|parking|season ticket|childcare|wellness|retirement|tuition|reimbursement|relocation|stipend|commut\w+|cycle to work|free (?:coffee|fruit|lunch)|career (?:progression|growth|development)|"
    r"flexible (?:working|hours|schedule)|remote(?:ly)?|hybrid|visa|sponsorship|work[- ]life|life assurance|health ?care plan|growth opportunities)\b",
    re.IGNORECASE,
)
_SKILL_OF_TRAIT: Final = re.compile(
    r"\b(?:manage|managing|administer|promot\w+|knowledge of|design|advis\w+|teach\w+|analysis|training|payroll|law|legislation|recruit\w+|policy|policies|underwriting|claims?|nurs\w+|care|studies|coding|records?|devices?|imaging|"
    r"engineering|terminology|computer vision|support(?:ing)? people)\b",
    re.IGNORECASE,
)
_NOTHING: Final = re.compile(
    r"^\W*(?:skills?|knowledge|experience|ability|abilities|requirements?|qualifications?|degree|years?|work(?:ing)?|team|job|role|company|position|required|preferred|desired|essential|desirable|technologies|"
    r"tools?|software|languages?|etc|other|good|strong|excellent|related field|similar|equivalent|university|business|environment|people|candidate|the|and|or|a|an|of|in|to|for|with|you|we|our|us|n/?a|none|"
    r"bachelor\S*|master\S*|degree|phd|diploma|full[- ]time|part[- ]time)?\W*$",
    re.IGNORECASE,
)


def is_excluded(name: str, sentence: str = "") -> bool:
    """Traits and benefits by themselves; `payroll and benefits administration` is work and stays."""
    if _NOTHING.match(name) or not re.search(r"[^\W\d_]", name):
        return True
    if _TRAIT.search(name):
        return not _SKILL_OF_TRAIT.search(name) or bool(_LAWFUL.search(sentence))
    return bool(_OFFER.search(name)) and not _SKILL_OF_TRAIT.search(name)


_LAWFUL: Final = re.compile(
    r"regardless|without regard|discriminat|equal opportunit|protected|on the basis of|all qualified applicants|encouraged? to apply|welcome applica",
    re.IGNORECASE,
)
