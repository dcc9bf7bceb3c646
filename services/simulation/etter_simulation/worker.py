"""What happens beside requests: the events this service reacts to, and the process that takes simulation jobs."""

from __future__ import annotations

from etter_common.events import erasure
from etter_common.events.consumer import on
from etter_common.events.contracts.core import RoleDeleted, WorkflowPublished
from etter_common.events.contracts.simulation import CompanyErasedBySimulation
from etter_common.events.relay import relay
from etter_common.jobs import runner
from etter_common.worker import run_worker
from etter_simulation.automation_roadmaps.execution import execute as plan_automation
from etter_simulation.automation_roadmaps.models import QUEUE as AUTOMATION_ROADMAPS
from etter_simulation.automation_roadmaps.models import AutomationRoadmap
from etter_simulation.comparisons.execution import execute as compare
from etter_simulation.comparisons.models import QUEUE as COMPARISONS
from etter_simulation.comparisons.models import Comparison
from etter_simulation.redeployment_plans.execution import execute as plan_redeployment
from etter_simulation.redeployment_plans.models import QUEUE as REDEPLOYMENT_PLANS
from etter_simulation.redeployment_plans.models import RedeploymentPlan
from etter_simulation.role_profiles import handlers
from etter_simulation.sensitivity_analyses.execution import execute as analyse_sensitivity
from etter_simulation.sensitivity_analyses.models import QUEUE as SENSITIVITY_ANALYSES
from etter_simulation.sensitivity_analyses.models import SensitivityAnalysis
from etter_simulation.settings import SimulationSettings
from etter_simulation.simulations.chunks.execution import execute as play_chunk
from etter_simulation.simulations.chunks.models import CHUNKS, SimulationChunk
from etter_simulation.simulations.engine_pool import engine_pool
from etter_simulation.simulations.execution import execute, note_stop
from etter_simulation.simulations.handlers import drop_reusable
from etter_simulation.simulations.models import QUEUE, Simulation
from etter_simulation.tables import Base

RUNS_AT_ONCE = 32
"""A run's own job waits for the engine or for its chunks, so a worker has many."""
DEADLINE_S = 3600.0
"""Of a run, the waiting for its chunks' turn included."""
CHUNK_DEADLINE_S = 300.0

subscriptions = (
    on(WorkflowPublished, handlers.take_over),
    on(WorkflowPublished, drop_reusable),
    on(RoleDeleted, handlers.forget),
    on(RoleDeleted, drop_reusable),
    erasure.on_company_deleted(Base.metadata, CompanyErasedBySimulation),
)
jobs = runner(QUEUE, Simulation, execute, slots=RUNS_AT_ONCE, deadline_s=DEADLINE_S, on_stop=note_stop)
chunks = runner(CHUNKS, SimulationChunk, play_chunk, slots=1, deadline_s=CHUNK_DEADLINE_S)
comparisons = runner(COMPARISONS, Comparison, compare, slots=1, deadline_s=DEADLINE_S)
sensitivity_analyses = runner(
    SENSITIVITY_ANALYSES, SensitivityAnalysis, analyse_sensitivity, slots=1, deadline_s=DEADLINE_S
)
redeployment_plans = runner(REDEPLOYMENT_PLANS, RedeploymentPlan, plan_redeployment, slots=1, deadline_s=DEADLINE_S)
automation_roadmaps = runner(AUTOMATION_ROADMAPS, AutomationRoadmap, plan_automation, slots=1, deadline_s=DEADLINE_S)
analyses = (comparisons, sensitivity_analyses, redeployment_plans, automation_roadmaps)


def main() -> None:
    run_worker(SimulationSettings(), relay, engine_pool, jobs, chunks, *analyses)


if __name__ == "__main__":
    main()
