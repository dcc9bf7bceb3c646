"""Asks for sensitivity analyses, follows and ends them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from etter_common.context import Context
from etter_common.errors import FieldError, ValidationFailed
from etter_common.responses import Slice
from etter_simulation import subjects
from etter_simulation.analyses import jobs
from etter_simulation.analyses.limits import settings_of
from etter_simulation.analyses.schemas import AnalysisQuery
from etter_simulation.engine.metrics import ATTRIBUTED_METRICS, COMPANY_METRICS, ENGINE_VERSION, ROLE_METRICS
from etter_simulation.engine.parameters import RANGES, checked
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.sensitivity_analyses.errors import SensitivityAnalysisTooLarge
from etter_simulation.sensitivity_analyses.models import QUEUE, SensitivityAnalysis
from etter_simulation.sensitivity_analyses.repository import SensitivityAnalysisRepository
from etter_simulation.sensitivity_analyses.schemas import (
    SCREENED_ABOVE,
    OutputIn,
    ParameterRange,
    SensitivityAnalysisCreate,
)

DEFAULT_MONTHS = (12, 36, 60, 120)


async def create(ctx: Context, data: SensitivityAnalysisCreate) -> SensitivityAnalysis:
    """Queue an analysis. It keeps its own copy of what it varies."""
    subject = await subjects.find(ctx, data)
    ranges = data.parameters or default_ranges(subject.request)
    _check_ranges(subject.request, ranges)
    _check_outputs(subject.request, data.outputs)
    months = _months(data.months, subject.request.steps)
    request = subject.request.model_copy(update={"n_iterations": data.iterations, "steps": months[-1]})
    method = _method(data, ranges)
    size = data.samples if method == "sobol" else data.trajectories
    evaluations = size * (len(ranges) + (2 if method == "sobol" else 1))
    _check_size(ctx, request, data.outputs, evaluations)
    analysis = SensitivityAnalysis(
        requested_by=ctx.user_id, name=data.name, engine_version=ENGINE_VERSION,
        simulation_id=subject.simulation_id, method=method, parameters=[one.model_dump() for one in ranges],
        evaluations=evaluations, iterations=data.iterations, seed=subject.seed, currency=subject.currency,
        request={
            "request": request.model_dump(mode="json"), "method": method, "size": size, "months": months,
            "parameters": [one.model_dump() for one in ranges],
            "outputs": [one.model_dump() for one in data.outputs],
        },
    )  # fmt: skip
    return await jobs.submit(SensitivityAnalysisRepository(ctx), QUEUE, analysis)


def default_ranges(request: SimulationRequest) -> list[ParameterRange]:
    """Every parameter of section 14 that has a range, less those that cannot matter to this request."""
    inert = {
        "costs.reskill": not request.redeployment.enabled,
        "backfill.fill_months": request.backfill.policy == "none",
        "attrition.monthly_quit": all(role.monthly_quit is not None for role in request.roles),
    }
    return [
        ParameterRange(parameter=name, low=low, high=high)
        for name, (low, high) in RANGES.items()
        if not inert.get(name, False)
    ]


def _method(data: SensitivityAnalysisCreate, ranges: Sequence[ParameterRange]) -> str:
    if data.method != "auto":
        return data.method
    return "morris" if len(ranges) > SCREENED_ABOVE else "sobol"


def _check_ranges(request: SimulationRequest, ranges: Sequence[ParameterRange]) -> None:
    """Both ends must be what a request may say; what a request may say has no gaps."""
    for at, one in enumerate(ranges):
        for end in ("low", "high"):
            try:
                checked(request, {one.parameter: getattr(one, end)})
            except ValidationError as invalid:
                found = invalid.errors()[0]
                raise ValidationFailed(
                    errors=[FieldError(f"/body/parameters/{at}/{end}", found["msg"], found["type"])]
                ) from invalid


def _check_outputs(request: SimulationRequest, outputs: Sequence[OutputIn]) -> None:
    roles = {role.role for role in request.roles}
    errors = []
    for at, one in enumerate(outputs):
        metrics = (*COMPANY_METRICS, *ATTRIBUTED_METRICS) if one.role is None else ROLE_METRICS
        if one.metric not in metrics:
            whose = "the company" if one.role is None else "a role"
            errors.append(FieldError(f"/body/outputs/{at}/metric", f"{whose} has no such metric", "unknown_metric"))
        if one.role is not None and one.role not in roles:
            errors.append(FieldError(f"/body/outputs/{at}/role", "there is no such role", "unknown_role"))
    if errors:
        raise ValidationFailed(errors=errors)


def _months(wanted: Sequence[int] | None, steps: int) -> list[int]:
    beyond = [month for month in wanted or () if month > steps]
    if beyond:
        raise ValidationFailed(
            errors=[FieldError("/body/months", f"the simulation ends with month {steps}", "month_beyond_end")]
        )
    if wanted is not None:
        return sorted(set(wanted))
    return sorted({*(month for month in DEFAULT_MONTHS if month < steps), steps})


def _check_size(ctx: Context, request: SimulationRequest, outputs: Sequence[OutputIn], evaluations: int) -> None:
    sides = 2 if any(one.metric.startswith("attributed_") for one in outputs) else 1
    months = evaluations * sides * len(request.roles) * request.n_iterations * max(1, request.steps)
    limit = settings_of(ctx).max_sensitivity_role_months
    if months > limit:
        detail = f"evaluations × roles × iterations × steps is {months} (twice with attributed outputs)"
        raise SensitivityAnalysisTooLarge(
            f"{detail}; the limit is {limit}", errors=[FieldError("/body/samples", f"{detail}", "too_large")]
        )


async def list_page(ctx: Context, query: AnalysisQuery) -> Slice:
    return await SensitivityAnalysisRepository(ctx).list_page(query)


async def read(ctx: Context, analysis_id: UUID, fields: str | None) -> dict[str, Any]:
    return await SensitivityAnalysisRepository(ctx).read(analysis_id, fields)


async def cancel(ctx: Context, analysis_id: UUID) -> SensitivityAnalysis:
    return await jobs.cancel(SensitivityAnalysisRepository(ctx), analysis_id)


async def delete(ctx: Context, analysis_id: UUID) -> None:
    await SensitivityAnalysisRepository(ctx).remove(analysis_id)
