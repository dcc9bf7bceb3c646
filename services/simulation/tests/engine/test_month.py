"""Section 4: what a month does that the properties of section 12 do not say already."""

from __future__ import annotations

from typing import Any

import pytest

from ..factories import STILL, clerk, engineer, guard, request, workload
from .rows import play

MANY = 2000
pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine


class TestIntensity:
    def test_automation_scales_the_speed_not_the_end(self) -> None:
        settings = {"adoption": {"mode": "intensity", "p": 5, "q": 5}, "learning": {"months": 1}}
        rows = play(request(engineer(), automation_factor=0.4, steps=240, **settings, **STILL))
        assert rows.role("auto_time_automated")[-1] == pytest.approx(1.0)


class TestCeiling:
    def test_a_workloads_ceiling_bounds_what_is_cut(self) -> None:
        role = clerk()
        role["workloads"] = [workload("Type", "Auto", 0.5, 1.0, ceiling=0.4)]
        rows = play(request(role, adoption={"p": 10, "q": 0}, learning={"months": 1}, steps=120, **STILL))
        assert rows.role("auto_time_automated")[-1] == pytest.approx(0.2)

    def test_a_workload_is_adopted_after_its_start_month_only(self) -> None:
        role = clerk()
        role["workloads"] = [workload("Type", "Auto", 0.5, 1.0, start_month=12)]
        released = play(request(role, adoption={"p": 5, "q": 0}, steps=24, **STILL)).role("released_fte")
        assert (released[:13] == 0).all()
        assert (released[14] > 0).all()


def _shrinking_and_shrunk(**moves: Any) -> Any:
    """Half of the clerks are soon not needed; the guards quit; people of either work move freely."""
    return request(
        clerk(200), guard(100, monthly_quit=0.05), automation_factor=0.9, steps=24,
        adoption={"p": 5, "q": 5}, attrition={"monthly_quit": 0}, backfill={"policy": "none"},
        redeployment={"enabled": True, "max_distance": 1, "monthly_share": 1, **moves},
    )  # fmt: skip


class TestPlannedMoves:
    def test_no_more_people_move_than_are_planned(self) -> None:
        plan = [{"source": "Clerk", "target": "Guard", "month": month, "people": month % 3} for month in (4, 5, 8)]
        moved = play(_shrinking_and_shrunk(plan=plan)).role("moved_in", 1)
        assert moved.max(axis=1).tolist() == [month % 3 if month in (4, 5, 8) else 0 for month in range(25)]

    def test_a_plan_of_more_than_there_are_is_bound_by_surplus_and_shortage(self) -> None:
        free = play(_shrinking_and_shrunk())
        plan = [{"source": "Clerk", "target": "Guard", "month": month, "people": 1000} for month in range(1, 25)]
        planned = play(_shrinking_and_shrunk(plan=plan))
        assert (free.company == planned.company).all()
        assert free.role("moved_in", 1).sum() > 0

    def test_a_plan_reaches_beyond_the_distance_that_is_offered(self) -> None:
        plan = [{"source": "Clerk", "target": "Guard", "month": 12, "people": 5}]
        rows = play(_shrinking_and_shrunk(plan=plan, max_distance=0.2))
        assert rows.role("moved_in", 1)[12].max() == 5
