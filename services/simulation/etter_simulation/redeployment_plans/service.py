"""Asks for redeployment plans, follows and ends them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from etter_common.context import Context
from etter_common.errors import FieldError
from etter_common.responses import Slice
from etter_simulation import subjects
from etter_simulation.analyses import jobs
from etter_simulation.analyses.limits import check_size
from etter_simulation.analyses.schemas import AnalysisQuery
from etter_simulation.engine.metrics import ENGINE_VERSION
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.redeployment_plans.errors import RedeploymentPlanTooLarge
from etter_simulation.redeployment_plans.models import QUEUE, RedeploymentPlan
from etter_simulation.redeployment_plans.repository import RedeploymentPlanRepository
from etter_simulation.redeployment_plans.schemas import MAX_PLAN_STEPS, RedeploymentPlanCreate

MAX_ROLE_SCENARIOS = 20_000
PLAYED = 3
"""How often the request is played: without staffing, with the plan, and without it."""


async def create(ctx: Context, data: RedeploymentPlanCreate) -> RedeploymentPlan:
    """Queue a plan. It keeps its own copy of what it assumes."""
    subject = await subjects.find(ctx, data)
    request = subject.request
    _check_months(request.steps)
    if data.risk is not None:
        _check_scenarios(request)
    check_size(ctx, [request] * PLAYED, RedeploymentPlanTooLarge)
    plan = RedeploymentPlan(
        requested_by=ctx.user_id, name=data.name, engine_version=ENGINE_VERSION,
        simulation_id=subject.simulation_id, iterations=request.n_iterations, steps=request.steps,
        seed=subject.seed, currency=subject.currency,
        request={"request": request.model_dump(mode="json"), **data.terms()},
    )  # fmt: skip
    return await jobs.submit(RedeploymentPlanRepository(ctx), QUEUE, plan)


def _check_months(steps: int) -> None:
    if not 1 <= steps <= MAX_PLAN_STEPS:
        message = f"a plan has 1 to {MAX_PLAN_STEPS} months, not {steps}"
        raise RedeploymentPlanTooLarge(message, errors=[FieldError("/body/assumptions/steps", message, "steps")])


def _check_scenarios(request: SimulationRequest) -> None:
    scenarios = len(request.roles) * request.n_iterations
    if scenarios > MAX_ROLE_SCENARIOS:
        message = f"roles × n_iterations is {scenarios}; with risk the limit is {MAX_ROLE_SCENARIOS}"
        raise RedeploymentPlanTooLarge(message, errors=[FieldError("/body/risk", message, "too_large")])


async def list_page(ctx: Context, query: AnalysisQuery) -> Slice:
    return await RedeploymentPlanRepository(ctx).list_page(query)


async def read(ctx: Context, plan_id: UUID, fields: str | None) -> dict[str, Any]:
    return await RedeploymentPlanRepository(ctx).read(plan_id, fields)


async def cancel(ctx: Context, plan_id: UUID) -> RedeploymentPlan:
    return await jobs.cancel(RedeploymentPlanRepository(ctx), plan_id)


async def delete(ctx: Context, plan_id: UUID) -> None:
    await RedeploymentPlanRepository(ctx).remove(plan_id)
