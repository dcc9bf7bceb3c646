"""What a reader of a result is told about where its parameters come from."""

from __future__ import annotations

from typing import Any

import pytest

from etter_simulation.engine.defaults import DEFAULTS, EXPOSURE_CEILINGS
from etter_simulation.simulations.assumptions import auto_time_share, shown

from ..factories import clerk, engineer, guard, request


def lines(**settings: Any) -> dict[str, dict[str, Any]]:
    return {line["parameter"]: line for line in shown(request(**settings).model_dump(mode="json"))}


SECTION_14 = (
    "adoption.p", "adoption.q", "automation_factor", "workloads.auto_time_share", "adoption.skill_drag",
    "learning.months", "learning.saving_while_learning", "attrition.monthly_quit", "consolidation.threshold",
    "backfill.fill_months", "ramp.months", "ramp.productivity", "costs.reskill", "redeployment.reskill_months.0",
    "redeployment.reskill_months.1", "redeployment.reskill_months.2", "costs.hire", "costs.on_cost",
    "costs.licence_per_seat_month", "costs.training_hours", "costs.severance_months", "layoffs.patience_months",
    "layoffs.monthly_share", "redeployment.monthly_share",
)  # fmt: skip


class TestShown:
    def test_every_parameter_of_section_14_is_there_with_a_source_or_marked(self) -> None:
        found = lines()
        assert set(SECTION_14) <= set(found)
        assert set(DEFAULTS) <= set(found)
        assert all(line["note"] for line in found.values())

    def test_what_differs_from_its_default_was_given(self) -> None:
        found = lines(ramp={"months": 4}, redeployment={"reskill_months": [1, 2, 6]})
        assert (found["ramp.months"]["value"], found["ramp.months"]["basis"]) == (4, "given")
        assert found["ramp.productivity"]["basis"] == "assumption"
        assert found["costs.hire"]["basis"] == "source"
        assert [found[f"redeployment.reskill_months.{at}"]["basis"] for at in range(3)] == [
            "assumption", "given", "assumption",
        ]  # fmt: skip

    def test_a_presets_value_names_the_preset(self) -> None:
        found = lines(preset="fast", adoption={"q": 0.7})
        assert (found["adoption.p"]["value"], found["adoption.p"]["note"]) == (0.05, "preset fast")
        assert (found["adoption.q"]["value"], found["adoption.q"]["note"]) == (0.7, "")

    def test_labels_that_gave_a_ceiling_are_shown(self) -> None:
        labelled = [
            {"Name": "Write", "exposure": "E1", "Skill": 0.5, "Time": 0.5},
            {"Name": "Lift", "exposure": "E0", "Skill": 0.5, "Time": 0.3},
            {"Name": "Plan", "exposure": "E2", "ceiling": 0.9, "Skill": 0.5, "Time": 0.2},
        ]
        asked = request(clerk(workloads=labelled)).model_dump(mode="json")
        found = {line["parameter"]: line for line in shown(asked)}
        assert found["workloads.ceiling.E1"]["value"] == EXPOSURE_CEILINGS["E1"].value
        assert found["workloads.ceiling.E1"]["basis"] == "assumption"
        assert "workloads.ceiling.E0" in found
        assert "workloads.ceiling.E2" not in found  # overruled


class TestAutoTimeShare:
    @pytest.mark.parametrize(("roles", "share"), [((engineer(100), guard(300)), 0.175), ((guard(0),), 0.0)])
    def test_it_is_of_everybodys_time(self, roles: tuple[dict[str, Any], ...], share: float) -> None:
        assert auto_time_share(request(*roles).model_dump(mode="json")["roles"]) == pytest.approx(share)
