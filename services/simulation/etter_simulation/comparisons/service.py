"""Asks for comparisons, follows and ends them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from etter_common.context import Context
from etter_common.errors import FieldError, ValidationFailed
from etter_common.responses import Slice
from etter_simulation.analyses import jobs
from etter_simulation.analyses.limits import check_size
from etter_simulation.analyses.schemas import AnalysisQuery
from etter_simulation.comparisons.alternatives import find
from etter_simulation.comparisons.errors import AlternativesDiffer, ComparisonTooLarge
from etter_simulation.comparisons.models import QUEUE, Comparison
from etter_simulation.comparisons.repository import ComparisonRepository
from etter_simulation.comparisons.schemas import ComparisonCreate
from etter_simulation.engine.metrics import ENGINE_VERSION
from etter_simulation.engine.request import SimulationRequest

DEFAULT_MONTHS = (12, 36, 60, 120)


async def create(ctx: Context, data: ComparisonCreate) -> Comparison:
    """Queue a comparison. It keeps its own copy of what the alternatives assume."""
    alternatives = await find(ctx, data.alternatives, baseline=data.baseline)
    currencies = sorted({alternative.currency for alternative in alternatives})
    if len(currencies) > 1:
        raise AlternativesDiffer(currencies=currencies)
    requests = align(data, [alternative.request for alternative in alternatives])
    check_size(ctx, requests, ComparisonTooLarge)
    common = requests[0]
    comparison = Comparison(
        requested_by=ctx.user_id, name=data.name, engine_version=ENGINE_VERSION,
        alternatives=[alternative.shown for alternative in alternatives], baseline=data.baseline,
        iterations=common.n_iterations, steps=common.steps, seed=common.seed, currency=currencies[0],
        request={
            "requests": [request.model_dump(mode="json") for request in requests],
            "months": months_of(data.months, common.steps),
            "baseline": data.baseline,
        },
    )  # fmt: skip
    return await jobs.submit(ComparisonRepository(ctx), QUEUE, comparison)


def align(data: ComparisonCreate, requests: Sequence[SimulationRequest]) -> list[SimulationRequest]:
    """The requests with one seed, one number of iterations and one of months, and a counterfactual each."""
    common = {
        "n_iterations": data.n_iterations or max(2, *(request.n_iterations for request in requests)),
        "steps": data.steps or max(1, min(request.steps for request in requests)),
        "seed": data.seed if data.seed is not None else _seed(requests),
        "counterfactual": True,
    }
    return [_with(request, common) for request in requests]


def _with(request: SimulationRequest, common: dict[str, Any]) -> SimulationRequest:
    if common["steps"] <= request.steps:
        return request.model_copy(update=common)
    try:  # more months mean more money and people than were looked at before
        return SimulationRequest.model_validate({**request.model_dump(), **common})
    except ValidationError as invalid:
        message = invalid.errors()[0]["msg"]
        raise ValidationFailed(errors=[FieldError("/body/steps", message, "too_many_steps")]) from invalid


def _seed(requests: Sequence[SimulationRequest]) -> int:
    """That of all of them, or one that follows from what they assume."""
    own = {request.seed_or_derived() for request in requests}
    if len(own) == 1:
        return own.pop()
    mark = hashlib.sha256("".join(request.fingerprint() for request in requests).encode())
    return int(mark.hexdigest()[:13], 16)


def months_of(wanted: Sequence[int] | None, steps: int) -> list[int]:
    """Ascending, each once, the last month always among them."""
    beyond = [month for month in wanted or () if month > steps]
    if beyond:
        message = f"the comparison ends with month {steps}"
        raise ValidationFailed(errors=[FieldError("/body/months", message, "month_beyond_end")])
    return sorted({*(wanted if wanted is not None else (m for m in DEFAULT_MONTHS if m < steps)), steps})


async def list_page(ctx: Context, query: AnalysisQuery) -> Slice:
    return await ComparisonRepository(ctx).list_page(query)


async def read(ctx: Context, comparison_id: UUID, fields: str | None) -> dict[str, Any]:
    return await ComparisonRepository(ctx).read(comparison_id, fields)


async def cancel(ctx: Context, comparison_id: UUID) -> Comparison:
    return await jobs.cancel(ComparisonRepository(ctx), comparison_id)


async def delete(ctx: Context, comparison_id: UUID) -> None:
    await ComparisonRepository(ctx).remove(comparison_id)
