"""Section 3: what is refused, naming the field; defaults each with a source or marked as assumption."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from etter_simulation.engine.defaults import DEFAULTS, PRESETS
from etter_simulation.engine.request import MAX_HEADS, SimulationRequest

from ..factories import clerk, engineer, guard, marketing, request, workload


def refusals(*roles: dict[str, Any], **settings: Any) -> list[tuple[tuple[Any, ...], str]]:
    with pytest.raises(ValidationError) as refused:
        request(*roles, **settings)
    return [(error["loc"], error["type"]) for error in refused.value.errors()]


class TestRefused:
    def test_time_shares_that_do_not_sum_to_one(self) -> None:
        role = {**clerk(), "workloads": [workload("a", "Auto", 0.5, 0.5), workload("b", "Auto", 0.5, 0.4)]}
        assert refusals(role) == [(("roles", 0, "workloads"), "TIME_SHARES_NOT_ONE")]

    @pytest.mark.parametrize("factor", [-0.1, 1.1, float("nan")])
    def test_automation_factor_outside_zero_to_one(self, factor: float) -> None:
        assert refusals(automation_factor=factor)[0][0] == ("automation_factor",)

    def test_skill_and_quit_rate_outside_zero_to_one(self) -> None:
        role = {**clerk(monthly_quit=1.5), "workloads": [workload("a", "Auto", 1.2, 1.0)]}
        found = [loc for loc, _ in refusals(role, attrition={"monthly_quit": -1})]
        assert ("roles", 0, "monthly_quit") in found
        assert ("roles", 0, "workloads", 0, "Skill") in found
        assert ("attrition", "monthly_quit") in found

    def test_negative_count(self) -> None:
        assert refusals(clerk(-1))[0][0] == ("roles", 0, "count")

    def test_two_roles_of_one_name(self) -> None:
        assert refusals(clerk(), clerk()) == [(("roles",), "DUPLICATE_ROLE")]

    def test_backfilling_to_the_original_while_laying_off(self) -> None:
        settings = {"backfill": {"policy": "to_original"}, "layoffs": {"policy": "surplus"}}
        assert refusals(**settings) == [(("layoffs",), "POLICIES_CONTRADICT")]

    @pytest.mark.parametrize(
        ("field", "value"), [("n_iterations", 0), ("n_iterations", 10_001), ("steps", -1), ("steps", 601)]
    )
    def test_iterations_and_steps_out_of_bounds(self, field: str, value: int) -> None:
        assert refusals(**{field: value})[0][0] == (field,)

    def test_more_auto_workloads_than_have_random_numbers(self) -> None:
        role = {**clerk(), "workloads": [workload(f"w{i}", "Auto", 0.5, 1 / 29) for i in range(29)]}
        assert refusals(role) == [(("roles", 0, "workloads"), "TOO_MANY_AUTO_WORKLOADS")]

    def test_a_distance_between_roles_that_are_not_there(self) -> None:
        distance = [{"source": "Engineer", "target": "Nobody", "distance": 0.1}]
        assert refusals(redeployment={"distance": distance}) == [((), "UNKNOWN_ROLE_PAIR")]

    def test_planned_moves_between_unknown_roles(self) -> None:
        plan = [{"source": "Engineer", "target": "Nobody", "month": 1, "people": 1}]
        assert refusals(redeployment={"enabled": True, "plan": plan}) == [((), "UNKNOWN_ROLE_PAIR")]

    def test_a_plan_of_moves_that_are_switched_off(self) -> None:
        assert refusals(redeployment={"plan": []}) == [(("redeployment", "plan"), "PLAN_WITHOUT_REDEPLOYMENT")]

    def test_people_beyond_the_fixed_point_range(self) -> None:
        crowd = [clerk(10_000_000, role=f"r{i}") for i in range(MAX_HEADS // 10_000_000 + 1)]
        assert refusals(*crowd) == [((), "TOO_MANY_PEOPLE")]
        assert refusals(*crowd[:5], demand={"growth": 1}, steps=120) == [((), "TOO_MANY_PEOPLE")]

    def test_money_beyond_the_integer_range(self) -> None:
        assert refusals(clerk(10_000_000, salary=100_000_000)) == [((), "TOO_MUCH_MONEY")]

    @pytest.mark.parametrize("field", ["unknown", "Roles"])
    def test_unknown_fields(self, field: str) -> None:
        assert refusals(**{field: 1}) == [((field,), "extra_forbidden")]


class TestDefaults:
    def test_a_request_takes_every_default_from_the_table(self) -> None:
        made = request().model_dump()
        for default in DEFAULTS.values():
            part, name = default.parameter.split(".")
            assert made[part][name] == default.value, default.parameter

    def test_every_default_says_where_it_comes_from(self) -> None:
        for default in DEFAULTS.values():
            assert default.note
            assert default.low is None or default.high is None or default.low <= default.value <= default.high

    def test_the_example_of_the_model_document_is_valid(self) -> None:
        example = {
            "company": "Acme", "n_iterations": 200, "automation_factor": 0.5, "steps": 120, "seed": 7,
            "roles": [{**engineer(), "monthly_quit": None}],
            "demand": {"growth": 0.0},
            "adoption": {"mode": "ceiling", "p": 0.03, "q": 0.38, "mixing": 0.0, "skill_drag": 1.0},
            "learning": {"months": 3, "saving_while_learning": 0.5},
            "attrition": {"monthly_quit": 0.01},
            "consolidation": {"threshold": 0.1, "min_time_share": 0.01},
            "backfill": {"policy": "to_required", "fill_months": 1.5},
            "ramp": {"months": 6, "productivity": 0.5},
            "redeployment": {"enabled": False, "max_distance": 0.6, "monthly_share": 0.25,
                             "reskill_months": [1, 3, 6], "distance": None},
            "layoffs": {"policy": "none", "patience_months": 3, "monthly_share": 0.25},
            "costs": {"on_cost": 0.42, "training_hours": 16, "licence_per_seat_month": 30, "hire": 4700,
                      "reskill": 24800, "severance_months": 3, "capex": []},
            "uncertainty": {}, "counterfactual": True,
        }  # fmt: skip
        explicit = SimulationRequest.model_validate(example)
        short = request(engineer(), n_iterations=200, steps=120)
        assert explicit.fingerprint() == short.fingerprint()

    @pytest.mark.parametrize("preset", PRESETS)
    def test_presets_are_valid_and_what_is_said_goes_before(self, preset: str) -> None:
        assert request(preset=preset).preset == preset
        assert request(preset=preset, adoption={"q": 0.7}).adoption.q == 0.7

    def test_preset_fills_what_is_not_said(self) -> None:
        made = request(preset="compat", adoption={"q": 0.7})
        assert (made.adoption.mode, made.adoption.p, made.layoffs.monthly_share) == ("intensity", 1.2, 0.04)

    def test_an_unknown_preset(self) -> None:
        assert refusals(preset="wishful")[0][0] == ("preset",)


class TestSeed:
    def test_a_derived_seed_depends_on_what_is_asked(self) -> None:
        seeds = {request(seed=None).seed_or_derived(), request(seed=None, steps=12).seed_or_derived()}
        assert len(seeds) == 2
        assert all(0 <= seed < 2**53 for seed in seeds)

    def test_a_companys_name_changes_nothing(self) -> None:
        assert request(seed=None, company="A").seed_or_derived() == request(seed=None).seed_or_derived()

    def test_start_months_are_part_of_the_fingerprint_unless_they_are_zero(self) -> None:
        def starting(month: int) -> str:
            return request(clerk(workloads=[{**clerk()["workloads"][0], "start_month": month}])).fingerprint()

        assert starting(0) == request(clerk()).fingerprint() != starting(1)

    def test_roles_are_part_of_the_fingerprint(self) -> None:
        assert request(engineer(), guard()).fingerprint() != request(engineer(), marketing()).fingerprint()


class TestExposure:
    def labelled(self, label: str, **more: Any) -> SimulationRequest:
        work = {"Name": "Work", "exposure": label, "Skill": 0.5, "Time": 1.0, **more}
        return request(clerk(workloads=[work]))

    @pytest.mark.parametrize(
        ("label", "kind", "ceiling"), [("E0", "Non-Auto", 0), ("E1", "Auto", 0.5), ("E2", "Auto", 0.5)]
    )
    def test_a_label_gives_type_and_ceiling(self, label: str, kind: str, ceiling: float) -> None:
        (work,) = self.labelled(label).roles[0].workloads
        assert (work.Type, work.ceiling) == (kind, ceiling)

    def test_what_the_workload_says_itself_goes_before(self) -> None:
        (work,) = self.labelled("E0", Type="Auto", ceiling=0.3).roles[0].workloads
        assert (work.Type, work.ceiling) == ("Auto", 0.3)

    def test_it_means_the_same_run_as_what_it_gives(self) -> None:
        spelled_out = request(clerk(workloads=[workload("Work", "Auto", 0.5, 1.0, ceiling=0.5)]))
        assert self.labelled("E1").fingerprint() == spelled_out.fingerprint()

    def test_neither_label_nor_type_is_refused(self) -> None:
        work = {"Name": "Work", "Skill": 0.5, "Time": 1.0}
        assert refusals(clerk(workloads=[work])) == [(("roles", 0, "workloads", 0, "Type"), "missing")]

    def test_an_unknown_label_is_refused(self) -> None:
        work = workload("Work", "Auto", 0.5, 1.0, exposure="E3")
        assert refusals(clerk(workloads=[work]))[0] == (("roles", 0, "workloads", 0, "exposure"), "literal_error")
