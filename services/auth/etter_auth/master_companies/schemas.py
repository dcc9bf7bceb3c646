"""What crosses the wire about the directory."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from etter_common.inputs import words
from etter_common.pagination import PageParams, sortable
from etter_common.responses import Schema

_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class MasterCompanyRow(BaseModel):
    """One row of the operator's file: columns `name`, `industry` and, if known, `employees`, all as text."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: _Text
    industry: _Text
    employees: Annotated[int, Field(ge=0, le=100_000_000)] | None = None


class MasterCompanyOut(Schema):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "019ab0f2-7c1e-7a52-9c11-3f0d5b8e2a64",
                    "name": "Brightwater Foods",
                    "industry": "Food manufacturing",
                    "employees": 5000,
                }
            ]
        }
    )

    id: UUID
    name: str
    industry: str
    employees: int | None


class MasterCompanyQuery(PageParams):
    sort: Annotated[str | None, sortable("name")] = None
    q: Annotated[str, words(100)] | None = Field(default=None, description="part of the name")
