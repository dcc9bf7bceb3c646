"""The parameters of a request by dotted name (`adoption.q`), their ranges, and requests with other values of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Final, TypeVar

from pydantic import BaseModel

from etter_simulation.engine.defaults import DEFAULTS
from etter_simulation.engine.request import Assumptions

AUTOMATION_FACTOR: Final = "automation_factor"
PARAMETERS: Final = frozenset({AUTOMATION_FACTOR, *DEFAULTS})

RANGES: Final[dict[str, tuple[float, float]]] = {
    AUTOMATION_FACTOR: (0.14, 0.40),
    **{
        default.parameter: (default.low, default.high)
        for default in DEFAULTS.values()
        if default.low is not None and default.high is not None
    },
}
"""Section 14: what to try when a parameter's true value is not known."""

RequestT = TypeVar("RequestT", bound=Assumptions)


def with_values(request: RequestT, values: Mapping[str, float]) -> RequestT:
    """The request with these values. They are not checked anew: see `checked`."""
    parts: defaultdict[str, dict[str, float]] = defaultdict(dict)
    changes: dict[str, object] = {}
    for parameter, value in values.items():
        part, _, name = parameter.partition(".")
        if name:
            parts[part][name] = value
        else:
            changes[part] = value
    for part, own in parts.items():
        before: BaseModel = getattr(request, part)
        changes[part] = before.model_copy(update=own)
    return request.model_copy(update=changes)


def checked(request: RequestT, values: Mapping[str, float]) -> RequestT:
    """The same, validated as a request is: raises pydantic's `ValidationError`."""
    return type(request).model_validate(with_values(request, values).model_dump())


def value_of(request: Assumptions, parameter: str) -> float:
    part, _, name = parameter.partition(".")
    found = getattr(request, part)
    return float(getattr(found, name) if name else found)
