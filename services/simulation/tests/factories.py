"""Valid requests; a test states only what matters to it."""

from __future__ import annotations

from typing import Any

from etter_simulation.engine.request import SimulationRequest


def workload(name: str, kind: str, skill: float, time: float, **more: Any) -> dict[str, Any]:
    return {"Name": name, "Type": kind, "Skill": skill, "Time": time, **more}


def engineer(count: int = 300, **more: Any) -> dict[str, Any]:
    """The Engineer of MODEL.md, section 13."""
    work = [
        workload("Write code", "Auto", 0.9, 0.5),
        workload("Review", "Non-Auto", 0.5, 0.125),
        workload("Automated testing", "Auto", 0.7, 0.2),
        workload("Debug", "Non-Auto", 0.5, 0.175),
    ]
    return {"role": "Engineer", "count": count, "salary": 80_000, "workloads": work, **more}


def marketing(count: int = 100, **more: Any) -> dict[str, Any]:
    """The Marketing of MODEL.md, section 13."""
    work = [
        workload("Content creation", "Auto", 0.85, 0.4),
        workload("SEO", "Auto", 0.7, 0.15),
        workload("Market research", "Non-Auto", 0.5, 0.2),
        workload("Social media", "Non-Auto", 0.5, 0.25),
    ]
    return {"role": "Marketing", "count": count, "salary": 70_000, "workloads": work, **more}


def clerk(count: int = 50, **more: Any) -> dict[str, Any]:
    """A role with one workload, all of it Auto, for closed forms; at skill 0.5 nothing drags."""
    return {
        "role": "Clerk",
        "count": count,
        "salary": 60_000,
        "workloads": [workload("Type", "Auto", 0.5, 1.0)],
        **more,
    }


def guard(count: int = 40, **more: Any) -> dict[str, Any]:
    """A role without Auto work."""
    return {
        "role": "Guard",
        "count": count,
        "salary": 40_000,
        "workloads": [workload("Watch", "Non-Auto", 0.5, 1.0)],
        **more,
    }


def request(*roles: dict[str, Any], **settings: Any) -> SimulationRequest:
    given = {"automation_factor": 0.5, "n_iterations": 20, "steps": 36, "seed": 7, **settings}
    return SimulationRequest.model_validate({**given, "roles": list(roles) or [engineer(), marketing()]})


STILL: dict[str, Any] = {
    "attrition": {"monthly_quit": 0},
    "backfill": {"policy": "none"},
    "layoffs": {"policy": "none"},
}
"""No staffing policy and nobody quits: only adoption moves."""

BUSY: dict[str, Any] = {
    "attrition": {"monthly_quit": 0.02},
    "adoption": {"p": 2.0, "q": 4.0, "mixing": 0.3},
    "layoffs": {"policy": "surplus", "patience_months": 1, "monthly_share": 0.3},
    "redeployment": {"enabled": True, "max_distance": 1.0, "monthly_share": 0.5},
    "costs": {"capex": [{"month": 3, "amount": 1000}]},
}
"""Everything happens at once."""
