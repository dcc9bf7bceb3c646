"""Section 8, mean-field engine: every draw replaced by its expectation. Deterministic, without iterations or compiler.

Its bias is of order 1/headcount; it says nothing about spread. A month costs a few dozen operations on arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from etter_simulation.engine.bridge import bridge
from etter_simulation.engine.build import MINOR_UNITS, build, counterfactual
from etter_simulation.engine.mean_field_month import Flows, play_month
from etter_simulation.engine.mean_field_outputs import Course, Series, series
from etter_simulation.engine.mean_field_tables import Crowd, Floats, Numbers
from etter_simulation.engine.metrics import ATTRIBUTED, ATTRIBUTED_METRICS, COMPANY_METRICS
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.tables import Model


@dataclass(frozen=True)
class Expectation:
    """In the units of section 5: `company` [metric, month], `roles` [role, metric, month]; NaN is null."""

    company_metrics: tuple[str, ...]
    company: Floats
    roles: Floats
    summary: dict[str, object]


def expect(request: SimulationRequest) -> Expectation:
    """What `run` gives as means, in the limit of many people. `engine`, `n_iterations` and `seed` play no part."""
    model = build(request)
    found = play([model, counterfactual(request, model)] if request.counterfactual else [model])
    metrics: tuple[str, ...] = COMPANY_METRICS
    company = found.company[0]
    if request.counterfactual:
        places = [COMPANY_METRICS.index(metric) for metric in ATTRIBUTED]
        company = np.concatenate([company, company[places] - found.company[1][places]])
        metrics = COMPANY_METRICS + ATTRIBUTED_METRICS
    summary = {**_summary(request, metrics, company), "at_end": bridge(metrics, company[:, -1])}
    return Expectation(metrics, company, found.roles[0], summary)


def play(models: Sequence[Model]) -> Series:
    """Several models of the same roles and workloads side by side: much cheaper than one after the other."""
    numbers = Numbers.of(models)
    crowd, course = Crowd.at_start(numbers), Course(numbers)
    course.keep(numbers, crowd, Flows.none(numbers), 0)
    for step in range(1, len(numbers.demand)):
        flows = play_month(numbers, crowd, step)
        course.keep(numbers, crowd, flows, step)
    return series(numbers, course)


def _summary(request: SimulationRequest, metrics: tuple[str, ...], company: Floats) -> dict[str, object]:
    """Payback and a year's structural saving as in section 6, attributed if there is a counterfactual; currency."""
    prefix = "attributed_" if request.counterfactual else ""

    def at(metric: str) -> Floats:
        values: Floats = company[metrics.index(metric), 1:]
        return values

    saving, net = at(f"{prefix}run_rate_saving"), at(f"{prefix}cum_net")
    month = np.arange(1, request.steps + 1)
    worth = (1 + request.costs.discount_rate) ** (-month / 12)
    spent = bool((at("one_off") > 0).any() or (at("licences") > 0).any())
    last_loss = int(month[np.round(net * MINOR_UNITS) < 0].max(initial=0))
    return {
        "payback_month": last_loss + 1 if spent and last_loss < request.steps else None,
        "structural_saving_per_year": float(saving[-12:].sum()) * 12 / max(1, min(12, request.steps)),
        "discounted_net": float(((saving - at(f"{prefix}one_off")) * worth).sum()),
    }
