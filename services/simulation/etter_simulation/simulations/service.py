"""Asks for simulations, follows and ends them, and reads their results."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from etter_common import fieldsets, jobs
from etter_common.cache import tag
from etter_common.clock import utc_now
from etter_common.context import Context
from etter_common.errors import FieldError, NotFound
from etter_common.ids import new_id
from etter_common.jobs import JobStatus
from etter_common.responses import Slice, encode_data
from etter_simulation.analyses.requests import as_request
from etter_simulation.engine.metrics import ENGINE, ENGINE_VERSIONS
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.sketch_error import RELATIVE_ERROR
from etter_simulation.role_profiles import service as role_profiles
from etter_simulation.scenarios import service as scenarios
from etter_simulation.settings import SimulationSettings
from etter_simulation.simulations import assumptions, events, results, reuse
from etter_simulation.simulations.chunks.plan import plan_for
from etter_simulation.simulations.chunks.repository import ChunkRepository
from etter_simulation.simulations.errors import (
    ResultsTooLarge,
    SimulationNotFinished,
    SimulationNotFound,
    SimulationTooLarge,
    TooManyActiveSimulations,
    TooManyStoredSimulations,
    UnknownSimulatedRole,
)
from etter_simulation.simulations.meaning import Meaning, RunKey
from etter_simulation.simulations.models import QUEUE, Simulation
from etter_simulation.simulations.repository import SimulationRepository
from etter_simulation.simulations.representations import Representation
from etter_simulation.simulations.schemas import (
    OF_THE_RUN,
    ResultsOut,
    ResultsQuery,
    SimulationCreate,
    SimulationOut,
    SimulationQuery,
    Source,
)
from etter_simulation.simulations.tables import Table, as_arrow, as_csv, table_of


@dataclass(frozen=True)
class Stored:
    """A simulation's own copy of what it assumed."""

    name: str | None
    currency: str
    request: SimulationRequest


@dataclass(frozen=True)
class Asked:
    """A request with its roles at hand. `role_ids` are core's (or None), in the order of its roles."""

    request: SimulationRequest
    currency: str
    role_ids: list[str | None]
    left_out: list[dict[str, str]]
    source: Source
    scenario_version: int | None = None


async def asked_for(ctx: Context, data: SimulationCreate) -> Asked:
    """The request that `data` means: a scenario's, or its own; with current roles, those that the company has now."""
    given = data.model_dump(exclude={"roles", *OF_THE_RUN})
    version = None
    if data.scenario_id is not None:
        scenario = await scenarios.get_playable(ctx, data.scenario_id, data.scenario_version)
        given, version = scenarios.patched(scenario.assumptions, data.own, pointer="/body"), scenario.version
        if not data.gives_roles:
            return _asked(given, scenario.role_set, "current" if scenario.is_current else "scenario", version)
    if data.wants_current_roles:
        role_set = scenarios.of_current(await role_profiles.current_roles(ctx))
        return _asked(given, role_set, "current", version)
    given_roles = scenarios.RoleSet(data.roles, [None] * len(data.roles), [], data.currency)
    return _asked(given, given_roles, "explicit", version)


def _asked(given: Mapping[str, Any], role_set: scenarios.RoleSet, source: Source, version: int | None) -> Asked:
    request = as_request(given, role_set.roles)
    return Asked(request, role_set.currency, role_set.role_ids, role_set.left_out, source, version)


async def create(ctx: Context, data: SimulationCreate) -> Simulation:
    """Queue a run, or give it the results of one that meant the same. It keeps its own copy of the roles."""
    asked = _seeded(await asked_for(ctx, data))
    _check_size(settings_of(ctx), asked.request)
    simulations = SimulationRepository(ctx)
    simulation = _row(ctx, data, asked)
    room = await simulations.room(_meaning(simulation))
    _check_room(settings_of(ctx), room)
    if room.reused_from is not None:
        simulation.status, simulation.progress = JobStatus.SUCCEEDED.value, 1.0
        simulation.started_at = simulation.finished_at = utc_now()
        return await reuse.add_finished(ctx, simulation, room)
    simulations.append(simulation)
    await jobs.enqueue(ctx, QUEUE, simulation.id)
    await ctx.publish(events.run_requested(simulation))
    return simulation


def _seeded(asked: Asked) -> Asked:
    seed = asked.request.seed_or_derived()
    return replace(asked, request=asked.request.model_copy(update={"seed": seed}))


def _row(ctx: Context, data: SimulationCreate, asked: Asked) -> Simulation:
    request = asked.request
    plan = plan_for(request, settings_of(ctx))
    return Simulation(
        id=new_id(), company_id=ctx.company_id, requested_by=ctx.user_id, name=data.name,
        status=JobStatus.QUEUED.value, progress=0.0, created_at=utc_now(), request_id=ctx.origin.request_id,
        traceparent=ctx.origin.traceparent,
        source=asked.source, scenario_id=data.scenario_id, scenario_version=asked.scenario_version,
        roles=len(request.roles), automation_factor=request.automation_factor, mode=request.adoption.mode,
        iterations=request.n_iterations, steps=request.steps, seed=request.seed, currency=asked.currency,
        engine_version=ENGINE_VERSIONS[request.engine], fingerprint=request.fingerprint(),
        chunk_iterations=plan.chunk_iterations, quantiles=plan.quantiles,
        request=request.model_dump(mode="json"), role_ids=asked.role_ids, left_out=asked.left_out,
    )  # fmt: skip


def _meaning(row: Simulation) -> Meaning:
    key = RunKey(row.fingerprint, row.engine_version)
    return Meaning(key, row.quantiles, row.source, row.currency, row.role_ids)


def _check_room(settings: SimulationSettings, room: Row[Any]) -> None:
    if room.reused_from is None and room.active >= settings.max_active_simulations:
        raise TooManyActiveSimulations(
            f"{room.active} simulations of this company are under way; the limit is {settings.max_active_simulations}"
        )
    if room.stored >= settings.max_stored_simulations:
        raise TooManyStoredSimulations(
            f"this company has {room.stored} simulations; the limit is {settings.max_stored_simulations}"
        )


def settings_of(ctx: Context) -> SimulationSettings:
    settings = ctx.platform.settings
    assert isinstance(settings, SimulationSettings)  # noqa: S101 - simulation's platform has its settings
    return settings


def _check_size(settings: SimulationSettings, request: SimulationRequest) -> None:
    """Memory goes with what is simulated times iterations, time with that times steps: roles, and heads with agents."""
    _check_product("roles", len(request.roles), request, settings.max_role_iterations, settings.max_role_months)
    if request.engine == "agent":
        _check_product("heads", request.most_heads, request, settings.max_agent_iterations, settings.max_agent_months)


def _check_product(what: str, count: int, request: SimulationRequest, most_iterations: int, most_months: int) -> None:
    iterations = count * request.n_iterations
    if iterations > most_iterations:
        raise SimulationTooLarge(
            f"{what} × n_iterations is {iterations}; the limit is {most_iterations}",
            errors=[FieldError("/body/n_iterations", f"at most {most_iterations} with the {what}", "too_large")],
        )
    months = iterations * request.steps
    if months > most_months:
        raise SimulationTooLarge(
            f"{what} × n_iterations × steps is {months}; the limit is {most_months}",
            errors=[FieldError("/body/steps", f"at most {most_months} as a product", "too_large")],
        )


async def list_page(ctx: Context, query: SimulationQuery) -> Slice:
    return await SimulationRepository(ctx).list_page(query)


async def read(ctx: Context, simulation_id: UUID, fields: str | None) -> dict[str, Any]:
    tree = fieldsets.parse(fields, SimulationOut)
    found = await SimulationRepository(ctx).read(simulation_id, fieldsets.top_level(tree, SimulationOut))
    narrowed: dict[str, Any] = fieldsets.narrow(found, tree)
    return narrowed


async def stored_requests(ctx: Context, ids: Sequence[UUID]) -> dict[UUID, Stored]:
    """What each of these simulations assumed; ids that the company does not have are left out."""
    return {
        row.id: Stored(row.name, row.currency, SimulationRequest.model_validate(row.request))
        for row in await SimulationRepository(ctx).list_requests(ids)
    }


async def cancel(ctx: Context, simulation_id: UUID) -> Simulation:
    """Ask for the run's end; one that waits ends at once, one that runs within moments."""
    try:
        simulation = await jobs.request_cancel(ctx, Simulation, simulation_id)
    except NotFound:
        raise SimulationNotFound from None
    ended_now = simulation.status == JobStatus.CANCELLED and simulation in ctx.session.dirty
    await ctx.session.flush()
    if ended_now:
        await ctx.publish(events.run_cancelled(ctx.company_id, simulation_id))
    key = RunKey(simulation.fingerprint, simulation.engine_version)
    ChunkRepository(ctx).release(key, by=simulation_id)  # chunks under way end with it, not after it
    return simulation


async def delete(ctx: Context, simulation_id: UUID) -> None:
    """With its results; a run that is under way ends without a trace."""
    key = await SimulationRepository(ctx).remove(simulation_id)
    ChunkRepository(ctx).release(key, by=simulation_id)
    ctx.invalidate(tag(ctx.company_id, "simulation", simulation_id))


async def read_results(
    ctx: Context, simulation_id: UUID, query: ResultsQuery, form: Representation = Representation.JSON
) -> bytes:
    """The body of the results, ready to be sent; decoding and encoding run beside the event loop."""
    tree = fieldsets.parse(query.fields, ResultsOut)
    simulations = SimulationRepository(ctx)
    wanted = set(fieldsets.top_level(tree, ResultsOut))
    is_json = form is Representation.JSON
    header = await simulations.header(simulation_id, with_roles=is_json and "assumptions" in wanted)
    if header.status != JobStatus.SUCCEEDED:
        raise SimulationNotFinished(f"the simulation is {header.status}", status_of_run=header.status)
    months = results.months_of(header.steps, query.every)
    with_roles = bool(wanted & ({"roles", "steps"} if is_json else {"roles"}))
    count = (len(query.roles) if query.roles is not None else header.roles) if with_roles else 0
    _check_answer(settings_of(ctx), values=results.values_of(count, len(months), wanted))
    rows = await simulations.list_series(simulation_id, roles=query.roles, with_roles=with_roles)
    missing = set(query.roles or ()) - {row.role for row in rows} if with_roles else set()
    if missing:
        raise UnknownSimulatedRole(
            errors=[
                FieldError("/query/roles", f"not in this simulation: {name}", "unknown_role")
                for name in sorted(missing)
            ]
        )
    if not is_json:
        return await asyncio.to_thread(_table_body, header, table_of(rows, months, tree), form)
    return await asyncio.to_thread(_body, header, rows, months, tree)


def _table_body(header: Row[Any], table: Table, form: Representation) -> bytes:
    if form is Representation.CSV:
        return as_csv(table)
    names = ("id", "engine_version", "seed", "iterations_used", "currency", "quantiles")
    about = {"simulation_id" if name == "id" else name: str(getattr(header, name)) for name in names}
    return as_arrow(table, about)


def _check_answer(settings: SimulationSettings, *, values: int) -> None:
    if values > settings.max_result_values:
        raise ResultsTooLarge(f"about {values} figures; the limit is {settings.max_result_values}")


def _body(header: Any, rows: Any, months: list[int], tree: fieldsets.Tree | None) -> bytes:
    wanted = fieldsets.top_level(tree, ResultsOut)
    head = {
        **dict(header._mapping),
        "simulation_id": header.id,
        "engine": header.request.get("engine", ENGINE),
        "quantile_error": RELATIVE_ERROR if header.quantiles == "sketch" else None,
        "iterations": header.iterations_used,
        "months": months,
    }
    head["counterfactual"] = header.request["counterfactual"]
    if "assumptions" in wanted:
        head["assumptions"] = assumptions.shown(header.request)
    made = results.sections(rows, months, tree)
    return encode_data(fieldsets.narrow({name: made.get(name, head.get(name)) for name in wanted}, tree))
