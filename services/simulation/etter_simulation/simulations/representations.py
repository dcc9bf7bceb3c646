"""The forms that results come in, and which of them a caller prefers (RFC 9110, section 12.5.1)."""

from __future__ import annotations

from enum import StrEnum

from etter_common.errors import NotAcceptable


class Representation(StrEnum):
    """By media type; what is preferred where the caller does not care comes first."""

    JSON = "application/json"
    CSV = "text/csv"
    ARROW = "application/vnd.apache.arrow.stream"

    @property
    def content_type(self) -> str:
        return f"{self.value}; charset=utf-8; header=present" if self is Representation.CSV else self.value


def preferred(accept: str | None) -> Representation:
    """Raises `NotAcceptable` when there is none that `accept` allows."""
    ranges = [_media_range(part) for part in (accept or "*/*").split(",") if part.strip()]
    weights = {found: _weight(found, ranges) for found in Representation}
    best = max(weights, key=lambda found: weights[found])
    if weights[best] <= 0:
        raise NotAcceptable(available=[found.value for found in Representation])
    return best


def _media_range(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    given = next((value for value in parameters if value.startswith("q=")), "q=1")
    try:
        return name, min(1.0, max(0.0, float(given[2:])))
    except ValueError:
        return name, 0.0


def _weight(representation: Representation, ranges: list[tuple[str, float]]) -> float:
    """That of the most specific range that takes it in."""
    for name in (representation.value, representation.value.partition("/")[0] + "/*", "*/*"):
        found = [weight for range_name, weight in ranges if range_name == name]
        if found:
            return max(found)
    return 0.0
