"""Sections 3 and 4.6: from a request to tables."""

from __future__ import annotations

import pytest

from etter_simulation.engine.build import build, overlap_distance, without_automation
from etter_simulation.engine.request import RoleIn

from ..factories import clerk, engineer, guard, marketing, request, workload


def role(**shares: float) -> RoleIn:
    work = [workload(name, "Auto", 0.5, share) for name, share in shares.items()]
    return RoleIn.model_validate({**clerk(), "workloads": work})


class TestOverlapDistance:
    def test_identical_and_nothing_in_common(self) -> None:
        assert overlap_distance(role(a=0.6, b=0.4), role(a=0.6, b=0.4)) == pytest.approx(0)
        assert overlap_distance(role(a=1.0), role(b=1.0)) == 1

    def test_shared_time_counts(self) -> None:
        assert overlap_distance(role(a=0.6, b=0.4), role(a=0.3, c=0.7)) == pytest.approx(0.7)

    @pytest.mark.parametrize(
        ("common", "expected"),
        [({"a": 0.05, "b": 0.35}, 0.6), ({"a": 0.7}, 0.3), ({"a": 0.2, "b": 0.1, "c": 0.7}, 0.0)],
    )
    def test_is_the_decimal_number_that_the_shares_say(self, common: dict[str, float], expected: float) -> None:
        rest = 1 - sum(common.values())
        one = role(**common, **({"mine": rest} if expected else {}))
        other = role(**dict(reversed(common.items())), **({"theirs": rest} if expected else {}))
        assert overlap_distance(one, other) == overlap_distance(other, one) == expected


class TestPairs:
    def test_nearest_first_then_by_index_and_only_near_ones(self) -> None:
        near = {
            **guard(role="Warden"),
            "workloads": [workload("Watch", "Non-Auto", 0.5, 0.8), workload("x", "Auto", 0.5, 0.2)],
        }
        pairs = build(request(engineer(), guard(), near, redeployment={"enabled": True})).pairs
        assert [(pair["source"], pair["target"]) for pair in pairs] == [(1, 2), (2, 1)]
        assert pairs["distance"] == pytest.approx([0.2, 0.2])
        assert pairs["step"].tolist() == [0, 0]

    def test_given_distances_replace_the_overlap(self) -> None:
        given = [
            {"source": "Marketing", "target": "Engineer", "distance": 0.5},
            {"source": "Engineer", "target": "Marketing", "distance": 0.9},
        ]
        pairs = build(request(redeployment={"enabled": True, "distance": given})).pairs
        assert [(p["source"], p["target"], p["distance"], p["step"]) for p in pairs] == [(1, 0, 0.5, 1)]

    def test_a_pair_exactly_as_far_as_allowed_is_served(self) -> None:
        """0.6 apart, with sums of shares that are a little less than 0.4 in binary."""
        roles = [
            {**clerk(), "role": own, "workloads": [workload(name, "Auto", 0.5, time) for name, time in work.items()]}
            for own, work in (("One", {"a": 0.05, "b": 0.35, "c": 0.6}), ("Other", {"a": 0.05, "b": 0.35, "d": 0.6}))
        ]
        pairs = build(request(*roles, redeployment={"enabled": True, "max_distance": 0.6})).pairs
        assert [(pair["source"], pair["target"], pair["distance"]) for pair in pairs] == [(0, 1, 0.6), (1, 0, 0.6)]

    def test_roles_with_nothing_in_common_are_near_enough_at_one(self) -> None:
        model = build(request(engineer(), guard(), marketing(), redeployment={"enabled": True, "max_distance": 1}))
        assert len(model.pairs) == 6
        assert set(model.pairs["step"]) == {2}


class TestWithoutAutomation:
    @pytest.mark.parametrize(("mode", "field"), [("ceiling", "cut"), ("intensity", "pace")])
    def test_automation_acts_where_the_mode_says(self, mode: str, field: str) -> None:
        asked = request(adoption={"mode": mode})
        assert (build(asked).works[field] > 0).all()
        assert (build(without_automation(asked)).works[field] == 0).all()
