"""The etter score: its range, and what moves it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etter_common.ids import new_id
from etter_core.scores.scoring import WEIGHTS, Exposure, ImpactClass, ScoredTask, impact_saving, score

EXPOSURE_OF: Final[dict[ImpactClass, Exposure]] = {"automate": "E1", "augment": "E2", "human": "E0"}


def task(time_share: float, impact_class: ImpactClass) -> ScoredTask:
    return ScoredTask(new_id(), time_share, EXPOSURE_OF[impact_class], impact_class)


shares = st.floats(min_value=1e-4, max_value=1, allow_nan=False)
impact_classes = st.sampled_from(sorted(EXPOSURE_OF))
roles = st.lists(st.builds(task, shares, impact_classes), min_size=1, max_size=40)


class TestScore:
    def test_each_task_adds_its_time_times_the_weight_of_its_class(self) -> None:
        tasks = [task(0.5, "automate"), task(0.3, "augment"), task(0.2, "human")]
        result = score(tasks)
        assert result.value == pytest.approx(65)
        assert [result.contributions[t.key] for t in tasks] == pytest.approx([50, 15, 0])
        assert (result.automate_share, result.augment_share, result.human_share) == pytest.approx((0.5, 0.3, 0.2))
        assert result.freed_share == pytest.approx(0.65)

    def test_no_tasks_score_nothing(self) -> None:
        result = score([])
        assert (result.value, result.contributions, result.freed_share) == (0, {}, 0)

    def test_no_time_scores_nothing(self) -> None:
        assert score([task(0, "automate")]).value == 0

    def test_all_automated_is_the_most_there_is(self) -> None:
        assert score([task(0.25, "automate") for _ in range(4)]).value == 100

    @given(roles)
    def test_lies_between_nothing_and_a_hundred(self, tasks: list[ScoredTask]) -> None:
        assert 0 <= score(tasks).value <= 100

    @given(roles)
    def test_contributions_sum_to_the_score(self, tasks: list[ScoredTask]) -> None:
        result = score(tasks)
        assert math.fsum(result.contributions.values()) == pytest.approx(result.value, abs=1e-9)
        assert result.contributions.keys() == {t.key for t in tasks}

    @given(roles)
    def test_shares_of_the_classes_sum_to_one(self, tasks: list[ScoredTask]) -> None:
        result = score(tasks)
        assert result.automate_share + result.augment_share + result.human_share == pytest.approx(1)

    @given(st.lists(shares, min_size=1, max_size=40))
    def test_work_that_stays_with_people_scores_nothing(self, times: list[float]) -> None:
        assert score([task(time, "human") for time in times]).value == 0

    @given(roles, st.randoms(use_true_random=False))
    def test_order_does_not_matter(self, tasks: list[ScoredTask], random: object) -> None:
        shuffled = list(tasks)
        random.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random of hypothesis
        assert score(shuffled) == score(tasks)

    @given(roles, st.floats(min_value=0.01, max_value=100))
    def test_only_the_proportions_of_time_matter(self, tasks: list[ScoredTask], factor: float) -> None:
        scaled = [replace(t, time_share=t.time_share * factor) for t in tasks]
        assert score(scaled).value == pytest.approx(score(tasks).value, abs=1e-9)

    @given(roles, st.data())
    def test_more_of_a_task_automated_never_lowers_it(self, tasks: list[ScoredTask], data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(tasks) - 1))
        stronger: list[ImpactClass] = [c for c in EXPOSURE_OF if WEIGHTS[c] >= WEIGHTS[tasks[place].impact_class]]
        raised = replace(tasks[place], impact_class=data.draw(st.sampled_from(stronger)))
        changed = [*tasks[:place], raised, *tasks[place + 1 :]]
        assert score(changed).value >= score(tasks).value - 1e-9

    @given(roles)
    def test_splitting_a_task_changes_nothing(self, tasks: list[ScoredTask]) -> None:
        half = replace(tasks[0], time_share=tasks[0].time_share / 2)
        split = [half, replace(half, key=new_id()), *tasks[1:]]
        assert score(split).value == pytest.approx(score(tasks).value, abs=1e-9)


class TestImpactSaving:
    def test_augmented_work_keeps_half_its_time(self) -> None:
        assert [impact_saving(c) for c in ("automate", "augment", "human")] == [1.0, 0.5, 0.0]

    def test_an_unknown_class_is_an_error(self) -> None:
        with pytest.raises(KeyError):
            impact_saving("robot")
