"""Which form a caller prefers."""

from __future__ import annotations

import pytest

from etter_common.errors import NotAcceptable
from etter_simulation.simulations.representations import Representation, preferred

JSON, CSV, ARROW = Representation.JSON, Representation.CSV, Representation.ARROW


class TestPreferred:
    @pytest.mark.parametrize(
        ("accept", "form"),
        [
            (None, JSON), ("*/*", JSON), ("application/json", JSON), ("text/csv", CSV), ("text/*", CSV),
            ("application/vnd.apache.arrow.stream", ARROW), ("application/*", JSON),
            ("text/html,application/xhtml+xml,*/*;q=0.8", JSON), ("text/csv;q=0.5, application/json;q=0.1", CSV),
            ("*/*, application/json;q=0", CSV), ("TEXT/CSV; header=present", CSV), ("", JSON),
            ("application/*;q=0.2, application/vnd.apache.arrow.stream", ARROW),
        ],
    )  # fmt: skip
    def test_by_weight_then_by_what_is_more_specific(self, accept: str | None, form: Representation) -> None:
        assert preferred(accept) is form

    @pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "image/*", "*/*;q=0", "text/csv;q=x"])
    def test_nothing_acceptable_is_refused_with_what_there_is(self, accept: str) -> None:
        with pytest.raises(NotAcceptable) as refused:
            preferred(accept)
        assert refused.value.facts["available"] == [JSON, CSV, ARROW]
