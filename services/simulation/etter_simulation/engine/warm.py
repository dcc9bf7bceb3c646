"""Make the kernels ready: load them from the cache folder, or compile them once."""

from __future__ import annotations

from etter_simulation.engine.request import RoleIn, SimulationRequest, WorkloadIn
from etter_simulation.engine.run import run


def warm() -> None:
    """Play a tiny company through every step of section 4."""
    work = [
        WorkloadIn(Name="automatable", Type="Auto", Skill=0.5, Time=0.5),
        WorkloadIn(Name="human", Type="Non-Auto", Skill=0.5, Time=0.5),
    ]
    roles = [RoleIn(role=name, count=10, salary=1.0, monthly_quit=None, workloads=work) for name in ("one", "two")]
    run(SimulationRequest(roles=roles, automation_factor=0.5, n_iterations=2, steps=2))
