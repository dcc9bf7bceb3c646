"""What the values of a column look like: a sample over the whole column, counted."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SAMPLE: Final = 2_000
_NUMBER: Final = re.compile(r"[-+]?[\d][\d.,'’\s\u00a0\u202f]*")
_MONEY: Final = re.compile(r"[$£€¥₹]|\b(?:USD|GBP|EUR|CHF|CAD|AUD|NZD|INR|SEK|NOK|DKK|PLN|JPY|ZAR|SGD|HKD)\b|\bkr\b|zł")
_DATE: Final = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4}")
_STATUS: Final = re.compile(
    r"(?:in)?active|terminated|resigned|retired|leaver|left|vacant|filled|frozen|on leave|leave of absence|employed|"
    r"current|former|suspended|aktiv|ausgeschieden|actif|sorti|activo|baja|open|occupied|voluntarily terminated|"
    r"terminated for cause|future start|maternity leave|notice|deceased|dismissed|laid off|inaktiv|inactif|inactivo",
    re.IGNORECASE,
)
_PERIOD: Final = re.compile(
    r"salar(?:y|ied)|hourly|hour|annual(?:ly)?|year(?:ly)?|month(?:ly)?|(?:bi-?)?week(?:ly)?|daily|day|"
    r"per (?:annum|hour|year|month|week|day)|[smhay]",
    re.IGNORECASE,
)
_CURRENCY_CODE: Final = re.compile(r"[A-Z]{3}|[$£€¥₹]")
JOB_WORD: Final = re.compile(
    r"\b(?:manager|engineer|developer|analyst|specialist|director|officer|assistant|coordinator|administrator|clerk|"
    r"technician|supervisor|scientist|designer|architect|consultant|representative|operator|operative|driver|nurse|"
    r"teacher|accountant|advis[eo]r|associate|head|lead(?:er)?|planner|buyer|technologist|mechanic|chef|executive|"
    r"inspector|agent|librarian|editor|programmer|researcher|professor|controller|recruiter|auditor|worker|picker|"
    r"electrician|cleaner|cook|secretary|receptionist|chief|president|aide|attendant|lab(?:o|ou)rer|foreman|guard|"
    r"firefighter|sergeant|lieutenant|captain|police|deputy|attorney|counsel|keeper|trainer|midwife|therapist|porter|"
    r"leiter|leiterin|sachbearbeiter(?:in)?|referent(?:in)?|ingenieur|techniker|fahrer|buchhalter(?:in)?|mitarbeiter|"
    r"responsable|ingénieur|technicien|chargé|comptable|conducteur|directeur|gerente|técnico|auxiliar|jefe|analista|"
    r"impiegato|responsabile|operaio|tecnico|medewerker|adviseur|specjalista|kierownik|inżynier|księgow\w+|kierowca)s?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Profile:
    """Shares (0..1) are of the filled cells of the sample; numbers are read roughly, signs and marks dropped."""

    filled: float = 0.0
    distinct: float = 0.0
    numeric: float = 0.0
    whole: float = 0.0
    money: float = 0.0
    percent: float = 0.0
    dates: float = 0.0
    status: float = 0.0
    periods: float = 0.0
    codes: float = 0.0
    jobs: float = 0.0
    emails: float = 0.0
    words: float = 0.0
    median: float = 0.0
    highest: float = 0.0
    values: int = 0


def sample_of(cells: Sequence[str]) -> list[str]:
    """At most about `SAMPLE` filled cells, spread over the whole column; errors and lost results are no values."""
    step = max(1, len(cells) // SAMPLE)
    return [cell for cell in cells[::step] if cell and not cell.startswith("#")]


def profile_of(cells: Sequence[str]) -> Profile:
    filled = sample_of(cells)
    looked = max(1, len(cells[:: max(1, len(cells) // SAMPLE)]))
    if not filled:
        return Profile()
    numbers = sorted(abs(number) for cell in filled if (number := _roughly(cell)) is not None)
    counts = Counter(filled)

    def share(pattern: re.Pattern[str], *, whole: bool = True) -> float:
        match = pattern.fullmatch if whole else pattern.search
        return sum(count for cell, count in counts.items() if match(cell)) / len(filled)

    return Profile(
        filled=len(filled) / looked,
        distinct=len(counts) / len(filled),
        numeric=len(numbers) / len(filled),
        whole=sum(number == int(number) for number in numbers) / max(1, len(numbers)) if numbers else 0.0,
        money=share(_MONEY, whole=False),
        percent=sum(count for cell, count in counts.items() if cell.endswith("%")) / len(filled),
        dates=share(_DATE),
        status=share(_STATUS),
        periods=share(_PERIOD),
        codes=share(_CURRENCY_CODE),
        jobs=share(JOB_WORD, whole=False),
        emails=sum(count for cell, count in counts.items() if "@" in cell) / len(filled),
        words=sum(len(cell.split()) * count for cell, count in counts.items()) / len(filled),
        median=numbers[len(numbers) // 2] if numbers else 0.0,
        highest=numbers[-1] if numbers else 0.0,
        values=len(counts),
    )


def _roughly(cell: str) -> float | None:
    """A number without knowing its convention: good enough to tell money from counts."""
    text = _MONEY.sub("", cell).strip(" %").rstrip(",.kKmM ")
    if not _NUMBER.fullmatch(text):
        return None
    digits = re.sub(r"['’\s\u00a0\u202f]", "", text)
    mark = max(digits.rfind("."), digits.rfind(","))
    if mark >= 0 and len(digits) - mark - 1 != 3:
        return float(re.sub(r"[.,]", "", digits[:mark]) + "." + re.sub(r"[.,]", "", digits[mark + 1 :] or "0"))
    return float(re.sub(r"[.,]", "", digits))
