"""Simulations over HTTP."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from etter_common.cache import LIFETIMES, CacheKey, tag
from etter_common.context import Context
from etter_common.deps import cached, json_response, requires
from etter_common.errors import (
    Forbidden,
    IdempotencyKeyReused,
    InvalidCursor,
    InvalidFields,
    InvalidIdempotencyKey,
    InvalidSort,
    NotAcceptable,
    Unauthenticated,
    ValidationFailed,
)
from etter_common.fieldsets import FieldsQuery
from etter_common.job_events import follow_job
from etter_common.jobs.queue import JobNotCancellable
from etter_common.responses import Data, Page, documented, encode_data, encode_page
from etter_common.sse import EventStream, documented_stream
from etter_simulation.role_profiles.errors import MixedCurrencies, NoRoleProfiles, TooManyRoleProfiles
from etter_simulation.scenarios.errors import ScenarioNotFound, ScenarioVersionNotFound
from etter_simulation.simulations import preview, service
from etter_simulation.simulations.errors import (
    PreviewTooLarge,
    ResultsTooLarge,
    SimulationNotFinished,
    SimulationNotFound,
    SimulationTooLarge,
    TooManyActiveSimulations,
    TooManyStoredSimulations,
    UnknownSimulatedRole,
)
from etter_simulation.simulations.models import Simulation
from etter_simulation.simulations.preview_schemas import PreviewCreate, PreviewOut, PreviewQuery
from etter_simulation.simulations.representations import Representation, preferred
from etter_simulation.simulations.schemas import (
    ResultsOut,
    ResultsQuery,
    SimulationCreate,
    SimulationOut,
    SimulationQuery,
)

router = APIRouter(prefix="/simulations", tags=["simulations"])
_COMMON = (Unauthenticated, Forbidden, ValidationFailed)
_ONE = (*_COMMON, SimulationNotFound)
_LINES = "role (empty: the company), role_id, metric, month, and the statistics; "
_RESULTS: dict[str, Any] = {
    "description": "the results",
    "content": {
        Representation.CSV.value: {"schema": {"type": "string", "description": _LINES + "no value: empty"}},
        Representation.ARROW.value: {
            "schema": {"type": "string", "format": "binary", "description": _LINES + "an IPC stream; no value: null"}
        },
    },
    "headers": {"Vary": {"description": "Accept, Authorization, Accept-Encoding", "schema": {"type": "string"}}},
}
_STREAM = documented_stream("the run's progress")


@router.post(
    "",
    status_code=202,
    responses=documented(
        *_COMMON, SimulationTooLarge, NoRoleProfiles, TooManyRoleProfiles, MixedCurrencies,
        ScenarioNotFound, ScenarioVersionNotFound,
        TooManyActiveSimulations, TooManyStoredSimulations, IdempotencyKeyReused, InvalidIdempotencyKey,
    ),
)  # fmt: skip
async def create_simulation(
    ctx: Annotated[Context, requires("simulations:write")], data: SimulationCreate, response: Response
) -> Data[SimulationOut]:
    """Queue a run; follow it at `Location`.

    A request that means the same as one whose results are less than two hours old has succeeded at once, with the same
    figures (`reused_from`).
    """
    simulation = await service.create(ctx, data)
    response.headers["location"] = f"/api/simulation/v1/simulations/{simulation.id}"
    return Data[SimulationOut].of(SimulationOut.model_validate(simulation))


@router.post(
    "/preview",
    response_model=Data[PreviewOut],
    responses=documented(
        *_COMMON, PreviewTooLarge, NoRoleProfiles, TooManyRoleProfiles, MixedCurrencies,
        ScenarioNotFound, ScenarioVersionNotFound, InvalidFields,
        IdempotencyKeyReused, InvalidIdempotencyKey,
    ),
)  # fmt: skip
async def preview_simulation(
    ctx: Annotated[Context, requires("simulations:write")],
    data: PreviewCreate,
    query: Annotated[PreviewQuery, Query()],
) -> Response:
    """What to expect of a run, at once and without a job: the mean-field engine, in the limit of many people.

    It takes what a run takes and keeps nothing. There is no chance in it, so `engine`, `n_iterations` and `seed` play
    no part, and it has no spread; a run's means differ from it by the order of 1/headcount.
    """
    return json_response(await preview.preview(ctx, data, query))


@router.get(
    "",
    response_model=Page[SimulationOut],
    responses=documented(*_COMMON, InvalidCursor, InvalidSort, InvalidFields),
)
async def list_simulations(
    ctx: Annotated[Context, requires("simulations:read")], query: Annotated[SimulationQuery, Query()]
) -> Response:
    return json_response(encode_page(await service.list_page(ctx, query)))


@router.get("/{simulation_id}", response_model=Data[SimulationOut], responses=documented(*_ONE, InvalidFields))
async def get_simulation(
    ctx: Annotated[Context, requires("simulations:read")], simulation_id: UUID, query: Annotated[FieldsQuery, Query()]
) -> Response:
    return json_response(encode_data(await service.read(ctx, simulation_id, query.fields)))


@router.get(
    "/{simulation_id}/results",
    response_model=Data[ResultsOut],
    responses={
        **documented(*_ONE, SimulationNotFinished, InvalidFields, UnknownSimulatedRole, ResultsTooLarge, NotAcceptable),
        200: _RESULTS,
    },
)
async def get_simulation_results(
    ctx: Annotated[Context, requires("simulations:read")],
    simulation_id: UUID,
    query: Annotated[ResultsQuery, Query()],
    accept: Annotated[str | None, Header(max_length=1000, include_in_schema=False)] = None,
) -> Response:
    """Statistics over all iterations by month: JSON, or by `Accept` the series of `company` and `roles` as one table.

    The company's `employees` and `avg_time_per_employee` follow their definitions; the published v1 example prints the
    two exchanged.
    """
    form = preferred(accept)
    asked = {"id": str(simulation_id), "form": form.value, **query.model_dump(mode="json")}
    return await cached(
        ctx,
        CacheKey.of(ctx.company_id, "simulation_results", asked),
        lambda own: service.read_results(own, simulation_id, query, form),
        ttl_s=LIFETIMES["simulation_results"],
        tags=[tag(ctx.company_id, "simulation", simulation_id)],
        media_type=form.content_type,
        vary="Accept",
    )


@router.get(
    "/{simulation_id}/events",
    status_code=200,
    response_class=EventStream,
    responses={**documented(*_ONE), **_STREAM},
)
async def follow_simulation(
    ctx: Annotated[Context, requires("simulations:read")],
    simulation_id: UUID,
    last_event_id: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Server-sent events `progress`, then `finished`; `Last-Event-ID` goes on after the one it names.

    The stream also ends when the access token expires or the caller may no longer read it: connect again with a new
    token. 204 to a client whose `Last-Event-ID` is that of `finished`.
    """
    await service.read(ctx, simulation_id, "id")
    return await follow_job(ctx, Simulation, simulation_id, last_event_id)


@router.post("/{simulation_id}/cancel", status_code=202, responses=documented(*_ONE, JobNotCancellable))
async def cancel_simulation(
    ctx: Annotated[Context, requires("simulations:write")], simulation_id: UUID
) -> Data[SimulationOut]:
    simulation = await service.cancel(ctx, simulation_id)
    return Data[SimulationOut].of(SimulationOut.model_validate(simulation))


@router.delete("/{simulation_id}", status_code=204, responses=documented(*_ONE))
async def delete_simulation(ctx: Annotated[Context, requires("simulations:write")], simulation_id: UUID) -> None:
    """With its results; a run that is under way ends."""
    await service.delete(ctx, simulation_id)
