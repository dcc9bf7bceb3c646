"""The deployment's limits, for everything that the engine plays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    roles = ((len(request.roles), request) for request in requests)
    heads = ((request.most_heads, request) for request in requests if request.engine == "agent")
    _check("roles", roles, (settings.max_role_iterations, settings.max_role_months), too_large)
    _check("heads", heads, (settings.max_agent_iterations, settings.max_agent_months), too_large)


def _check(
    what: str,
    sizes: Iterable[tuple[int, SimulationRequest]],
    limits: tuple[int, int],
    too_large: type[Unprocessable],
) -> None:
    iterations, months = 0, 0
    for size, request in sizes:
        iterations += size * request.n_iterations
        months += size * request.n_iterations * request.steps
    for product, value, limit in zip(
        ("n_iterations", "n_iterations × steps"), (iterations, months), limits, strict=True
    ):
        if value > limit:
            message = f"{what} × {product} of all together is {value}; the limit is {limit}"
            raise too_large(message, errors=[FieldError("/body/n_iterations", message, "too_large")])
