"""The job of a sensitivity analysis."""

from __future__ import annotations

from functools import partial

from etter_common.jobs import Job
from etter_simulation.analyses.jobs import carry_out
from etter_simulation.sensitivity_analyses import computation
from etter_simulation.sensitivity_analyses.repository import SensitivityAnalysisRepository
from etter_simulation.simulations.engine_pool import EnginePool


async def execute(job: Job) -> None:
    engine = job.platform.part(EnginePool)
    await carry_out(job, SensitivityAnalysisRepository, partial(engine.perform, computation.analyse))
