"""Section 9, the stopping rule: whole numbers in, a decision out that does not depend on how they were split."""

from __future__ import annotations

import numpy as np
import pytest

from etter_simulation.engine.chunk import Chunk, Span, company_metrics
from etter_simulation.engine.finish import scales
from etter_simulation.engine.metrics import ATTRIBUTED_METRICS, COMPANY_METRICS, ROLE_METRICS, STATS
from etter_simulation.engine.precision import Sums, Target, added, enough, reached, sums_at, unit
from etter_simulation.engine.run import run

from ..factories import BUSY, engineer, marketing, request


def sums_of(values: list[int]) -> Sums:
    return [len(values), sum(values), sum(value * value for value in values)]


HEADS = Target(output="heads", standard_error=0.5)


class TestReached:
    def test_it_is_the_standard_error_of_the_mean(self) -> None:
        values = [10, 12, 9, 15, 11, 8]
        found = reached(HEADS, sums_of(values)).standard_error
        assert found == pytest.approx(np.std(values, ddof=1) / np.sqrt(len(values)))

    def test_it_is_in_the_outputs_unit(self) -> None:
        cash = Target(output="payroll", standard_error=1)
        assert reached(cash, sums_of([10_000, 20_000])).standard_error == 50

    def test_large_figures_lose_no_digit(self) -> None:
        far = 2**60
        assert reached(HEADS, sums_of([far, far + 2])).standard_error == 1

    @pytest.mark.parametrize("values", [[], [7]])
    def test_fewer_than_two_values_are_never_enough(self, values: list[int]) -> None:
        assert not reached(HEADS, sums_of(values)).is_reached


class TestEnough:
    def test_it_is_the_first_step_at_which_all_targets_are_reached(self) -> None:
        spread, still = sums_of([0, 4]), sums_of([1, 1])
        assert enough([HEADS], [[spread], [still], [still], [still], [still]]) == 4
        assert enough([HEADS, HEADS], [[spread, spread]] + [[still, spread]] * 3) is None

    def test_sums_are_added_number_by_number(self) -> None:
        assert added(sums_of([1, 2]), sums_of([3])) == sums_of([1, 2, 3])


class TestUnit:
    @pytest.mark.parametrize("metrics", [COMPANY_METRICS, ATTRIBUTED_METRICS, ROLE_METRICS])
    def test_it_is_what_results_are_divided_by(self, metrics: tuple[str, ...]) -> None:
        assert [unit(metric) for metric in metrics] == scales(metrics).tolist()


class TestSumsAt:
    @pytest.mark.timeout(600)  # the engine may have to be compiled
    @pytest.mark.parametrize(
        "target",
        [
            Target(output="attributed_cum_net", standard_error=1),
            Target(output="automation", month=7, standard_error=1),
            Target(output="released_fte", role="Marketing", month=20, standard_error=1),
        ],
    )
    def test_it_gives_the_standard_error_that_the_result_shows(self, target: Target) -> None:
        asked = request(engineer(50), marketing(40), **{**BUSY, "steps": 24})
        metrics, month = company_metrics(asked), 24 if target.month is None else target.month
        part = Chunk(asked, Span(0, 20)).play(Span(0, 25))
        found = reached(target, sums_at(target, part, ["Engineer", "Marketing"], metrics)).standard_error
        result = run(asked)
        shown = (
            result.company[metrics.index(target.output), STATS.index("se"), month]
            if target.role is None
            else result.roles[1, ROLE_METRICS.index(target.output), STATS.index("se"), month]
        )
        assert found == pytest.approx(shown)
