"""The job: play the request, store what it yields, announce it. Whatever happens, one final state."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from etter_common.context import Context
from etter_common.events.contracts.simulation import Quantiles, RoleOutlook
from etter_common.jobs import Job, JobStatus, Stopped
from etter_common.responses import encode
from etter_simulation.engine.metrics import ROLE_METRICS
from etter_simulation.simulations import events
from etter_simulation.simulations.engine_pool import EnginePool
from etter_simulation.simulations.engine_process import Outlook, Output
from etter_simulation.simulations.models import COMPANY_POSITION
from etter_simulation.simulations.repository import SimulationRepository


async def execute(job: Job) -> None:
    """Nothing is written before the end: a killed worker leaves nothing behind, its successor starts anew."""
    async with job.work() as ctx:
        request, role_ids = await SimulationRepository(ctx).task(job.id)
    output = await job.platform.part(EnginePool).play(encode(request).decode(), job.report)
    async with job.succeed() as ctx:
        await store(ctx, job.id, request, role_ids, output)


async def store(
    ctx: Context, simulation_id: UUID, request: dict[str, Any], role_ids: list[str | None], output: Output
) -> None:
    """Keep the results and announce them."""
    simulations = SimulationRepository(ctx)
    await simulations.put_series(simulation_id, _rows(request, role_ids, output))
    simulation = await simulations.with_summary(simulation_id, output.summary)
    outlook = [_announced(found, request, role_ids) for found in output.outlook]
    await ctx.publish(events.run_completed(simulation, outlook))


async def note_stop(ctx: Context, stopped: Stopped) -> None:
    """Announce a run that failed or was cancelled."""
    if stopped.status == JobStatus.CANCELLED:
        await ctx.publish(events.run_cancelled(ctx.company_id, stopped.job_id))
    else:
        await ctx.publish(events.run_failed(ctx.company_id, stopped.job_id, stopped.error_code or "UNKNOWN"))


def _rows(request: dict[str, Any], role_ids: list[str | None], output: Output) -> list[dict[str, Any]]:
    company: dict[str, Any] = {
        "position": COMPANY_POSITION, "role": None, "role_id": None, "salary": None,
        "metrics": list(output.company_metrics), "values": output.company,
    }  # fmt: skip
    roles = [
        {
            "position": position, "role": role["role"], "role_id": UUID(role_id) if role_id else None,
            "salary": role["salary"], "metrics": list(ROLE_METRICS), "values": values,
        }
        for position, (role, role_id, values) in enumerate(zip(request["roles"], role_ids, output.roles, strict=True))
    ]  # fmt: skip
    return [company, *roles]


def _announced(found: Outlook, request: dict[str, Any], role_ids: list[str | None]) -> RoleOutlook:
    role_id = role_ids[found.position]
    return RoleOutlook(
        role_id=UUID(role_id) if role_id else None,
        title=request["roles"][found.position]["role"],
        month=found.month,
        heads=_quantiles(found.heads),
        released_fte=_quantiles(found.released_fte),
        salary_cost=_quantiles(found.cost),
    )


def _quantiles(three: tuple[float, float, float]) -> Quantiles:
    return Quantiles(p5=three[0], p50=three[1], p95=three[2])
