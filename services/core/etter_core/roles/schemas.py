"""What crosses the wire about roles."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from etter_common.fieldsets import FieldsQuery
from etter_common.inputs import Money, note, text, words
from etter_common.pagination import PageParams, sortable
from etter_common.responses import Schema

Title = Annotated[str, text(200)]
Name = Annotated[str, note(200)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
OccupationCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{2}-[0-9]{4}\.[0-9]{2}$")]
MAX_HEADCOUNT = 10_000_000


class RoleCreate(Schema):
    title: Title = Field(examples=["Payroll Specialist"])
    department: Name = Field(default="", examples=["Finance"])
    level: Name | None = Field(default=None, examples=["Grade 6"])
    location: Name | None = Field(default=None, examples=["Leeds"])
    headcount: int = Field(default=0, ge=0, le=MAX_HEADCOUNT, examples=[24])
    salary: Money | None = Field(default=None, description="average annual salary", examples=["52000.00"])
    currency: Currency = "USD"
    occupation_code: OccupationCode | None = Field(
        default=None, description="left out: the nearest occupation is found"
    )


class RoleUpdate(Schema):
    """Only what is given changes."""

    title: Title | None = None
    department: Name | None = None
    level: Name | None = None
    location: Name | None = None
    headcount: int | None = Field(default=None, ge=0, le=MAX_HEADCOUNT)
    salary: Money | None = None
    currency: Currency | None = None
    occupation_code: OccupationCode | None = None


class RoleOut(Schema):
    id: UUID
    title: str
    department: str
    level: str | None
    location: str | None
    headcount: int
    salary: Decimal | None = Field(description="average annual salary")
    currency: str
    occupation_code: str | None
    occupation_similarity: float | None = Field(description="0..1; how near the title is to the occupation's titles")
    occupation_chosen: bool = Field(description="a person chose the occupation")
    version: int
    created_at: datetime
    updated_at: datetime


class RoleQuery(PageParams):
    sort: Annotated[str | None, sortable("title", "department", "headcount", "created_at")] = None
    department: Annotated[str, note(200)] | None = None
    occupation_code: OccupationCode | None = None
    q: Annotated[str, words(100)] | None = Field(default=None, description="part of the title")


class RoleSuggestion(Schema):
    id: UUID
    title: str
    department: str


class Department(Schema):
    name: str
    roles: int
    headcount: int


class AutocompleteQuery(FieldsQuery):
    q: Annotated[str, words(100)]
    limit: Annotated[int, Field(ge=1, le=50)] = 10
