"""What a run yielded, as it goes out."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from etter_simulation.engine.metrics import SALARY
from etter_simulation.simulations.packing import pack, unpack
from etter_simulation.simulations.results import columns_of, flat_steps, months_of


class TestMonthsOf:
    @pytest.mark.parametrize(
        ("steps", "every", "months"),
        [(0, 1, [0]), (3, 1, [0, 1, 2, 3]), (6, 3, [0, 3, 6]), (7, 3, [0, 3, 6, 7]), (2, 600, [0, 2])],
    )
    def test_the_last_month_is_always_there(self, steps: int, every: int, months: list[int]) -> None:
        assert months_of(steps, every) == months


class TestPacking:
    def test_what_is_packed_comes_back_to_the_bit(self) -> None:
        values = np.random.default_rng(1).normal(size=(3, 8, 5))
        values[1, 2, 3] = np.nan
        assert unpack(pack(values), 3).tobytes() == values.tobytes()

    def test_a_view_in_another_order_comes_back_in_its_own(self) -> None:
        values = np.arange(3 * 8 * 5, dtype=np.float64).reshape(5, 3, 8).transpose(1, 2, 0)
        assert (unpack(pack(values), 3) == values).all()


class TestColumnsOf:
    def test_a_salary_bill_is_made_of_the_heads_before_they_are_rounded(self) -> None:
        row: Any = SimpleNamespace(metrics=["count"], values=pack(np.full((1, 8, 1), 1 / 3)), salary=80_000.0)
        found = columns_of(row, [0])
        assert found["count"] == pytest.approx(0.333333, abs=1e-12)
        assert found[SALARY] == pytest.approx(80_000 / 3, abs=1e-6)

    @pytest.mark.parametrize(
        ("metric", "sent"),
        [("automation", 0.000000123), ("attributed_released_fte", 0.000000123), ("payroll", 0.0), ("count", 0.0)],
    )
    def test_of_what_may_be_small_more_digits_go_out(self, metric: str, sent: float) -> None:
        row: Any = SimpleNamespace(metrics=[metric], values=pack(np.full((1, 8, 1), 1.23e-7)), salary=None)
        assert columns_of(row, [0])[metric].tolist() == [[sent]] * 8


class TestFlatSteps:
    def test_a_roles_metrics_carry_its_name(self) -> None:
        names = ("automation", "avg_time_per_employee", "avg_unused_output_capacity", "employees")
        company = dict.fromkeys((*names, "total_salary_of_employees"), np.ones((8, 2)))
        role = dict.fromkeys(
            ("count", "avg_automation_rate", *names[1:3], "total_salary_of_employee"), np.zeros((8, 2))
        )
        first, last = flat_steps([0, 12], company, {"Data clerk": role})
        assert (first["Step"], last["Step"]) == (0, 12)
        assert (first["automation_p95"], first["Data clerk_count_mean"]) == (1, 0)
