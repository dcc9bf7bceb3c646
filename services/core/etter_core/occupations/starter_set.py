"""Reads the starter set that ships with core (`starter/*.toml`)."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Any

from etter_core.occupations.reference import Reference, ReferenceSkill, ReferenceTask

SOURCE = "starter"
WAGE_SOURCE = "BLS OEWS May 2025"
LABEL_SOURCE = "etter starter set"
_MOST, _LEAST = 0.95, 0.5


def files() -> list[tuple[str, bytes]]:
    folder = resources.files(__package__) / "starter"
    return sorted((f.name, f.read_bytes()) for f in folder.iterdir() if f.name.endswith(".toml"))


def content_hash() -> str:
    return hashlib.sha256(b"".join(content for _, content in files())).hexdigest()


def read() -> list[Reference]:
    """All occupations of the set; a malformed entry is a bug of ours and raises."""
    entries = [entry for _, content in files() for entry in tomllib.loads(content.decode())["occupation"]]
    return [_reference(entry) for entry in entries]


def _reference(entry: Mapping[str, Any]) -> Reference:
    return Reference(
        code=entry["code"],
        title=entry["title"],
        description=entry["about"],
        job_zone=entry["zone"],
        median_wage=entry["median_wage"],
        wage_source=WAGE_SOURCE,
        titles=tuple(entry["titles"]),
        tasks=tuple(_task(line) for line in entry["tasks"].strip().splitlines()),
        skills=tuple(_skills(entry["skills"])),
    )


def _task(line: str) -> ReferenceTask:
    exposure, percent, statement = line.split(" ", 2)
    if exposure not in ("E0", "E1", "E2"):
        raise ValueError(f"unknown label in {line!r}")
    return ReferenceTask(statement, int(percent) / 100, exposure, LABEL_SOURCE)  # type: ignore[arg-type]  # checked above


def _skills(names: list[str]) -> list[ReferenceSkill]:
    step = (_MOST - _LEAST) / max(len(names) - 1, 1)
    return [ReferenceSkill(name, round(_MOST - i * step, 3)) for i, name in enumerate(names)]
