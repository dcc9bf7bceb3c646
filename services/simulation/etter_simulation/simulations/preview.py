"""A preview: what to expect of a run, without playing it. Nothing is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from etter_common import fieldsets
from etter_common.context import Context
from etter_common.errors import FieldError
from etter_common.responses import encode_data
from etter_simulation.engine.mean_field import expect
from etter_simulation.engine.metrics import ATTRIBUTED_METRICS, ENGINE_VERSIONS, ROLE_METRICS, SALARY
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.settings import SimulationSettings
from etter_simulation.simulations import assumptions, results, service
from etter_simulation.simulations.errors import PreviewTooLarge
from etter_simulation.simulations.packing import Floats
from etter_simulation.simulations.preview_schemas import PreviewCreate, PreviewOut, PreviewQuery
from etter_simulation.simulations.service import Asked

BIAS: Final = "expected values without chance; the means of a run differ from them by the order of 1/headcount"

_beside = ThreadPoolExecutor(1, thread_name_prefix="preview")
"""One preview after the other, beside the event loop: together they would only slow each other and all else down."""


async def preview(ctx: Context, data: PreviewCreate, query: PreviewQuery) -> bytes:
    """The body of the answer, ready to be sent."""
    tree = fieldsets.parse(query.fields, PreviewOut)
    asked = await service.asked_for(ctx, data.model_copy(update={"engine": "cohort"}))
    check_size(service.settings_of(ctx), asked.request)
    return await asyncio.get_running_loop().run_in_executor(_beside, _body, asked, query.every, tree)


def check_size(settings: SimulationSettings, request: SimulationRequest) -> None:
    """Time goes with roles times steps, and with redeployment also with the pairs of roles."""
    months, pairs = len(request.roles) * request.steps, len(request.roles) ** 2
    if months > settings.max_preview_role_months:
        most = settings.max_preview_role_months
        raise PreviewTooLarge(
            f"roles × steps is {months}; the limit is {most}",
            errors=[FieldError("/body/steps", f"at most {most} with the roles", "too_large")],
        )
    if request.redeployment.enabled and pairs > settings.max_preview_role_pairs:
        most = settings.max_preview_role_pairs
        raise PreviewTooLarge(
            f"with redeployment roles × roles is {pairs}; the limit is {most}",
            errors=[FieldError("/body/roles", f"at most {int(most**0.5)} with redeployment", "too_large")],
        )


def _body(asked: Asked, every: int, tree: fieldsets.Tree | None) -> bytes:
    request, found = asked.request, expect(asked.request)
    months = results.months_of(request.steps, every)
    company = _series(found.company_metrics, found.company, months)
    roles = [
        {"role": role.role, "role_id": role_id, **_series(ROLE_METRICS, rows, months, salary=role.salary)}
        for role, role_id, rows in zip(request.roles, asked.role_ids, found.roles, strict=True)
    ]
    answer = {
        "engine": "mean_field",
        "engine_version": ENGINE_VERSIONS["mean_field"],
        "bias": BIAS,
        "mode": request.adoption.mode,
        "automation_factor": request.automation_factor,
        "steps": request.steps,
        "counterfactual": request.counterfactual,
        "currency": asked.currency,
        "months": months,
        "summary": found.summary,
        "assumptions": assumptions.shown(request.model_dump(mode="json")),
        "left_out": asked.left_out,
        "company": {**dict.fromkeys(ATTRIBUTED_METRICS), **company},
        "roles": roles,
    }
    return encode_data(answer, tree)


def _series(
    metrics: Sequence[str], rows: Floats, months: Sequence[int], *, salary: float | None = None
) -> dict[str, Any]:
    """Lists by month; a role's pay is made from its heads."""
    columns = dict(zip(metrics, rows[:, months], strict=True))
    if salary is not None:
        columns[SALARY] = rows[0, months] * salary
    return {metric: results.rounded(metric, values).tolist() for metric, values in columns.items()}
