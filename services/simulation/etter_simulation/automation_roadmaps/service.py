"""Asks for automation roadmaps, follows and ends them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from etter_common.context import Context
from etter_common.errors import FieldError, ValidationFailed
from etter_common.responses import Slice
from etter_simulation import subjects
from etter_simulation.analyses import jobs
from etter_simulation.analyses.limits import check_size
from etter_simulation.analyses.schemas import AnalysisQuery
from etter_simulation.automation_roadmaps.errors import AutomationRoadmapTooLarge
from etter_simulation.automation_roadmaps.models import QUEUE, AutomationRoadmap
from etter_simulation.automation_roadmaps.repository import AutomationRoadmapRepository
from etter_simulation.automation_roadmaps.schemas import MAX_ROADMAP_STEPS, AutomationRoadmapCreate
from etter_simulation.engine.metrics import ENGINE_VERSION
from etter_simulation.engine.request import SimulationRequest

PLAYED = 2
"""How often the request is played: with the roadmap and with nothing started."""


async def create(ctx: Context, data: AutomationRoadmapCreate) -> AutomationRoadmap:
    """Queue a roadmap. It keeps its own copy of what it assumes."""
    subject = await subjects.find(ctx, data)
    request = subject.request
    _check_quarters(request.steps)
    _check_names(request, data)
    check_size(ctx, [request] * PLAYED, AutomationRoadmapTooLarge)
    roadmap = AutomationRoadmap(
        requested_by=ctx.user_id, name=data.name, engine_version=ENGINE_VERSION,
        simulation_id=subject.simulation_id, iterations=request.n_iterations, steps=request.steps,
        seed=subject.seed, currency=subject.currency,
        request={"request": request.model_dump(mode="json"), **data.terms()},
    )  # fmt: skip
    return await jobs.submit(AutomationRoadmapRepository(ctx), QUEUE, roadmap)


def _check_quarters(steps: int) -> None:
    if steps % 3 or not 3 <= steps <= MAX_ROADMAP_STEPS:
        message = f"a roadmap has whole quarters, 3 to {MAX_ROADMAP_STEPS} months, not {steps}"
        raise AutomationRoadmapTooLarge(message, errors=[FieldError("/body/assumptions/steps", message, "steps")])


def _check_names(request: SimulationRequest, data: AutomationRoadmapCreate) -> None:
    known = {(role.role, work.Name) for role in request.roles for work in role.workloads if work.Type == "Auto"}
    unknown = [
        FieldError(f"/body/start_costs/{at}", "there is no such Auto workload", "unknown_workload")
        for at, one in enumerate(data.start_costs)
        if (one.role, one.workload) not in known
    ]
    if unknown:
        raise ValidationFailed(errors=unknown)


async def list_page(ctx: Context, query: AnalysisQuery) -> Slice:
    return await AutomationRoadmapRepository(ctx).list_page(query)


async def read(ctx: Context, roadmap_id: UUID, fields: str | None) -> dict[str, Any]:
    return await AutomationRoadmapRepository(ctx).read(roadmap_id, fields)


async def cancel(ctx: Context, roadmap_id: UUID) -> AutomationRoadmap:
    return await jobs.cancel(AutomationRoadmapRepository(ctx), roadmap_id)


async def delete(ctx: Context, roadmap_id: UUID) -> None:
    await AutomationRoadmapRepository(ctx).remove(roadmap_id)
