"""What crosses the wire about the reference taxonomy."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from etter_common.fieldsets import FieldsQuery
from etter_common.inputs import words
from etter_common.pagination import PageParams, sortable
from etter_common.responses import Schema


class OccupationLine(Schema):
    """An occupation in a list."""

    code: str = Field(description="O*NET-SOC", examples=["43-3051.00"])
    title: str
    job_zone: int | None = Field(description="1 (little preparation) to 5 (extensive)")
    median_wage: int | None = Field(description="USD a year")
    wage_source: str | None
    source: str = Field(description="the data set it came from")


class TaskRef(Schema):
    statement: str
    time_share: float
    exposure: Literal["E0", "E1", "E2"]
    label_source: str = Field(description="who gave the label; `classifier`: the system")


class SkillRef(Schema):
    name: str
    importance: float = Field(description="0..1")


class OccupationOut(OccupationLine):
    description: str
    titles: list[str]
    tasks: list[TaskRef]
    skills: list[SkillRef]


class OccupationQuery(PageParams):
    sort: Annotated[str | None, sortable("title", "code")] = None
    q: Annotated[str, words(100)] | None = Field(default=None, description="part of a title")
    job_zone: Annotated[int | None, Field(ge=1, le=5)] = None


class SuggestQuery(FieldsQuery):
    q: Annotated[str, words(100)]
    limit: Annotated[int, Field(ge=1, le=50)] = 10


class TaskSuggestion(Schema):
    statement: str
    exposure: Literal["E0", "E1", "E2"]
    occupation_code: str


class SkillSuggestion(Schema):
    name: str
    occupations: int = Field(description="how many occupations need it")
