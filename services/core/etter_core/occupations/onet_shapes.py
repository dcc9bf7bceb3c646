"""The tables of an O*NET release in the forms they are published: O*NET's own text files, and plain CSV."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from etter_core.occupations.onet_files import Shape

_CODE: Final = "O*NET-SOC Code"


def _text(file: str, /, **columns: str) -> Shape:
    return Shape(file, {"code": _CODE, **columns}, delimiter="\t", quoted=False)


def _csv(file: str, /, **columns: str) -> Shape:
    return Shape(file, {"code": "onet_soc", **columns})


OCCUPATIONS: Final = (
    _text("Occupation Data.txt", title="Title", description="Description"),
    _csv("occupations.csv", title="title", description="description", job_zone="job_zone"),
)
TASKS: Final = (
    _text("Task Statements.txt", task="Task ID", statement="Task", type="Task Type"),
    _csv("tasks.csv", task="task_id", statement="task", type="task_type"),
)
SKILLS: Final = (
    _text("Skills.txt", name="Element Name", scale="Scale ID", value="Data Value"),
    _csv("skills.csv", name="element", value="importance"),
)
RATINGS: Final = (
    _text("Task Ratings.txt", task="Task ID", scale="Scale ID", category="Category", value="Data Value"),
    _csv("task_ratings.csv", task="task_id", IM="importance", RT="relevance_pct", FT="times_per_workday"),
    _csv("task_ratings_partial.csv", task="task_id", IM="importance", RT="relevance_pct", FT="times_per_workday"),
)
JOB_ZONES: Final = (_text("Job Zones.txt", job_zone="Job Zone"),)
ALTERNATE_TITLES: Final = (
    _text("Alternate Titles.txt", title="Alternate Title", short="Short Title"),
    _csv("alternate_titles.csv", title="alternate_title", short="short_title"),
)
REPORTED_TITLES: Final = (
    _text("Sample of Reported Titles.txt", title="Reported Job Title"),
    _csv("reported_titles.csv", title="reported_title"),
)
LABELS: Final = (
    Shape(
        "task_exposure_labels.tsv",
        {"code": "onet_soc", "task": "task_id", "exposure": "gpt4_exposure"},
        delimiter="\t",
    ),
)
NEM_CODES: Final = (_csv("onet_to_nem_crosswalk.csv", nem_code="nem_code"),)
REQUIRED: Final[Mapping[str, tuple[Shape, ...]]] = {
    "occupations": OCCUPATIONS,
    "tasks": TASKS,
    "skills": SKILLS,
    "titles": ALTERNATE_TITLES,
    "reported titles": REPORTED_TITLES,
}


def wages(year: int) -> tuple[Shape, ...]:
    """OEWS of one May: the plain table, and the raw one that BLS gives."""
    return (
        Shape(
            f"oews_national_may{year}.csv",
            {"soc": "soc", "level": "occ_level", "median": "a_median"},
        ),
        Shape(
            f"oews_national_may{year}_raw.csv",
            {"soc": "OCC_CODE", "level": "O_GROUP", "median": "A_MEDIAN"},
        ),
    )
