"""What a job description says of its role: title, place, pay, skills. A title is never made up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from etter_extraction.facts.lines import Item, Line, items_of
from etter_extraction.facts.model import Fact, Span, fact
from etter_extraction.facts.numbers import currency, number
from etter_extraction.facts.sections import Section, kind_of

_LABELS = {
    "title": r"(?:job|position|role|working|posting|official|class)\s*title|title|position|job|role|vacancy|post",
    "department": r"department|division|team|business unit|function|directorate|unit",
    "location": r"(?:job |work |primary )?location|site|place of work|duty station|based (?:in|at)",
    "level": r"(?:pay |job |salary )?(?:grade|level|band)",
    "employment_type": r"(?:employment|contract|position|job) type|contract|hours|employment status",
}
_LABELLED = {
    kind: re.compile(rf"^[\s*#•-]*(?:{names})(?: {{0,20}}[:\t]|\s{{1,20}}[–—-]\s)\s*(.*)", re.IGNORECASE)
    for kind, names in _LABELS.items()
}
_JOB_WORDS = re.compile(
    r"\b(manager|engineer|developer|analyst|specialist|director|officer|assistant|coordinator|administrator|technician|"
    r"clerk|supervisor|scientist|designer|architect|consultant|representative|operator|operative|driver|nurse|teacher|"
    r"accountant|adviser|advisor|associate|intern|head of|lead|leader|curator|planner|buyer|technologist|mechanic|chef|"
    r"executive|inspector|agent|librarian|writer|editor|programmer|researcher|professor|controller|recruiter|auditor|"
    r"worker|picker|packer|electrician|cleaner|cook|baker|butcher|secretary|receptionist|partner|owner|strategist)s?\b",
    re.IGNORECASE,
)
_NOT_TITLES = re.compile(
    r"^(job|position|role)? ?(description|profile|posting|announcement|specification|summary|details?|advert\w*)s?$|"
    r"^(about|overview|summary|introduction|home|careers?|contents|vacanc)|university|museum|institut|"
    r"department of|\.$",
    re.IGNORECASE,
)
# of a text with single blanks
_AROUND = re.compile(
    r"^(?:job (?:description|profile|posting|title)|position description|vacancy|role profile) ?[:–—|-] ?|"
    r" ?[-–—|:(] ?(?:job|role|position) (?:description|profile)\)?$| job description(?: template)?$|"
    r" ?\((?:m/f/d|f/m/d|m/w/d)\)",
    re.IGNORECASE,
)
_MONEY = r"(?:(US\$|[$£€]|USD|GBP|EUR)\s?)?(\d[\d,.' ]{0,30}\d|\d)\s?(k\b)?"
_RANGE = re.compile(rf"{_MONEY}(?:\.00)?\s{{0,20}}(?:-|–|—|to|and|through)\s{{0,20}}{_MONEY}", re.IGNORECASE)
_SINGLE = re.compile(r"(US\$|[$£€])\s?(\d[\d,.]*\d)\s?(k\b)?", re.IGNORECASE)
_PERIODS = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in (
    ("hour", r"per hour|/\s?h(?:ou)?r|hourly|an hour"), ("day", r"per day|daily"), ("week", r"per week|weekly"),
    ("month", r"per month|monthly|/\s?mo(?:nth)?\b"),
    ("year", r"per (?:year|annum)|/\s?y(?:ea)?r|annual|yearly|p\.?a\.?\b"),
)}  # fmt: skip
_SPEAKS_OF_PAY = re.compile(
    r"salary|\bpay\b|compensation|stipend|wage|rate|hour|annual|per year|/yr|USD", re.IGNORECASE
)
_HOURLY_BELOW, _WIDEST = 300, 5
_FIRST_LINES = 15


def find_title(lines: Sequence[Line], headings: Sequence[str]) -> Fact | None:
    """By label, then by the format's headings, then by a prominent early line that names a job."""
    if labelled := _labelled("title", lines[:60]):
        return labelled
    marked = {" ".join(heading.split()) for heading in headings[:3]}
    for line in lines[: _FIRST_LINES * 4]:
        if line.clean.strip("# ") in marked and _names_a_job(line.clean.strip("# ")):
            return _title(line, 0.85)
    early = [line for line in lines[:_FIRST_LINES] if _names_a_job(line.clean.strip("#* "))]
    return _title(early[0], 0.7) if early else None


def find_labels(lines: Sequence[Line]) -> Iterator[Fact]:
    for kind in ("department", "location", "level", "employment_type"):
        if found := _labelled(kind, lines[:120]):
            yield found


def find_pay(lines: Sequence[Line]) -> Fact | None:
    """The first range whose ends are near each other; else the first amount on a line that speaks of pay."""
    for line in lines:
        for match in _RANGE.finditer(line.text):
            low, high = _amount(match[2], match[3] or match[6]), _amount(match[5], match[6])
            sign = match[1] or match[4]
            if sign and low and high and low <= high < low * _WIDEST and high > 5:
                return _pay(line, match, low, high)
    for line in lines:
        if re.search(
            r"salary|\bpay\b|compensation|stipend|wage|rate|hour|annual|per year|/yr|USD", line.text, re.IGNORECASE
        ):
            single = _SINGLE.search(line.text)
            if single and (amount := _amount(single[2], single[3])) and amount > 5:
                return _pay(line, single, amount, amount)
    return None


def find_skills(sections: Sequence[Section], pages: dict[int, str]) -> Iterator[Fact]:
    """Short names from skill sections, each once."""
    seen: set[str] = set()
    for section in sections:
        if section.kind != "skills":
            continue
        for item in items_of(section.lines, pages):
            for name, span in _skills_in(item):
                if name.lower() not in seen:
                    seen.add(name.lower())
                    yield fact("skill", name, span, 0.6)


def _skills_in(item: Item) -> Iterator[tuple[str, Span]]:
    parts = re.split(r",|;|\s•\s", item.span.quote) if len(item.text.split()) > 6 else [item.span.quote]
    offset = 0
    for part in parts:
        start = item.span.quote.index(part, offset)
        offset = start + len(part)
        raw = part.strip(" .:–-\n")
        raw = re.sub(
            r"^(?:and|or|good|strong|excellent|proven|demonstrated|basic|solid)\s+", "", raw, flags=re.IGNORECASE
        )
        name = " ".join(raw.split())
        if raw and 1 <= len(name.split()) <= 5 and re.search(r"[A-Za-z]{2}", name) and not re.search(r"\d{2,}", name):
            begin = item.span.start + start + part.index(raw)
            yield name, Span(item.span.page, begin, begin + len(raw), raw)


def _labelled(kind: str, lines: Sequence[Line]) -> Fact | None:
    for position, line in enumerate(lines):
        match = _LABELLED[kind].match(line.text)
        if not match or (kind == "title" and kind_of(line.clean) == "duties"):
            continue
        value, start = match[1].split("\t")[0], line.start + match.start(1)
        if not value.strip() and position + 1 < len(lines):
            line = lines[position + 1]
            value, start = line.text, line.start
        value = re.split(
            r"\s{3,}|\s\|\s|(?<=\w)\s{1,9}(?=(?:Department|Location|Grade|Reports to|Salary|Date)\s{0,9}:)", value
        )[0].rstrip(" *.")
        start += len(value) - len(value.lstrip(" *"))
        value = value.strip(" *")
        plausible = 0 < len(value) <= 120 and len(value.split()) <= 14 and re.search(r"[A-Za-z]", value)
        if plausible and (kind != "title" or (value[:1].isupper() and not _NOT_TITLES.search(value))):
            span = Span(line.page, start, start + len(value), value)
            return fact(kind, _tidy(value) if kind == "title" else " ".join(value.split()), span, 0.92)
    return None


def _names_a_job(text: str) -> bool:
    plain = _AROUND.sub("", " ".join(text.split())).strip()
    if not plain or len(plain.split()) > 12 or _NOT_TITLES.search(plain) or kind_of(plain) in ("duties", "skills"):
        return False
    return bool(_JOB_WORDS.search(plain)) and plain[:1].isupper() and not re.search(r"[a-z]{3}\. |: ", plain)


def _title(line: Line, confidence: float) -> Fact:
    raw = line.text.strip("#* \t")
    start = line.start + line.text.index(raw)
    return fact("title", _tidy(raw), Span(line.page, start, start + len(raw), raw), confidence)


def _tidy(title: str) -> str:
    return _AROUND.sub("", " ".join(title.split())).strip(" :–—-|")


def _amount(text: str, thousands: str | None) -> float | None:
    value = number(text)
    return value * 1000 if value is not None and thousands else value


def _pay(line: Line, match: re.Match[str], low: float, high: float) -> Fact:
    around = line.text[max(0, match.start() - 60) : match.end() + 60]
    period = next((name for name, pattern in _PERIODS.items() if pattern.search(around)), None)
    value = {
        "low": low, "high": high, "currency": currency(match[0]) or "USD",
        "period": period or ("hour" if high < _HOURLY_BELOW else "year"),
    }  # fmt: skip
    span = Span(line.page, line.start + match.start(), line.start + match.end(), match[0])
    return fact("pay", value, span, 0.9 if low < high else 0.75)
