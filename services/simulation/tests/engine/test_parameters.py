"""Requests with other values of their parameters."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from etter_simulation.engine.parameters import PARAMETERS, RANGES, checked, value_of, with_values

from ..factories import request


class TestWithValues:
    @pytest.mark.parametrize("parameter", sorted(PARAMETERS))
    def test_only_the_named_parameter_changes(self, parameter: str) -> None:
        before = request()
        after = with_values(before, {parameter: 0.123})
        assert value_of(after, parameter) == 0.123
        assert with_values(after, {parameter: value_of(before, parameter)}) == before

    def test_several_of_one_part(self) -> None:
        made = with_values(request(), {"adoption.p": 0.1, "adoption.q": 0.2, "automation_factor": 0.3})
        assert (made.adoption.p, made.adoption.q, made.automation_factor) == (0.1, 0.2, 0.3)


class TestChecked:
    @pytest.mark.parametrize("parameter", sorted(RANGES))
    def test_the_whole_range_is_valid(self, parameter: str) -> None:
        for value in RANGES[parameter]:
            assert value_of(checked(request(), {parameter: value}), parameter) == value

    def test_what_a_request_may_not_say_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="less than or equal to 1"):
            checked(request(), {"consolidation.threshold": 1.5})
