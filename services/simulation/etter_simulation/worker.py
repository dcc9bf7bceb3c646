"""What happens beside requests: the events this service reacts to, and the process that takes simulation jobs."""

from __future__ import annotations

from etter_common.events import erasure
from etter_common.events.consumer import on
from etter_common.events.contracts.core import RoleDeleted, WorkflowPublished
from etter_common.events.contracts.simulation import CompanyErasedBySimulation
from etter_common.events.relay import relay
from etter_common.jobs import runner
from etter_common.worker import run_worker
from etter_simulation.role_profiles import handlers
from etter_simulation.settings import SimulationSettings
from etter_simulation.simulations.engine_pool import engine_pool
from etter_simulation.simulations.execution import execute, note_stop
from etter_simulation.simulations.models import QUEUE, Simulation
from etter_simulation.tables import Base

DEADLINE_S = 900.0

subscriptions = (
    on(WorkflowPublished, handlers.take_over),
    on(RoleDeleted, handlers.forget),
    erasure.on_company_deleted(Base.metadata, CompanyErasedBySimulation),
)
jobs = runner(QUEUE, Simulation, execute, slots=1, deadline_s=DEADLINE_S, on_stop=note_stop)


def main() -> None:
    run_worker(SimulationSettings(), relay, engine_pool, jobs)


if __name__ == "__main__":
    main()
