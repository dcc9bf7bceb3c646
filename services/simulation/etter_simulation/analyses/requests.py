"""From what was given and stored to a request that can be played, with errors that point at the body's part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from etter_common.errors import FieldError, ValidationFailed
from etter_simulation.engine.request import RoleIn, SimulationRequest

ModelT = TypeVar("ModelT", bound=BaseModel)


def validated(model: type[ModelT], given: Mapping[str, Any], *, pointer: str = "/body") -> ModelT:
    """Raises `ValidationFailed`; `pointer` is where `given` stands in the request."""
    try:
        return model.model_validate(given)
    except ValidationError as invalid:
        errors = [
            FieldError("/".join([pointer, *map(str, error["loc"])]), error["msg"], error["type"])
            for error in invalid.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise ValidationFailed(errors=errors) from invalid


def as_request(given: Mapping[str, Any], roles: Sequence[RoleIn], *, pointer: str = "/body") -> SimulationRequest:
    """Assumptions with roles."""
    return validated(SimulationRequest, {**given, "roles": list(roles)}, pointer=pointer)
