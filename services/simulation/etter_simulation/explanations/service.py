"""Explains one figure of a result."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Row

from etter_common import fieldsets
from etter_common.context import Context
from etter_common.errors import FieldError
from etter_common.jobs import JobStatus
from etter_common.responses import encode_data
from etter_simulation.engine.metrics import STATS
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.explanations import limits, parts
from etter_simulation.explanations.effects import parameter_effects
from etter_simulation.explanations.errors import UnknownFigure
from etter_simulation.explanations.expected import Figure, workload_parts
from etter_simulation.explanations.parts import Means, Part
from etter_simulation.explanations.repository import ExplanationRepository
from etter_simulation.explanations.schemas import ExplanationOut, ExplanationQuery
from etter_simulation.simulations.errors import SimulationNotFinished
from etter_simulation.simulations.packing import Floats, unpack

_FIGURE_STATS = ("mean", "p5", "p50", "p95")


async def explain(ctx: Context, simulation_id: UUID, query: ExplanationQuery) -> bytes:
    """The body of the answer; it is worked out beside the event loop."""
    tree = fieldsets.parse(query.fields, ExplanationOut)
    repository = ExplanationRepository(ctx)
    header = await repository.header(simulation_id)
    if header.status != JobStatus.SUCCEEDED:
        raise SimulationNotFinished(f"the simulation is {header.status}", status_of_run=header.status)
    request = SimulationRequest.model_validate(header.request)
    month = header.steps if query.month is None else query.month
    figure = _figure(request, query, month)
    rows = await repository.list_series(simulation_id)
    return await asyncio.to_thread(_body, header, request, figure, rows, query.limit, tree)


def _figure(request: SimulationRequest, query: ExplanationQuery, month: int) -> Figure:
    names = [role.role for role in request.roles]
    if month > request.steps:
        raise _unknown("month", f"the simulation ends with month {request.steps}")
    if query.role is not None and query.role not in names:
        raise _unknown("role", "there is no such role")
    return Figure(query.metric, month, names.index(query.role) if query.role is not None else None)


def _unknown(field: str, message: str) -> UnknownFigure:
    return UnknownFigure(message, errors=[FieldError(f"/query/{field}", message, f"unknown_{field}")])


def _body(
    header: Row[Any], request: SimulationRequest, figure: Figure, rows: Sequence[Row[Any]], limit: int, tree: Any
) -> bytes:  # fmt: skip
    tables = [dict(zip(row.metrics, unpack(row.values, len(row.metrics)), strict=True)) for row in rows]
    own = tables[0 if figure.role is None else 1 + figure.role]
    if figure.metric not in own:
        raise _unknown("metric", "the company or role has no such metric")
    means = [{metric: values[STATS.index("mean")] for metric, values in table.items()} for table in tables]
    answer = {
        "simulation_id": header.id,
        "currency": header.currency,
        "engine_version": header.engine_version,
        "figure": _shown(request, figure, own[figure.metric]),
        "by_role": _by_role(request, figure, means, limit),
        "by_workload": _by_workload(request, figure, means, limit),
        "bridges": _bridges(request, figure, means),
        "parameters": parameter_effects(request, figure),
        "limits": limits.of(request, header, figure),
    }
    return encode_data(answer, tree)


def _shown(request: SimulationRequest, figure: Figure, values: Floats) -> dict[str, Any]:
    role = request.roles[figure.role].role if figure.role is not None else None
    stats = {name: number(values[STATS.index(name), figure.month]) for name in _FIGURE_STATS}
    return {"metric": figure.metric, "month": figure.month, "role": role, **stats}


def number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _by_role(request: SimulationRequest, figure: Figure, means: Sequence[Means], limit: int) -> dict[str, Any] | None:
    if figure.role is not None:
        return None
    found = parts.by_role(request, figure.metric, figure.month, means[1:])
    if found is None:
        return None
    whole = float(means[0][figure.metric][figure.month])
    shown, others = _largest(found, limit)
    *_, rest = parts.closed([*shown, Part("others", others)], whole)
    return {"parts": [vars(one) for one in shown], "others": others, "rest": rest.value}


def _largest(found: Sequence[Part], limit: int) -> tuple[list[Part], float]:
    ordered = sorted(found, key=lambda one: -abs(one.value))
    return ordered[:limit], math.fsum(one.value for one in ordered[limit:])


def _by_workload(
    request: SimulationRequest, figure: Figure, means: Sequence[Means], limit: int
) -> dict[str, Any] | None:
    if figure.metric != "released_fte":
        return None
    places = range(len(request.roles)) if figure.role is None else [figure.role]
    released = {at: float(means[1 + at]["released_fte"][figure.month]) for at in places}
    found = sorted(workload_parts(request, figure.month, released), key=lambda one: -abs(one.value))
    others = math.fsum(one.value for one in found[limit:])
    whole = float(means[0 if figure.role is None else 1 + figure.role]["released_fte"][figure.month])
    *_, rest = parts.closed([*(Part("", one.value) for one in found[:limit]), Part("others", others)], whole)
    return {"basis": "expected", "parts": [vars(one) for one in found[:limit]], "others": others, "rest": rest.value}


def _bridges(request: SimulationRequest, figure: Figure, means: Sequence[Means]) -> list[dict[str, Any]]:
    company, roles = means[0], means[1:]
    if figure.role is not None:
        steps = parts.role_bridge(request, figure.role, figure.month, roles[figure.role])
        return [_bridge("role", "payroll_saved", steps, float(np.sum([step.value for step in steps])))]
    gross = parts.gross_bridge(request, figure.month, company, roles)
    made = [_bridge("gross", "cum_net", gross, float(company["cum_net"][figure.month]))]
    if "attributed_cum_net" in company:
        own = parts.attributed_bridge(request, figure.month, company, roles)
        made.append(
            _bridge("attributed", "attributed_cum_net", own, float(company["attributed_cum_net"][figure.month]))
        )
    return made


def _bridge(kind: str, ends_in: str, steps: Sequence[Part], total: float) -> dict[str, Any]:
    return {"kind": kind, "ends_in": ends_in, "total": total, "steps": [vars(step) for step in steps]}
