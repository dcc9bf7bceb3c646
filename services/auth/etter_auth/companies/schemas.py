"""What crosses the wire about companies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from etter_common.inputs import line
from etter_common.pagination import PageParams, sortable
from etter_common.responses import Schema

_ID = "019ab0f2-7c1e-7a52-9c11-3f0d5b8e2a64"
Name = Annotated[str, line(200)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class CompanyCreate(Schema):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Brightwater Foods", "currency": "USD"}]})

    name: Name
    currency: Currency = Field(default="USD", description="ISO 4217; the company's salaries are in it")
    master_company_id: UUID | None = None


class CompanyUpdate(Schema):
    """Only what is given changes."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Brightwater Foods plc"}]})

    name: Name | None = None
    currency: Currency | None = None
    master_company_id: UUID | None = Field(default=None, description="null takes the link away")

    def changes(self) -> dict[str, Any]:
        """What is to change; a null means something only for the link."""
        given = self.model_dump(exclude_unset=True)
        return {name: value for name, value in given.items() if value is not None or name == "master_company_id"}


class CompanyOut(Schema):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ID,
                    "name": "Brightwater Foods",
                    "currency": "USD",
                    "master_company_id": None,
                    "version": 1,
                    "created_at": "2026-11-23T09:00:00Z",
                    "updated_at": "2026-11-23T09:00:00Z",
                }
            ]
        }
    )

    id: UUID
    name: str
    currency: str
    master_company_id: UUID | None = Field(description="its entry in the shared directory")
    version: int = Field(description="the ETag's number, for If-Match")
    created_at: datetime
    updated_at: datetime


class CompanyQuery(PageParams):
    sort: Annotated[str | None, sortable("created_at")] = None
