"""Words that headings, fields and job titles are made of. Hints for the models, and rules where the wording decides."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

MODELS: Final = Path(__file__).parent / "models"
_SECTIONS: Final[dict[str, re.Pattern[str]]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "equal": r"equal (?:employment )?opportunit|\beeo\b|divers(?:e|ity)|inclusi(?:on|ve)|non-?discrimination|"
        r"accommodation",
        "apply": r"how to apply|to apply\b|application|apply now|next steps|contact|closing date|interview|"
        r"recruitment process|deadline",
        "benefit": r"benefit|perks|what we offer|we offer|what.s in it|why (?:join|work)|what you.ll (?:get|receive)|"
        r"our offer|what you get|rewards?\b|unser angebot|wir bieten|nous offrons|ce que nous",
        "physical": r"physical|working conditions|work environment|environmental (?:conditions|factors)|travel|"
        r"hours of work|schedule|"
        r"conditions of employment|special (?:conditions|instructions|indications)|background check",
        "pay": r"^\W{0,9}(?:salary|pay|compensation|remuneration|wage|rate of pay|hiring range|pay range|gehalt|"
        r"vergütung)",
        "requirement": r"qualification|requirement|requires?d?\b|experience|education|person(?:al)? specification|"
        r"essential|desirable|"
        r"desired|preferred|preferences|about you|you have|you.ll (?:have|need|bring)|you bring|you will (?:have|need|"
        r"bring)|you need|"
        r"what (?:we.re|we are) looking for|who you are|who we.re|looking for|attributes|criteria|eligib|licen[sc]|"
        r"certific|"
        r"must have|nice to have|ideal candidate|candidate profile|your profile|what you.ll bring|bonus points|"
        r"ihr profil|anforderung|profil recherché|knowledge, skills",
        "skill": r"skills?\b|competenc|abilit(?:y|ies)|technolog|\btools\b|tech stack|software|knowledge|languages",
        "duty": r"dut(?:y|ies)|responsib|accountabilit|\btasks?\b|what you.ll (?:do|be doing)|what you will (?:do|"
        r"be doing)|"
        r"key activit|essential (?:job )?functions|job functions|main activit|day.to.day|you will\b\W{0,9}$|"
        r"in this role|"
        r"primary functions|"
        r"scope of work|expectations|deliverables|what (?:the job|you) (?:involves|do)|the role involves|job content|"
        r"major functions|typical work|work performed|the work\b|aufgaben|missions?\b|^\W{0,9}(?:position|job|"
        r"role) functions|your impact|"
        r"you.ll be|how you.ll|what will you do|role and function",
        "summary": r"summary|overview|purpose|objective|about (?:the|this) (?:role|job|position|opportunity)|(?:job|"
        r"position|role) description|"
        r"the role\b|introduction|position profile|^\W{0,9}description\W{0,9}$|background\b|general statement",
        "employer": r"about (?:us|the (?:company|team|organi[sz]ation|employer))|who we are|company|our (?:mission|"
        r"values|team|culture)|"
        r"the organi[sz]ation|^\W{0,9}about\b|department description|über uns",
    }.items()
}  # fmt: skip
_BOTH_DUTY_FIRST: Final = re.compile(
    r"dut(?:y|ies)|responsib|accountab|essential (?:job )?functions|what you.ll (?:do|be doing)", re.IGNORECASE
)
_FIELDS: Final[dict[str, str]] = {
    "title": r"(?:job|position|role|working|posting|official|class(?:ification)?|functional|business|payroll|"
    r"vacancy)\s{0,9}(?:title|name)|title(?: of (?:the )?(?:post|position|job|role))?|"
    r"(?:title|position|job|role|post|vacancy|opening)|stellenbezeichnung|position title|intitulé du poste|poste|"
    r"puesto|stanowisko|job name",
    "employer": r"employer|company(?: name)?|organi[sz]ation(?: name)?|agency|institution|firm|hiring organi[sz]ation|"
    r"arbeitgeber|unternehmen|entreprise|employeur",
    "department": r"department(?: name)?|dept\.?|division|team|business unit|function|directorate|unit|section|"
    r"faculty|office/?department|abteilung|department/division",
    "location": r"(?:job |work |primary |position |duty )?locations?|site|place of work|workplace|duty station|"
    r"based (?:in|at)|office location|city|arbeitsort|standort|lieu(?: de travail)?|ubicación|campus",
    "level": r"(?:pay |job |salary |position )?(?:grade|level|band)(?: level)?|pay scale (?:&|and) grade|job level|"
    r"classification level|seniority(?: level)?",
    "employment_type": r"(?:employment|contract|position|job|appointment|work|vacancy) (?:type|status|category)|"
    r"type of (?:contract|employment|position)|contract|employment status|hours|full[ -]?time/?part[ -]?time|"
    r"time type|schedule|work schedule|fte|vertragsart|status",
    "manager": r"reports? to|reporting to|reporting (?:line|relationship)s?|(?:line |hiring |direct |"
    r"immediate )?(?:manager|supervisor)(?:'s title)?|supervised by|responsible to|accountable to|supervisor title|"
    r"berichtet an|vorgesetzter?|rattachement",
    "pay": r"(?:annual |base |starting |hourly |monthly |hiring |target(?:ed)? |anticipated |expected |advertised |"
    r"minimum |budgeted |posted |approximate ){0,9}(?:salary|pay|compensation|wages?|remuneration|stipend|rate of pay|"
    r"gehalt|vergütung|salaire|rémunération|wynagrodzenie|lön|ote)(?: (?:range|rate|scale|band|package|details|grade|"
    r"information|minimum|and benefits|per annum|\(.{1,20}\))){0,9}|hiring range|pay rate|rate",
    "qualification": r"(?:required |minimum |preferred |desired )?(?:education|qualifications?|degree|licen[sc]es?|"
    r"certifications?)(?: (?:required|level|requirements?|and experience))?",
    "skill": r"(?:key |required |technical |core |essential |desired |preferred ){0,9}(?:skills?|competenc(?:y|ies)|"
    r"technologies|tools|languages|software|tech stack)",
    "other": r"(?:date|posted|posting|posted on|opening date|closing date|deadline|start date|requisition|"
    r"req\.? ?(?:id|no|number)?|job (?:id|code|number|req|family|category)|reference|ref|vacancy no|id|number|status|"
    r"date prepared|revised|effective|exempt|flsa(?: status)?|contact|e-?mail|phone|telephone|website|industry|"
    r"company size|union|bargaining unit|openings?|number of (?:openings|positions|vacancies)|travel|visa|experience|"
    r"supervises|prepared by|approved by|work schedule|working hours|remote|category|job type|version|owner|author)",
}  # fmt: skip
_DOCUMENT_NAMES: Final = r"role profile|job description|position description|job profile|job posting"
"""Name the title only with a colon after them; alone they are headings."""
_MARKED: Final = r"\s{0,9}(?:\*\*)?\s{0,9}(?:[:\t]|\s[–—-]\s)\s{0,9}(?:\*\*)?"
_FIELD: Final = {
    name: re.compile(
        rf"^[\s*#•>|-]{{0,30}}(?:{pattern}{'|' + _DOCUMENT_NAMES if name == 'title' else ''}){_MARKED}", re.I
    )
    for name, pattern in _FIELDS.items()
}
_NAME: Final = {
    name: re.compile(rf"^\W{{0,9}}(?:{pattern})\W{{0,9}}$", re.IGNORECASE) for name, pattern in _FIELDS.items()
}
_LAW: Final = re.compile(
    r"\brace\b|\breligio|\bsexual|gender identity|national origin|\bethnic|\bveteran|disabilit(?:y|ies)\b|"
    r"marital status|\bpregnan|"
    r"protected (?:class|characteristic|status|attribute|group|ground)|discriminat|equal (?:employment )?opportunit|"
    r"affirmative action|"
    r"genetic information|\bcolou?r\b,|reasonable (?:accommodation|adjustment)|\bEEO\b|\bEOE\b|minorit|"
    r"under-?represented|"
    r"\bcreed\b|\bancestry\b|geschlecht|\bbelong(?:ing)?\b|all backgrounds|\bm/[fw]/[dx]\b",
    re.IGNORECASE,
)  # fmt: skip
_TITLE_TAIL: Final = re.compile(
    r"\s{0,9}[(\[][^)\]]{0,99}[)\]]|\s{1,9}[-–—|/:]\s{1,9}.{0,300}$|,.{0,300}$|\s{1,9}(?:of|for|to|in|at|"
    r"with)\s.{0,300}$|\s{1,9}(?:[IVX]{1,99}|\d{1,40}|[A-C])$",
    re.IGNORECASE,
)


def section_of(heading: str) -> str | None:
    """What a section of that heading holds. `Duties and qualifications` holds duties first."""
    if _BOTH_DUTY_FIRST.search(heading) and len(heading.split()) <= 10:
        return "duty"
    return next((name for name, pattern in _SECTIONS.items() if pattern.search(heading)), None)


def field_of(text: str) -> tuple[str, int] | None:
    """The field that `Label: value` opens with, and where the value begins."""
    for name, pattern in _FIELD.items():
        if match := pattern.match(text):
            return name, match.end()
    return None


def field_named(text: str) -> str | None:
    """The field that a cell or a line of its own names: `Job title`, `Reports to:`."""
    return next((name for name, pattern in _NAME.items() if pattern.match(text)), None) if len(text) < 50 else None


def trait_or_law(text: str) -> bool:
    """Protected traits and the law that speaks of them."""
    return bool(_LAW.search(text))


@cache
def _heads() -> dict[str, float]:
    found: dict[str, float] = msgspec.json.decode((MODELS / "title_words.json").read_bytes())
    return found


def is_job_title(text: str) -> bool:
    """The last word of the name is one that job titles end with: `Senior Buyer, Textiles`, `Head of Claims`."""
    return title_strength(text) >= 0.5


def title_strength(text: str) -> float:
    """0..1: how much the words that a title would end with are those of job titles."""
    heads = _heads()
    best = 0.0
    core = _TITLE_TAIL.sub("", text).strip()
    for part in (core, *re.split(r"\s{0,9}[,/|–—]\s{0,9}|\s{1,9}-\s{1,9}", text)):
        words = re.findall(r"[^\W\d_]{1,99}", part.lower())
        for word in words[-1:] + words[:1]:
            strength = heads.get(word) or heads.get(word.removesuffix("s"), 0.0)
            best = max(best, strength if word == words[-1] else strength * 0.6)
    return best
