"""The set that ships with core keeps its promises."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from etter_core.occupations import starter_set
from etter_core.occupations.reference import Reference

REFERENCES = starter_set.read()
by_code = pytest.mark.parametrize("reference", REFERENCES, ids=[reference.code for reference in REFERENCES])


def test_it_is_large_enough_and_every_code_is_there_once() -> None:
    assert len(REFERENCES) >= 60
    assert max(Counter(reference.code for reference in REFERENCES).values()) == 1


def test_every_label_occurs() -> None:
    labels = Counter(task.exposure for reference in REFERENCES for task in reference.tasks)
    assert min(labels["E0"], labels["E1"], labels["E2"]) > 50


@by_code
def test_occupation(reference: Reference) -> None:
    assert re.fullmatch(r"\d{2}-\d{4}\.\d{2}", reference.code)
    assert reference.title
    assert reference.description.endswith(".")
    assert reference.job_zone in (1, 2, 3, 4, 5)
    assert reference.median_wage is not None
    assert 15_000 < reference.median_wage < 300_000
    assert reference.wage_source == "BLS OEWS May 2025"
    assert 4 <= len(reference.titles) <= 8
    assert len(set(reference.titles)) == len(reference.titles)


@by_code
def test_tasks(reference: Reference) -> None:
    assert 8 <= len(reference.tasks) <= 12
    assert sum(task.time_share for task in reference.tasks) == pytest.approx(1, abs=1e-6)
    assert len({task.statement for task in reference.tasks}) == len(reference.tasks)
    for task in reference.tasks:
        assert task.time_share > 0
        assert task.exposure in ("E0", "E1", "E2")
        assert task.label_source == starter_set.LABEL_SOURCE


@by_code
def test_skills(reference: Reference) -> None:
    assert 8 <= len(reference.skills) <= 15
    assert len({skill.name for skill in reference.skills}) == len(reference.skills)
    assert all(0 <= skill.importance <= 1 for skill in reference.skills)


def test_the_hash_is_the_files() -> None:
    assert starter_set.content_hash() == starter_set.content_hash()
    assert [name for name, _ in starter_set.files()] == ["business.toml", "operations.toml", "technical.toml"]
