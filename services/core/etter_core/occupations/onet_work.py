"""The tasks of a release: what share of an occupation's time each takes, and how exposed it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from etter_core.occupations import onet_shapes as shapes
from etter_core.occupations.onet_files import Tables
from etter_core.occupations.reference import ReferenceTask
from etter_core.scores.classification import classify
from etter_core.scores.scoring import Exposure

CLASSIFIER: Final = "classifier"
LABELLED_BY: Final = "Eloundou et al. 2024 (GPT-4)"
"""Whose the labels in `gpt4_exposure` are ("GPTs are GPTs", Science 384). They were given task by task; those of the
annotators mostly by work activity and carried over to its tasks."""

TIMES_A_DAY: Final[Mapping[str, float]] = {
    "1": 1 / 260, "2": 3 / 260, "3": 48 / 260, "4": 130 / 260, "5": 1.0, "6": 3.0, "7": 12.0,
}  # fmt: skip
"""How often a working day O*NET's frequency categories stand for: yearly or less, more than yearly, more than monthly,
more than weekly, daily, several times a day, hourly or more; a working year has 260 days."""
_SCALES: Final = {"IM": (0.0, 5.0), "RT": (0.0, 100.0), "FT": (0.0, 100.0)}
_CORE_WEIGHT, _WEIGHT = 2.0, 1.0
TaskKey = tuple[str, str]


@dataclass(frozen=True)
class Statement:
    task_id: str
    text: str
    core: bool


def statements(tables: Tables) -> dict[str, list[Statement]]:
    """The tasks of each occupation as they come, each id once."""
    shape = tables.find(shapes.TASKS)
    found: dict[str, dict[str, Statement]] = defaultdict(dict)
    if shape is None:
        return {}
    for row in tables.rows(shape):
        if not row["statement"] or not row["task"].isdigit() or row["task"] in found[row["code"]]:
            tables.skip(shape)
            continue
        statement = Statement(row["task"], row["statement"], core=row["type"].casefold() == "core")
        found[row["code"]][statement.task_id] = statement
    return {code: list(by_id.values()) for code, by_id in found.items()}


def labels(tables: Tables) -> dict[TaskKey, Exposure]:
    """The published exposure labels, none where the release comes without."""
    shape = tables.find(shapes.LABELS)
    found: dict[TaskKey, Exposure] = {}
    if shape is None:
        return found
    for row in tables.rows(shape):
        label = next((known for known in get_args(Exposure) if known == row["exposure"]), None)
        if label is None:
            tables.skip(shape)
        else:
            found[row["code"], row["task"]] = label
    return found


def weights(tables: Tables) -> dict[TaskKey, float]:
    """Importance x relevance x frequency of each task that has all three."""
    shape = tables.find(shapes.RATINGS)
    if shape is None:
        return {}
    parts: dict[TaskKey, dict[str, float]] = defaultdict(dict)
    for row in tables.rows(shape):
        given = _long(row) if "scale" in row else _wide(row)
        if given is None:
            tables.skip(shape)
        else:
            rating = parts[row["code"], row["task"]]
            for scale, value in given.items():
                rating[scale] = rating.get(scale, 0.0) + value
    return {key: r["IM"] * r["RT"] * r["FT"] for key, r in parts.items() if r.keys() >= _SCALES.keys()}


def tasks(
    code: str,
    known: Sequence[Statement],
    *,
    rated: Mapping[TaskKey, float],
    labelled: Mapping[TaskKey, Exposure],
) -> tuple[ReferenceTask, ...]:
    """The occupation's tasks with shares that sum to 1.

    By rating where every task is rated; otherwise a core task weighs two and any other one.
    """
    by_rating = [rated.get((code, task.task_id), 0.0) for task in known]
    complete = all((code, task.task_id) in rated for task in known) and sum(by_rating) > 0
    weighed = by_rating if complete else [_CORE_WEIGHT if task.core else _WEIGHT for task in known]
    total = sum(weighed)
    return tuple(
        _task(task, weight / total, labelled.get((code, task.task_id)))
        for task, weight in zip(known, weighed, strict=True)
    )


def _task(task: Statement, share: float, label: Exposure | None) -> ReferenceTask:
    if label is not None:
        return ReferenceTask(task.text, share, label, LABELLED_BY)
    return ReferenceTask(task.text, share, classify(task.text).exposure, CLASSIFIER)


def _long(row: Mapping[str, str]) -> dict[str, float] | None:
    """One row tells one scale, or the percentage of one frequency; other scales tell nothing here."""
    scale = row["scale"]
    if scale not in _SCALES:
        return {}
    value = _number(row["value"], scale)
    if value is None or scale != "FT":
        return None if value is None else {scale: value}
    times = TIMES_A_DAY.get(row["category"])
    return None if times is None else {scale: times * value / 100}


def _wide(row: Mapping[str, str]) -> dict[str, float] | None:
    numbers = {scale: _number(row[scale], scale) for scale in _SCALES}
    given = {scale: value for scale, value in numbers.items() if value is not None}
    return given if len(given) == len(numbers) else None


def _number(text: str, scale: str) -> float | None:
    lowest, highest = _SCALES[scale]
    try:
        value = float(text)
    except ValueError:
        return None
    return value if lowest <= value <= highest else None
