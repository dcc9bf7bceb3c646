"""Section 8, agent engine: one slot per employee, every draw with an address of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from etter_simulation.engine.agent import start
from etter_simulation.engine.agent_tables import ACTIVE, LEARNING, NOBODY, PROFICIENT, RAMPING, RESKILLING
from etter_simulation.engine.build import build
from etter_simulation.engine.run import run

from ..factories import BUSY, STILL, clerk, engineer, guard, marketing, request
from .rows import Rows, play

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine


def busy(**more: Any) -> Any:
    settings = {**BUSY, "demand": {"growth": 0.1}, **more}
    return request(engineer(60), marketing(40), guard(30), clerk(0), engine="agent", **settings)


@pytest.fixture(scope="module")
def played() -> Rows:
    return play(busy(steps=8))


class TestSlots:
    def test_at_the_start_everyone_is_active_and_there_is_room_for_growth(self) -> None:
        state = start(build(busy(steps=12)), 2)
        assert state.places["last"].tolist() == [66, 66 + 44, 110 + 33, 143]
        assert (state.status == ACTIVE).sum(axis=1).tolist() == [130, 130]
        assert not state.stage.any()

    def test_the_counts_are_those_of_the_slots(self, played: Rows) -> None:
        state, model = played.state, played.model
        for r, (role, place) in enumerate(zip(model.roles, state.places, strict=True)):
            status = state.status[:, place["first"] : place["last"]]
            people = state.people[:, r]
            assert ((status == ACTIVE).sum(axis=1) == people["active"]).all()
            assert ((status == RAMPING).sum(axis=1) == people["ramping"]).all()
            for step in range(3):
                assert ((status == RESKILLING + step).sum(axis=1) == people["reskilling"][:, step]).all()
            works = role["last"] - role["first"]
            cells = state.stage[:, place["stages"] : place["stages"] + status.shape[1] * works]
            present = (status == ACTIVE) | (status == RAMPING)
            for work, stage in enumerate(cells.reshape(*status.shape, works).transpose(2, 0, 1)):
                counts = state.stages[:, role["first"] + work]
                assert ((present & (stage == LEARNING)).sum(axis=1) == counts["learning"]).all()
                assert ((present & (stage == PROFICIENT)).sum(axis=1) == counts["proficient"]).all()
        assert (state.status == NOBODY).any()
        assert (state.status >= RESKILLING).any()

    def test_a_persons_own_stages_are_kept(self) -> None:
        """With nobody leaving, a person who is proficient stays so: people are not drawn anew from shares."""
        early, late = (play(request(clerk(50), engine="agent", steps=steps, **STILL)) for steps in (40, 41))
        assert (late.state.stage >= early.state.stage).all()
        assert (late.state.stage > early.state.stage).any()


class TestAddresses:
    def test_i5_the_result_is_the_same_to_the_byte_however_it_is_split(self) -> None:
        whole = run(busy())
        for split in ({"chunk": 3, "threads": 2}, {"months_at_once": 5}):
            part = run(busy(), **split)  # type: ignore[arg-type]  # keywords by name
            assert part.company.tobytes() == whole.company.tobytes()
            assert part.roles.tobytes() == whole.roles.tobytes()

    def test_i7_a_role_at_the_end_leaves_the_others_as_they_are(self) -> None:
        alone = play(request(engineer(40), marketing(30), engine="agent"))
        more = play(request(engineer(40), marketing(30), guard(), engine="agent"))
        assert (alone.roles == more.roles[:, :2]).all()

    def test_an_employee_more_leaves_the_others_adoption_as_it_is(self) -> None:
        """Innovators only: nobody's hazard depends on others, so every person's path is their own."""
        settings = {"adoption": {"p": 0.5, "q": 0.0}, "engine": "agent", **STILL}
        few, more = play(request(clerk(30), **settings)), play(request(clerk(31), **settings))
        assert (few.state.stage == more.state.stage[:, :30]).all()

    def test_the_engines_draw_independently(self) -> None:
        asked = {"n_iterations": 400, "steps": 24, "attrition": {"monthly_quit": 0.05}}
        cohort, agent = (play(request(clerk(60), engine=engine, **asked)) for engine in ("cohort", "agent"))
        related = np.corrcoef(cohort.role("quits").sum(axis=0), agent.role("quits").sum(axis=0))[0, 1]
        assert abs(related) < 4 / 400**0.5
