"""The job: play the request, store what it yields, announce it. Whatever happens, one final state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from etter_common.cache import LIFETIMES
from etter_common.clock import utc_now
from etter_common.context import Context
from etter_common.events.contracts.simulation import Quantiles, RoleOutlook
from etter_common.jobs import Job, JobStatus, Stopped
from etter_simulation.engine.metrics import ENGINE_VERSIONS, ROLE_METRICS
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.simulations import engine_process, events, reuse
from etter_simulation.simulations.chunks import tasks
from etter_simulation.simulations.chunks.coordination import play_in_chunks
from etter_simulation.simulations.chunks.plan import Plan
from etter_simulation.simulations.chunks.repository import ChunkRepository
from etter_simulation.simulations.engine_pool import EnginePool, unless_cancelled
from etter_simulation.simulations.engine_process import Outlook, Output
from etter_simulation.simulations.meaning import Meaning, RunKey
from etter_simulation.simulations.models import COMPANY_POSITION
from etter_simulation.simulations.repository import SimulationRepository


@dataclass(frozen=True)
class Task:
    """A run to be played."""

    id: UUID
    request: SimulationRequest
    plan: Plan
    meaning: Meaning


async def execute(job: Job) -> None:
    """Nothing is written before the end but what chunks yielded: a killed worker's successor goes on from these."""
    task = await _begin(job)
    while not await reuse.end_with_others(job, task.meaning):
        output = await _play(job, task)
        if output is not None:
            async with job.succeed() as ctx:
                await store(ctx, task, output)
            return


async def _begin(job: Job) -> Task:
    async with job.work() as ctx:
        simulations = SimulationRepository(ctx)
        row = await simulations.task(job.id)
        request = SimulationRequest.model_validate(row.request)
        version = ENGINE_VERSIONS[request.engine]
        if version != row.engine_version:  # asked for before this release
            await simulations.set_engine_version(job.id, version)
    plan = Plan(row.chunk_iterations, row.quantiles)
    meaning = Meaning(RunKey(row.fingerprint, version), row.quantiles, row.source, row.currency, row.role_ids)
    return Task(job.id, request, plan, meaning)


async def _play(job: Job, task: Task) -> Output | None:
    if task.plan.chunk_iterations is not None:
        return await play_in_chunks(job, task.meaning.key, task.plan, task.request)
    engine = job.platform.part(EnginePool)
    play = tasks.play_until_precise if task.request.precision else engine_process.play
    played = engine.perform(play, task.request.model_dump_json(), job.report, company_id=job.company_id)
    return await unless_cancelled(job, played)


async def store(ctx: Context, task: Task, output: Output) -> None:
    """Keep the results and announce them; what chunks yielded is needed no more."""
    simulations = SimulationRepository(ctx)
    await simulations.put_series(task.id, _rows(task, output))
    outlook = [_announced(found, task).model_dump(mode="json") for found in output.outlook]
    simulation = await simulations.finished(
        task.id,
        {
            "summary": output.summary, "outlook": outlook, "iterations_used": output.iterations,
            "reusable_until": utc_now() + timedelta(seconds=LIFETIMES["simulation_results"]),
        },
    )  # fmt: skip
    await ctx.publish(events.run_completed(simulation))
    ChunkRepository(ctx).release(task.meaning.key, by=task.id)


async def note_stop(ctx: Context, stopped: Stopped) -> None:
    """Announce a run that failed or was cancelled, and let go of its chunks."""
    if stopped.status == JobStatus.CANCELLED:
        await ctx.publish(events.run_cancelled(ctx.company_id, stopped.job_id))
    else:
        await ctx.publish(events.run_failed(ctx.company_id, stopped.job_id, stopped.error_code or "UNKNOWN"))
    key = await SimulationRepository(ctx).find_key(stopped.job_id)
    if key is not None:
        ChunkRepository(ctx).release(key, by=stopped.job_id)


def _rows(task: Task, output: Output) -> list[dict[str, Any]]:
    company: dict[str, Any] = {
        "position": COMPANY_POSITION, "role": None, "role_id": None, "salary": None,
        "metrics": list(output.company_metrics), "values": output.company,
    }  # fmt: skip
    given = zip(task.request.roles, task.meaning.role_ids, output.roles, strict=True)
    roles = [
        {
            "position": position, "role": role.role, "role_id": UUID(role_id) if role_id else None,
            "salary": role.salary, "metrics": list(ROLE_METRICS), "values": values,
        }
        for position, (role, role_id, values) in enumerate(given)
    ]  # fmt: skip
    return [company, *roles]


def _announced(found: Outlook, task: Task) -> RoleOutlook:
    role_id = task.meaning.role_ids[found.position]
    return RoleOutlook(
        role_id=UUID(role_id) if role_id else None,
        title=task.request.roles[found.position].role,
        month=found.month,
        heads=_quantiles(found.heads),
        released_fte=_quantiles(found.released_fte),
        salary_cost=_quantiles(found.cost),
    )


def _quantiles(three: tuple[float, float, float]) -> Quantiles:
    return Quantiles(p5=three[0], p50=three[1], p95=three[2])
