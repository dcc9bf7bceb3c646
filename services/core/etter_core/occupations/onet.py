"""Reads a full O*NET release from the operator's disk. Pure reading: no network, no database.

O*NET is published by the U.S. Department of Labor, Employment and Training Administration, under CC BY 4.0.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from etter_common.responses import encode
from etter_core.occupations import onet_shapes as shapes
from etter_core.occupations import onet_wages, onet_work
from etter_core.occupations.onet_files import ReleaseUnreadable, Shape, Tables, open_release
from etter_core.occupations.onet_wages import Wages
from etter_core.occupations.reference import Reference, ReferenceSkill, ReferenceTask

SOURCE: Final = "onet"
_CODE: Final = re.compile(r"\d{2}-\d{4}\.\d{2}")
_ALSO: Final = re.compile(r"([^(]+)\((.+)\)")
_NONE: Final = frozenset(["", "n/a"])
_ZONES: Final = frozenset("12345")
_LEAST, _MOST = 1.0, 5.0  # O*NET's scale of importance
_MAX_TITLE: Final = 200
IMPORTANT_FROM: Final = 0.5
"""Of a skill; O*NET calls 3 of 1..5 "important". The less important ones are left out."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Release:
    """`notes` tell the operator what was left out and what was assumed."""

    references: list[Reference]
    content_hash: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Frame:
    title: str
    description: str
    job_zone: int | None


def read_release(path: Path, progress: Progress) -> Release:
    """The release at `path`: a folder or a zip archive of O*NET's text files or of plain CSV.

    Exposure labels and wages are taken along where they lie in it, beside it, or in `ai` and `wages` next to it.

    Raises:
        ReleaseUnreadable: tables are missing, damaged or larger than allowed.
    """
    tables = open_release(path)
    _require(tables)
    progress("reading occupations, titles and skills")
    frames = _frames(tables)
    titles, skills = _titles(tables), _skills(tables)
    progress("reading tasks, ratings and exposure labels")
    tasks = _tasks(tables, frames)
    wages = onet_wages.read(tables)
    references = [
        _reference(
            code, frame, wages, titles=titles.get(code, {}), tasks=tasks.get(code, ()), skills=skills.get(code, ())
        )
        for code, frame in sorted(frames.items())
    ]
    if not references:
        raise ReleaseUnreadable("the table of occupations has no usable row")
    return Release(references, _hash(references), tuple(_notes(tables, references, wages)))


def _require(tables: Tables) -> None:
    missing = [forms for forms in shapes.REQUIRED.values() if tables.find(forms) is None]
    if missing:
        names = "; ".join(" or ".join(shape.name for shape in forms) for forms in missing)
        raise ReleaseUnreadable(f"the release lacks {names}")
    occupations = tables.find(shapes.OCCUPATIONS)
    if occupations and "job_zone" not in occupations.columns and tables.find(shapes.JOB_ZONES) is None:
        raise ReleaseUnreadable(f"the release lacks {shapes.JOB_ZONES[0].name}")


def _frames(tables: Tables) -> dict[str, _Frame]:
    shape = _found(tables, shapes.OCCUPATIONS)
    zones = _job_zones(tables)
    found: dict[str, _Frame] = {}
    for row in tables.rows(shape):
        code, zone = row["code"], row.get("job_zone") or zones.get(row["code"], "")
        if not _CODE.fullmatch(code) or not row["title"] or zone not in {*_ZONES, ""} or code in found:
            tables.skip(shape)
            continue
        found[code] = _Frame(row["title"], row["description"], int(zone) if zone else None)
    return found


def _job_zones(tables: Tables) -> dict[str, str]:
    shape = tables.find(shapes.JOB_ZONES)
    return {row["code"]: row["job_zone"] for row in tables.rows(shape)} if shape else {}


def _titles(tables: Tables) -> dict[str, dict[str, None]]:
    """Titles people use, in the order they come, each once. `CEO (Chief Executive Officer)` is two titles."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    alternate, reported = _found(tables, shapes.ALTERNATE_TITLES), _found(tables, shapes.REPORTED_TITLES)
    for shape in (alternate, reported):
        for row in tables.rows(shape):
            if not row["title"] or len(row["title"]) > _MAX_TITLE:
                tables.skip(shape)
                continue
            both = _ALSO.fullmatch(row["title"])
            titles = (both[1].rstrip(), both[2]) if both else (row["title"],)
            for title in (*titles, row.get("short", "")):
                if title not in _NONE:
                    found[row["code"]][title] = None
    return found


def _skills(tables: Tables) -> dict[str, tuple[ReferenceSkill, ...]]:
    """The important skills, importance as 0..1."""
    shape = _found(tables, shapes.SKILLS)
    known: dict[str, dict[str, float]] = defaultdict(dict)
    for row in tables.rows(shape):
        if row.get("scale", "IM") != "IM":
            continue
        importance = _importance(row["value"])
        if importance is None or not row["name"]:
            tables.skip(shape)
        elif importance >= IMPORTANT_FROM:
            known[row["code"]][row["name"]] = importance
    return {code: tuple(ReferenceSkill(*pair) for pair in by_name.items()) for code, by_name in known.items()}


def _importance(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return round((value - _LEAST) / (_MOST - _LEAST), 4) if _LEAST <= value <= _MOST else None


def _tasks(tables: Tables, frames: Mapping[str, _Frame]) -> dict[str, tuple[ReferenceTask, ...]]:
    rated, labelled = onet_work.weights(tables), onet_work.labels(tables)
    return {
        code: onet_work.tasks(code, known, rated=rated, labelled=labelled)
        for code, known in onet_work.statements(tables).items()
        if code in frames
    }


def _reference(
    code: str,
    frame: _Frame,
    wages: Wages,
    *,
    titles: Mapping[str, None],
    tasks: tuple[ReferenceTask, ...],
    skills: tuple[ReferenceSkill, ...],
) -> Reference:
    median = wages.median(code)
    return Reference(
        code=code,
        title=frame.title,
        description=frame.description,
        job_zone=frame.job_zone,
        median_wage=median,
        wage_source=wages.source if median is not None else None,
        titles=tuple(titles),
        tasks=tasks,
        skills=skills,
    )


def _hash(references: list[Reference]) -> str:
    digest = hashlib.sha256()
    for reference in references:
        digest.update(encode(asdict(reference)))
    return digest.hexdigest()


def _notes(tables: Tables, references: list[Reference], wages: Wages) -> list[str]:
    tasks = [task for reference in references for task in reference.tasks]
    guessed = sum(task.label_source == onet_work.CLASSIFIER for task in tasks)
    without_wage = sum(reference.median_wage is None for reference in references)
    lines = [f"{name}: {count} rows left out as malformed" for name, count in sorted(tables.skipped.items())]
    lines.append(
        f"{len(tasks) - guessed} tasks have a published exposure label, {guessed} are labelled by the classifier"
    )
    lines.append(f"{without_wage} occupations have no median wage ({wages.source or 'no OEWS table found'})")
    return lines


def _found(tables: Tables, forms: tuple[Shape, ...]) -> Shape:
    shape = tables.find(forms)
    if shape is None:
        raise ReleaseUnreadable(f"the release lacks {forms[0].name}")
    return shape
