"""The job of a comparison."""

from __future__ import annotations

from functools import partial

from etter_common.jobs import Job
from etter_simulation.analyses.jobs import carry_out
from etter_simulation.comparisons import computation
from etter_simulation.comparisons.repository import ComparisonRepository
from etter_simulation.simulations.engine_pool import EnginePool


async def execute(job: Job) -> None:
    engine = job.platform.part(EnginePool)
    await carry_out(job, ComparisonRepository, partial(engine.perform, computation.compare, company_id=job.company_id))
