"""The cohort engine beside the same model in Mesa: `make bench k=simulation`."""

from __future__ import annotations

from bench.measuring import mesa_company
from etter_common.clock import monotonic
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.run import run

_WORK = [
    {"Name": "draft", "Type": "Auto", "Skill": 0.6, "Time": 0.3},
    {"Name": "check", "Type": "Auto", "Skill": 0.8, "Time": 0.2},
    {"Name": "meet", "Type": "Non-Auto", "Skill": 0.5, "Time": 0.5},
]


def company(people: int, roles: int, iterations: int, *, counterfactual: bool) -> SimulationRequest:
    every = [
        {"role": f"role {at}", "count": people // roles, "salary": 60_000, "workloads": _WORK} for at in range(roles)
    ]
    return SimulationRequest.model_validate(
        {"roles": every, "automation_factor": 0.5, "n_iterations": iterations, "seed": 7,
         "counterfactual": counterfactual}
    )  # fmt: skip


def main() -> None:
    request = company(400, 2, 15, counterfactual=False)
    run(request)
    began = monotonic()
    run(request)
    ours = monotonic() - began
    began = monotonic()
    mesa_company.play(request, mesa_company.TunedCompany, iterations=15, seed=1)
    print(f"ours {ours * 1000:.1f} ms, Mesa {(monotonic() - began) * 1000:.1f} ms")


if __name__ == "__main__":
    main()
