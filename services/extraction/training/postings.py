"""Labelled sequences of units: postings put together from public texts and our own examples, and real ones in order."""

from __future__ import annotations

import csv
import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from etter_extraction.facts.features import features_of
from etter_extraction.facts.lexicon import section_of, trait_or_law
from etter_extraction.facts.units import Unit, cut
from etter_extraction.parsing.parsed import Block
from training import examples

Labelled = tuple[list[list[str]], list[str]]
_OF_SECTION = {
    "duty": "duty", "requirement": "requirement", "skill": "requirement", "benefit": "benefit", "equal": "equal",
    "employer": "employer_text", "apply": "other", "physical": "other", "summary": "summary",
}  # fmt: skip


@dataclass
class Pool:
    """Texts by label to draw from."""

    texts: dict[str, list[str]] = field(default_factory=dict)

    def some(self, draw: random.Random, label: str, least: int, most: int) -> list[str]:
        have = self.texts[label]
        return draw.sample(have, min(len(have), draw.randint(least, most)))


@dataclass(frozen=True)
class Source:
    """What one posting is put together from."""

    title: str
    employer: str
    place: str
    pay: str
    summary: Sequence[str]
    duties: Sequence[str]
    requirements: Sequence[str]
    skills: Sequence[str] = ()


def labelled(data: Path, *, left_out: frozenset[str], seed: int = 7) -> Iterator[Labelled]:
    """All sequences, the same for the same data and seed. `left_out` names postings kept for measuring."""
    draw = random.Random(seed)  # noqa: S311 - the same postings each time
    real = list(_real(data))
    pool = _pool(real)
    for posting in real:
        yield from _weak(posting)
    sources = [*_transcribed(data, left_out), *_occupations(data, draw, pool), *_simple(draw, pool)]
    for source in sources:
        for _ in range(2 if len(source.requirements) > 2 else 1):
            yield _sequence(_Composer(draw, pool, source).blocks())


def _real(data: Path) -> Iterator[list[str]]:
    """Sentences of SkillSpan's training postings in order."""
    postings: dict[int, list[str]] = {}
    for row in _lines(data / "skills-dev/skillspan_train.jsonl.gz"):
        postings.setdefault(row["posting"], []).append(natural(row["text"]))
    yield from postings.values()


def natural(text: str) -> str:
    """Tokenised text as people write it, with names for the placeholders."""
    text = re.sub(r"(?:<ORGANIZATION>\s?)+", "Acme ", text)
    text = re.sub(r"(?:<(?:LOCATION|ADDRESS)>\s?)+", "Leeds ", text)
    text = re.sub(r"<[A-Z]+>", "Alex", text)
    return re.sub(r"\s+([.,;:!?)])", r"\1", re.sub(r"([(])\s+", r"\1", text)).strip()


def _weak(posting: Sequence[str]) -> Iterator[Labelled]:
    """Runs of a real posting under headings whose meaning is plain; the rest of it stays out."""
    blocks: list[tuple[Block, str]] = []
    label: str | None = None
    for text in posting:
        text = re.sub(r"^[*•]\s*", "", text)
        if len(text) < 3:
            continue
        words = len(text.split())
        heads = section_of(text) if words <= 7 and not text.endswith(".") else None
        if heads or (text.endswith(":") and words <= 6):
            label = _OF_SECTION.get(heads or "") if heads != "equal" else "equal"
            blocks.append((_block(text, "paragraph"), "heading"))
        elif trait_or_law(text) and words > 5:
            blocks.append((_block(text, "paragraph"), "equal"))
        elif label is not None:
            blocks.append((_block(text, "paragraph"), label))
        elif len(blocks) > 5:
            yield _sequence(blocks)
            blocks = []
        else:
            blocks = []
    if len(blocks) > 5:
        yield _sequence(blocks)


def _pool(real: Sequence[Sequence[str]]) -> Pool:
    texts: dict[str, list[str]] = {
        "benefit": list(examples.BENEFITS), "equal": list(examples.EQUAL), "employer_text": list(examples.EMPLOYER),
        "requirement": list(examples.CONDITIONS), "summary": list(examples.SUMMARY), "duty": [],
        "other": examples.APPLY + examples.PHYSICAL,
    }  # fmt: skip
    for posting in real:
        label = None
        for text in posting:
            heads = section_of(text) if len(text.split()) <= 7 and not text.endswith(".") else None
            if heads:
                label = heads
            elif trait_or_law(text) and len(text.split()) > 8:
                texts["equal"].append(text)
            elif label in ("benefit", "employer", "requirement") and 3 <= len(text.split()) <= 50:
                texts["employer_text" if label == "employer" else label].append(re.sub(r"^[*•]\s*", "", text))
    return Pool({name: list(dict.fromkeys(values)) for name, values in texts.items()})


def _transcribed(data: Path, left_out: frozenset[str]) -> Iterator[Source]:
    for row in _lines(data / "skills-dev/postings_facts_dev.jsonl.gz"):
        if row["source_file"] in left_out:
            continue
        wanted = _parts(row["required_skills_qualifications"]) + _parts(row["desired_skills_qualifications"])
        yield Source(
            row["title"], row["employer"], row["location"], row["salary_compensation"],
            re.split(r"(?<=\.)\s+", row["description"]) if row["description"] != "Not specified" else (),
            _parts(row["duties"]), wanted + _parts(row["required_education"]),
        )  # fmt: skip


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(" | ") if len(part.strip()) > 3 and part.strip() != "Not specified"]


def _occupations(data: Path, draw: random.Random, pool: Pool, count: int = 700) -> Iterator[Source]:
    tasks: dict[str, list[str]] = {}
    for row in _table(data / "onet/tasks.csv.gz"):
        tasks.setdefault(row["onet_soc"], []).append(row["task"])
    titles: dict[str, list[str]] = {}
    for row in _table(data / "onet/alternate_titles.csv.gz"):
        titles.setdefault(row["onet_soc"], []).append(row["alternate_title"])
    tools: dict[str, list[str]] = {}
    for row in _table(data / "onet/technology_skills.csv.gz"):
        tools.setdefault(row["onet_soc"], []).append(row["technology"])
    descriptions = {row["onet_soc"]: row["description"] for row in _table(data / "onet/occupations.csv.gz")}
    for code in draw.sample(sorted(tasks), count):
        work = draw.sample(tasks[code], min(len(tasks[code]), draw.randint(3, 10)))
        known = tools.get(code, [])
        yield Source(
            draw.choice(titles.get(code) or ["Assistant"]),
            draw.choice(examples.EMPLOYERS),
            draw.choice(examples.PLACES),
            "",
            [descriptions[code]],
            [_reworded(text, draw) for text in work],
            pool.some(draw, "requirement", 3, 9),
            draw.sample(examples.SKILLS, draw.randint(0, 6)) + draw.sample(known, min(3, len(known))),
        )


def _simple(draw: random.Random, pool: Pool, times: int = 12) -> Iterator[Source]:
    """Short postings of everyday jobs from our own examples."""
    for title, duties in examples.SIMPLE.items():
        for _ in range(times):
            work = [_reworded(text, draw) for text in draw.sample(duties, draw.randint(2, len(duties)))]
            skills = draw.sample(examples.SKILLS, draw.randint(2, 6))
            yield Source(
                draw.choice(["", "", "Senior ", "Lead ", "Junior "]) + title, draw.choice(examples.EMPLOYERS),
                draw.choice(examples.PLACES), "", (), work, pool.some(draw, "requirement", 1, 4), skills,
            )  # fmt: skip


_SUBJECTS = (
    "technician",
    "manager",
    "post holder",
    "successful candidate",
    "incumbent",
    "assistant",
    "coordinator",
    "officer",
    "role",
    "analyst",
    "employee",
    "engineer",
    "nurse",
    "clerk",
)


def _third(verb: str) -> str:
    return _THIRD.get(verb) or (
        verb + "es" if re.search(r"(?:s|sh|ch|x|z)$", verb) else re.sub(r"(?<=[^aeiou])y$", "ie", verb) + "s"
    )


_THIRD = {"have": "has", "do": "does", "be": "is", "go": "goes"}


def _reworded(text: str, draw: random.Random) -> str:
    """The statement as postings put it: another form of the verb, lower case, no full stop, a share of time."""
    verb, _, rest = text.partition(" ")
    low = verb.lower().rstrip(",")
    form = draw.choices(list(_FORMS), list(_FORMS.values()))[0]
    text = _formed(form, low, ("," if verb.endswith(",") else "") + " " + rest, draw) or text
    if draw.random() < 0.4:
        text = text.rstrip(".")
    if draw.random() < 0.06:
        text = f"{draw.randint(1, 12) * 5}% {text}"
    return text


_FORMS = {"third": 25, "ing": 15, "you": 10, "lower": 10, "subject": 8, "subject will": 7, "as it is": 25}
_WILL = ("will", "is responsible for the work to", "is expected to", "will also", "may")


def _formed(form: str, verb: str, rest: str, draw: random.Random) -> str | None:
    """`rest` goes on after the verb; `None` leaves the statement as it is."""
    ing = f"{verb if verb.endswith('ee') else verb.removesuffix('e')}ing"
    subject = draw.choice(_SUBJECTS)
    return {
        "third": f"{_third(verb).capitalize()}{rest}",
        "ing": f"{ing.capitalize()}{rest}",
        "you": f"{draw.choice(['You will', 'You', 'Will', 'To', 'Responsible for'])} {verb}{rest}",
        "lower": f"{verb}{rest}",
        "subject": f"The {subject} {_third(verb)}{rest}",
        "subject will": f"{draw.choice(['The', 'Our'])} {subject} {draw.choice(_WILL)} {verb}{rest}",
    }.get(form)


_KEPT = {
    "employer": 0.55, "summary": 0.7, "duty": 0.97, "requirement": 0.92, "benefit": 0.5, "equal": 0.5, "apply": 0.7,
    "physical": 0.45,
}  # fmt: skip
_DOCUMENTS = ("JOB DESCRIPTION", "Job Posting", "Position Description", "Vacancy", "Careers", "Job Opportunities")
_SHORT = {"summary": 0.3, "duty": 1.0, "requirement": 0.5, "skill": 0.5, "benefit": 0.25}


class _Composer:
    """One posting: which parts, in which order, under which headings, in which layout."""

    def __init__(self, draw: random.Random, pool: Pool, source: Source) -> None:
        self._draw = draw
        self._pool = pool
        self._source = source
        self._style: Literal["rich", "plain", "flat"] = draw.choices(("rich", "plain", "flat"), (5, 4, 3))[0]
        self._headed = draw.random() < (0.85 if self._style != "flat" else 0.4)
        self._colon = ":" if draw.random() < 0.5 else ""
        self._upper = draw.random() < 0.2
        self._names = {"title": source.title, "employer": source.employer, "place": source.place}
        self._out: list[tuple[Block, str]] = []

    def blocks(self) -> list[tuple[Block, str]]:
        """The posting; one in four is short: a title, the duties and little else."""
        short = self._draw.random() < (0.2 if self._source.summary else 0.6)
        if short:
            self._short_top()
        else:
            self._top()
        keep = _SHORT if short else _KEPT
        chosen = [part for part, share in keep.items() if self._draw.random() < share]
        if self._draw.random() < 0.2:
            self._draw.shuffle(chosen)
        if self._draw.random() < 0.3 and {"requirement", "duty"} <= set(chosen):
            one, two = chosen.index("requirement"), chosen.index("duty")
            chosen[one], chosen[two] = chosen[two], chosen[one]
        for part in chosen:
            getattr(self, f"_{part}")()
        return self._out

    def _short_top(self) -> None:
        draw = self._draw
        if draw.random() < 0.5:
            self._add(draw.choice(examples.FIELDS["title"]).format(**self._names), "field")
        else:
            self._add(self._source.title, "title", heading=draw.random() < 0.5, size=draw.choice((1.0, 1.5)))
        for text in draw.sample(examples.FIELDS["place"] + examples.FIELDS["other"][:12], draw.randint(0, 2)):
            self._add(text.format(**self._names), "field")
        if draw.random() < 0.4:
            self._pay()

    def _top(self) -> None:
        draw = self._draw
        self._above()
        self._title()
        self._fields()
        if draw.random() < 0.35:
            self._grid()
        if draw.random() < 0.2:
            self._add(self._source.employer, "employer")
        if draw.random() < 0.2:
            self._add(self._source.place, "place")
        if draw.random() < 0.5:
            self._pay()

    def _above(self) -> None:
        draw = self._draw
        if draw.random() < 0.4:
            for text in draw.sample(examples.APPLY, draw.randint(1, 6)):
                self._add(text, "other", heading=draw.random() < 0.15)
        if draw.random() < 0.3:
            self._add(self._source.employer, "employer", heading=draw.random() < 0.6)
        if draw.random() < 0.25:
            self._add(draw.choice(_DOCUMENTS), "other", heading=draw.random() < 0.7)

    def _title(self) -> None:
        draw, title = self._draw, self._source.title
        style = draw.random()
        if style < 0.4:
            field = draw.choice(examples.FIELDS["title"]).format(**self._names)
            self._add(field, "field", heading=draw.random() < 0.2)
        elif style < 0.5:
            self._add("Job title:", "field")
            self._add(title, "title")
        elif style < 0.93:
            size = draw.choice((1.0, 1.3, 1.8))
            self._add(title.upper() if self._upper else title, "title", heading=draw.random() < 0.75, size=size)

    def _fields(self) -> None:
        draw = self._draw
        texts = [draw.choice(examples.FIELDS["employer"])] if draw.random() < 0.3 else []
        texts += [draw.choice(examples.FIELDS["place"])] if draw.random() < 0.5 else []
        texts += draw.sample(examples.FIELDS["other"], draw.randint(0, 5))
        draw.shuffle(texts)
        for text in texts:
            heading = self._style == "rich" and draw.random() < 0.1
            self._add(text.format(**self._names), "field", heading=heading)

    def _grid(self) -> None:
        """Fields as labels and values of their own, in cells or lines, pair by pair or all labels first."""
        pairs = self._draw.sample(examples.GRID, self._draw.randint(2, 10))
        cells = (
            [text for pair in pairs for text in pair]
            if self._draw.random() < 0.8
            else [pair[0] for pair in pairs] + [pair[1] for pair in pairs]
        )
        table, heads = self._draw.random() < 0.4, self._draw.random() < 0.4
        for text in cells:
            label = text in dict(examples.GRID) and heads
            self._add(text + (self._colon if label else ""), "field", heading=label and not table, table=table)

    def _pay(self) -> None:
        low = self._draw.randint(18, 90) * 1000
        sign = self._draw.choice("£$€")
        pay = f"{sign}{low:,} - {sign}{low + self._draw.randint(2, 20) * 1000:,}"
        hourly = f"{sign}{self._draw.randint(9, 40)}.{self._draw.randint(10, 99)}"
        text = (
            self._source.pay
            if self._source.pay not in ("", "Not specified") and self._draw.random() < 0.6
            else self._draw.choice(examples.PAY)
        )
        self._add(text.format(pay=pay, hourly=hourly) if "{" in text else text, "pay")

    def _employer(self) -> None:
        self._heading("employer")
        self._running(
            [
                text.format(**self._names) if "{" in text else text
                for text in self._pool.some(self._draw, "employer_text", 1, 5)
            ],
            "employer_text",
        )

    def _summary(self) -> None:
        self._heading("summary")
        texts = self._pool.some(self._draw, "summary", 1, 3)
        given = list(self._source.summary[:3]) if self._draw.random() < 0.6 else []
        self._running([text.format(**self._names) if "{" in text else text for text in texts + given], "summary")

    def _duty(self) -> None:
        self._heading("duty")
        if self._draw.random() < 0.3:
            self._add(self._draw.choice(examples.LEADS).format(**self._names), "other")
        duties = list(self._source.duties)
        if len(duties) > 6 and self._draw.random() < 0.3:
            half = len(duties) // 2
            self._listed(duties[:half], "duty")
            self._add(
                self._draw.choice(
                    [
                        "Planning",
                        "Collections care",
                        "Administration",
                        "Team",
                        "Customers",
                        "Quality (20%)",
                        "Research and teaching",
                    ]
                )
                + self._colon,
                "heading",
                heading=self._style == "rich",
            )
            self._listed(duties[half:], "duty")
        else:
            self._listed(duties, "duty")

    def _requirement(self) -> None:
        wanted = list(self._source.requirements)
        if not wanted:
            return
        self._heading("requirement")
        if len(wanted) > 5 and self._draw.random() < 0.5:
            half = len(wanted) // 2
            self._listed(wanted[:half], "requirement")
            self._heading("requirement")
            wanted = wanted[half:]
        self._listed(wanted, "requirement")
        if self._source.skills and self._draw.random() < 0.6:
            self._skill()

    def _skill(self) -> None:
        self._heading("skill")
        names = list(self._source.skills) or self._draw.sample(examples.SKILLS, 3)
        joined = self._draw.choice((", ", "; ", " | "))
        self._listed(names if self._draw.random() < 0.5 else [joined.join(names)], "skill")

    def _benefit(self) -> None:
        self._heading("benefit")
        if self._draw.random() < 0.3:
            self._pay()
        self._listed(self._pool.some(self._draw, "benefit", 2, 8), "benefit")

    def _equal(self) -> None:
        if self._draw.random() < 0.5:
            self._heading("equal")
        self._running(self._pool.some(self._draw, "equal", 1, 4), "equal")

    def _apply(self) -> None:
        if self._draw.random() < 0.7:
            self._heading("apply")
        self._listed(self._draw.sample(examples.APPLY, self._draw.randint(1, 7)), "other")

    def _physical(self) -> None:
        self._heading("physical")
        self._listed(self._draw.sample(examples.PHYSICAL, self._draw.randint(1, 8)), "other")

    def _heading(self, part: str) -> None:
        if not self._headed or self._draw.random() < 0.15:
            return
        part = "none" if self._draw.random() < 0.08 else part
        text = self._draw.choice(examples.HEADINGS[part])
        text = (text.upper() if self._upper else text) + self._colon
        self._add(text, "heading", heading=self._style == "rich")

    def _listed(self, texts: Sequence[str], label: str) -> None:
        prose = self._style == "flat" and self._draw.random() < 0.6
        if prose and label != "skill":
            self._running([text.rstrip(".;") + "." for text in texts], label)
            return
        for text in texts:
            self._add(text, label, item=self._style == "rich" or self._draw.random() < 0.8)

    def _running(self, texts: Sequence[str], label: str) -> None:
        """Sentences in one paragraph or one each."""
        if self._draw.random() < 0.6:
            self._add(" ".join(texts), label)
        else:
            for text in texts:
                self._add(text, label)

    def _add(
        self,
        text: str,
        label: str,
        *,
        heading: bool = False,
        item: bool = False,
        size: float | None = None,
        table: bool = False,
    ) -> None:
        if not text.strip() or text == "Not specified":
            return
        kind: Literal["heading", "item", "paragraph"] = "heading" if heading else "item" if item else "paragraph"
        shown = size or (self._draw.choice((1.0, 1.0, 1.2, 1.5)) if heading else 1.0)
        self._out.append((_block(text, kind, shown, bold=heading and self._draw.random() < 0.7, table=table), label))


def _block(
    text: str,
    kind: Literal["heading", "item", "paragraph"],
    size: float = 1.0,
    *,
    bold: bool = False,
    table: bool = False,
) -> Block:
    text = " ".join(text.split())
    level = 1 if kind == "item" else (3 if size < 1.2 else 2) if kind == "heading" else 0
    region: Literal["table", "body"] = "table" if table else "body"
    return Block(kind, 1, 0, len(text), text, level=level, size=size, bold=bold, region=region)


def _sequence(blocks: Sequence[tuple[Block, str]]) -> Labelled:
    units: list[Unit] = []
    labels: list[str] = []
    for block, label in blocks:
        for unit in cut(block):
            units.append(unit)
            labels.append(label)
    return features_of(units), labels


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def _table(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)
