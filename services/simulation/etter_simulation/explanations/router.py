"""Explanations over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from etter_common.cache import LIFETIMES, CacheKey, tag
from etter_common.context import Context
from etter_common.deps import cached, requires
from etter_common.errors import InvalidFields
from etter_common.responses import Data, documented
from etter_simulation.analyses.routes import COMMON
from etter_simulation.explanations import service
from etter_simulation.explanations.errors import UnknownFigure
from etter_simulation.explanations.schemas import ExplanationOut, ExplanationQuery
from etter_simulation.simulations.errors import SimulationNotFinished, SimulationNotFound

router = APIRouter(prefix="/simulations", tags=["simulations"])


@router.get(
    "/{simulation_id}/explanation",
    response_model=Data[ExplanationOut],
    responses=documented(*COMMON, SimulationNotFound, SimulationNotFinished, UnknownFigure, InvalidFields),
)
async def explain_simulation(
    ctx: Annotated[Context, requires("simulations:read")],
    simulation_id: UUID,
    query: Annotated[ExplanationQuery, Query()],
) -> Response:
    """What one figure is made of, what moved it, and what it does not know."""
    key = CacheKey.of(ctx.company_id, "simulation_results", {"explain": str(simulation_id), **query.model_dump()})
    return await cached(
        ctx,
        key,
        lambda own: service.explain(own, simulation_id, query),
        ttl_s=LIFETIMES["simulation_results"],
        tags=[tag(ctx.company_id, "simulation", simulation_id)],
    )
