"""What an analysis or a plan is about: a stored simulation's request, or one given with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self
from uuid import UUID

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from etter_common.context import Context
from etter_common.errors import FieldError, ValidationFailed
from etter_common.responses import Schema
from etter_simulation.analyses.errors import UnknownSubject
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.shown import one_of
from etter_simulation.simulations import service as simulations
from etter_simulation.simulations.schemas import SimulationCreate


class SubjectIn(Schema):
    """One of the two. The request is played anew by the cohort engine, so the simulation need not have ended."""

    simulation_id: UUID | None = Field(default=None, description="a simulation whose request is taken")
    assumptions: SimulationCreate | None = Field(default=None, description="a request, as for a simulation")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        shown = handler.resolve_ref_schema(handler(core))
        shown["oneOf"] = [one_of("simulation_id", "assumptions"), one_of("assumptions", "simulation_id")]
        return shown

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.simulation_id is None) == (self.assumptions is None):
            raise PydanticCustomError("ONE_SUBJECT", "give either simulation_id or assumptions")
        return self


@dataclass(frozen=True)
class Subject:
    """`request` has a seed; `simulation_id` is null for one that was given."""

    request: SimulationRequest
    currency: str
    simulation_id: UUID | None

    @property
    def seed(self) -> int:
        return self.request.seed_or_derived()


async def find(ctx: Context, data: SubjectIn) -> Subject:
    """Raises `UnknownSubject` for another company's simulation, too."""
    if data.assumptions is not None:
        return await _given(ctx, data.assumptions)
    assert data.simulation_id is not None  # noqa: S101 - one of the two is there
    stored = (await simulations.stored_requests(ctx, [data.simulation_id])).get(data.simulation_id)
    if stored is None:
        raise UnknownSubject(errors=[FieldError("/body/simulation_id", "there is none", "unknown_simulation")])
    return _of(stored.request, stored.currency, data.simulation_id)


async def _given(ctx: Context, data: SimulationCreate) -> Subject:
    try:
        asked = await simulations.asked_for(ctx, data)
    except ValidationFailed as invalid:
        within = [replace(one, pointer=one.pointer.replace("/body", "/body/assumptions", 1)) for one in invalid.errors]
        raise ValidationFailed(errors=within) from invalid
    return _of(asked.request, asked.currency, None)


def _of(request: SimulationRequest, currency: str, simulation_id: UUID | None) -> Subject:
    own = {"engine": "cohort", "seed": request.seed_or_derived()}
    return Subject(request.model_copy(update=own), currency, simulation_id)
