"""Random requests that are small enough to be played by the dozen: everything of section 3 varies."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from etter_simulation.engine.request import SimulationRequest

from ..factories import request, workload

share = st.floats(0, 1)
NAMES = ("Write", "Check", "Sell", "Watch")


def _shares(weights: list[int]) -> list[float]:
    shares = [weight / sum(weights) for weight in weights]
    return [*shares[:-1], 1 - sum(shares[:-1])]


@st.composite
def roles(draw: st.DrawFn, name: str) -> dict[str, Any]:
    weights = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    work = [
        workload(NAMES[at], draw(st.sampled_from(["Auto", "Auto", "Non-Auto"])), draw(share), time, ceiling=draw(share))
        for at, time in enumerate(_shares(weights))
    ]
    return {
        "role": name, "count": draw(st.integers(0, 40)), "salary": draw(st.integers(0, 90_000)), "workloads": work,
        "monthly_quit": draw(st.none() | st.floats(0, 0.3)),
    }  # fmt: skip


@st.composite
def policies(draw: st.DrawFn) -> dict[str, Any]:
    backfill = draw(st.sampled_from(["none", "to_required", "to_original"]))
    layoffs = draw(st.sampled_from(["none"] if backfill == "to_original" else ["none", "surplus"]))
    return {
        "demand": {"growth": draw(st.floats(-0.5, 0.5))},
        "attrition": {"monthly_quit": draw(st.sampled_from([0.0, 0.02, 0.2]))},
        "consolidation": {"threshold": draw(share), "min_time_share": draw(st.floats(0.01, 1))},
        "backfill": {"policy": backfill, "fill_months": draw(st.floats(0.5, 4))},
        "ramp": {"months": draw(st.floats(1, 8)), "productivity": draw(share)},
        "layoffs": {"policy": layoffs, "patience_months": draw(st.integers(0, 3)), "monthly_share": draw(share)},
        "redeployment": {"enabled": draw(st.booleans()), "max_distance": draw(share), "monthly_share": draw(share)},
    }


@st.composite
def requests(draw: st.DrawFn) -> SimulationRequest:
    names = [f"role {at}" for at in range(draw(st.integers(1, 4)))]
    adoption = {
        "mode": draw(st.sampled_from(["ceiling", "intensity"])), "p": draw(st.floats(0, 5)), "q": draw(st.floats(0, 5)),
        "mixing": draw(st.sampled_from([0.0, 0.5, 1.0])), "skill_drag": draw(st.floats(0, 2)),
    }  # fmt: skip
    return request(
        *(draw(roles(name)) for name in names),
        automation_factor=draw(share), n_iterations=3, steps=draw(st.integers(0, 10)), seed=draw(st.integers(0, 2**40)),
        engine=draw(st.sampled_from(["cohort", "agent"])), adoption=adoption,
        learning={"months": draw(st.floats(0, 6)), "saving_while_learning": draw(share)}, **draw(policies()),
    )  # fmt: skip
