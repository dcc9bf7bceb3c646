"""What crosses the wire about scenarios."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, WrapValidator
from pydantic.config import JsonDict

from etter_common.fieldsets import FieldsQuery
from etter_common.inputs import note
from etter_common.pagination import PageParams, sortable
from etter_common.responses import Schema
from etter_simulation.engine.request import MAX_ROLES, Assumptions, Name, RoleIn

Source = Literal["current", "frozen", "explicit"]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Description = Annotated[str, note(2000)]
_WORDS = ("current", "frozen")
_EXAMPLE: JsonDict = {
    "name": "Careful",
    "description": "Slow adoption, nobody is laid off",
    "assumptions": {"automation_factor": 0.3, "adoption": {"q": 0.3}, "n_iterations": 500},
    "roles": "frozen",
}


def _roles_or_word(value: Any, roles: Callable[[Any], list[RoleIn]]) -> Any:
    return value if value in _WORDS else roles(value)


def _show_words(schema: dict[str, Any]) -> None:
    listed = {name: schema.pop(name) for name in ("type", "items", "minItems", "maxItems")}
    schema["anyOf"] = [{"enum": list(_WORDS), "type": "string"}, listed]


Roles = Annotated[
    list[RoleIn],
    Field(
        min_length=1,
        max_length=MAX_ROLES,
        json_schema_extra=_show_words,
        description="`current`: the company's own at each run; `frozen`: its own as they are now, kept until the next "
        "change says `frozen` again; or a list of roles",
    ),
    WrapValidator(_roles_or_word),
]


class ScenarioCreate(Schema):
    """Assumptions under a name (MODEL.md, section 3). What is left out takes its default of today, for good."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    name: Name
    description: Description | None = None
    assumptions: Assumptions
    roles: Roles
    currency: Currency = Field(default="USD", description="of the salaries given; with own roles theirs is taken")


class ScenarioUpdate(Schema):
    """A new version. What is left out stays; `roles` takes a new baseline or, with `current`, none."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"assumptions": {"adoption": {"q": 0.5}}}]})

    name: Name | None = None
    description: Description | None = None
    assumptions: dict[str, Any] | None = Field(
        default=None, description="JSON merge patch (RFC 7396): objects are merged, null goes back to the default"
    )
    roles: Roles | None = None
    currency: Currency | None = None


class BaselineOut(Schema):
    """The role set of a version. `demand` is the work at its start, which is its headcount (MODEL.md, section 2)."""

    id: UUID
    taken_at: datetime
    roles: int
    heads: int
    demand: int = Field(description="output units per month at the start")
    payroll_per_year: float
    currency: str


class ScenarioLine(Schema):
    """A scenario without its assumptions."""

    id: UUID
    name: str
    description: str | None
    version: int
    roles: Source
    baseline: BaselineOut | None = Field(description="null with current roles")
    created_by: UUID
    updated_by: UUID
    created_at: datetime
    updated_at: datetime


class ScenarioOut(ScenarioLine):
    """The latest version; the ETag is its number."""

    assumptions: Assumptions


class VersionLine(Schema):
    """A version without its assumptions."""

    version: int
    name: str
    description: str | None
    roles: Source
    baseline: BaselineOut | None
    made_by: UUID
    created_at: datetime


class VersionOut(VersionLine):
    assumptions: Assumptions


class LeftOut(Schema):
    role: str
    reason: str


class BaselineRolesOut(Schema):
    """A frozen role set: people, pay and work at the moment it was taken."""

    id: UUID
    taken_at: datetime
    currency: str
    roles: list[RoleIn]
    role_ids: list[UUID | None] = Field(description="core's, in the order of `roles`; null for roles that were given")
    left_out: list[LeftOut] = Field(description="own roles that could not be simulated")


class ScenarioQuery(PageParams):
    sort: Annotated[str | None, sortable("created_at", "updated_at", "name")] = None
    roles: Source | None = None


class VersionQuery(PageParams):
    sort: Annotated[str | None, sortable("version")] = None


class BaselineQuery(FieldsQuery):
    version: Annotated[int, Field(ge=1, lt=2**31)] | None = Field(default=None, description="null: the latest")
