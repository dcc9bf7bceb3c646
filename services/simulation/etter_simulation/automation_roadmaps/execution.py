"""The job of a automation roadmap."""

from __future__ import annotations

from typing import Any

from etter_common.jobs import Job
from etter_simulation.analyses.jobs import Report, carry_out
from etter_simulation.automation_roadmaps import computation
from etter_simulation.automation_roadmaps.errors import AutomationRoadmapNotSolved, AutomationRoadmapTooLarge
from etter_simulation.automation_roadmaps.repository import AutomationRoadmapRepository
from etter_simulation.planning.refusals import Refused
from etter_simulation.simulations.engine_pool import EnginePool


async def execute(job: Job) -> None:
    engine = job.platform.part(EnginePool)

    async def perform(payload: str, report: Report) -> dict[str, Any]:
        outcome = await engine.perform(computation.plan, payload, report)
        if isinstance(outcome, Refused):
            raise (AutomationRoadmapTooLarge if outcome.is_too_large else AutomationRoadmapNotSolved)(outcome.reason)
        return outcome

    await carry_out(job, AutomationRoadmapRepository, perform)
