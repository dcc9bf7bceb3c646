"""Surplus and shortage without staffing."""

from __future__ import annotations

import numpy as np
import pytest

from etter_simulation.engine.staffing import required_heads
from etter_simulation.planning.gaps import expected_needs, play_gaps, required

from ..factories import clerk, engineer, guard, marketing, request

pytestmark = pytest.mark.timeout(600)  # the first test may have to compile the engine


class TestRequired:
    @pytest.mark.parametrize("threshold", [0.0, 0.1, 1.0])
    def test_it_is_what_the_engine_requires(self, threshold: float) -> None:
        asked = request(engineer(), marketing(), steps=0, consolidation={"threshold": threshold})
        freed = np.linspace(0, 0.99, 150)
        found = required(asked, np.array([300, 100])[None, :, None] * freed)
        for role, count in enumerate((300, 100)):
            expected = [required_heads(float(count), 1 - share, threshold) for share in freed]
            assert found[0, role].tolist() == expected


class TestPlayGaps:
    def test_who_leaves_is_missing_where_nothing_is_automated(self) -> None:
        asked = request(guard(200, monthly_quit=0.05), clerk(100, monthly_quit=0), automation_factor=0, steps=6)
        gaps = play_gaps(asked, 0, 20)
        assert (gaps[0] == 0).all()
        assert (gaps[:, 1] == 0).all()
        assert (np.diff(gaps[:, 0], axis=0) <= 0).all()
        assert gaps[6, 0].mean() == pytest.approx(200 * (0.95**6 - 1), rel=0.15)

    def test_how_many_are_played_at_once_leaves_no_trace(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = play_gaps(request(engineer(), marketing()), 0, 12)
        monkeypatch.setattr("etter_simulation.engine.evaluation.ROWS_BYTES", 1)
        assert (play_gaps(request(engineer(), marketing()), 3, 9) == whole[..., 3:9]).all()


class TestExpectedNeeds:
    def test_only_what_lasts_is_planned_for(self) -> None:
        level = np.array([[0, 0], [4, -1], [2, -3], [3, 2], [5, -2], [5, -2]])
        needs = expected_needs(level[:, :, None])
        assert needs.surplus[:, 0].tolist() == [0, 2, 0, 1, 2, 0]
        assert needs.shortage[:, 1].tolist() == [0, 0, 0, 0, 2, 0]
        assert needs.shortage[:, 0].sum() == needs.surplus[:, 1].sum() == 0

    def test_a_surplus_of_part_of_a_person_moves_nobody(self) -> None:
        gaps = np.array([[[0, 0]], [[1, 2]], [[0, 1]]])
        assert expected_needs(gaps).surplus[:, 0].tolist() == [0, 0, 0]
