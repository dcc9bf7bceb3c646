"""The deployment's limits, for everything that the engine plays."""

from __future__ import annotations

from collections.abc import Sequence

from etter_common.context import Context
from etter_common.errors import FieldError, Unprocessable
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.settings import SimulationSettings


def settings_of(ctx: Context) -> SimulationSettings:
    settings = ctx.platform.settings
    assert isinstance(settings, SimulationSettings)  # noqa: S101 - simulation's platform has its settings
    return settings


def check_size(ctx: Context, requests: Sequence[SimulationRequest], too_large: type[Unprocessable]) -> None:
    """Raise `too_large` if these together are more than one run may be."""
    settings = settings_of(ctx)
    iterations = sum(len(request.roles) * request.n_iterations for request in requests)
    months = sum(len(request.roles) * request.n_iterations * request.steps for request in requests)
    for product, value, limit in (
        ("roles × n_iterations", iterations, settings.max_role_iterations),
        ("roles × n_iterations × steps", months, settings.max_role_months),
    ):
        if value > limit:
            message = f"{product} of all together is {value}; the limit is {limit}"
            raise too_large(message, errors=[FieldError("/body/n_iterations", message, "too_large")])
