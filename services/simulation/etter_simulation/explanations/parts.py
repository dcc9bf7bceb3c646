"""What a figure is made of: parts that add up to it exactly. Reads means of stored series; nothing is estimated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from etter_simulation.engine.build import build
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.simulations.packing import Floats

SUMMED: Final = (
    "released_fte", "realised_fte", "unrealised_fte",
    "vacancies", "quits", "hires", "laid_off", "moved_in", "moved_out",
)  # fmt: skip
"""Company figures that are sums over roles; `heads` is the sum of their `count`."""
REST: Final = "rest"
"""Of a list of parts: what they leave of the figure. Rounding where the figure is a sum, else what no part explains."""

Means = Mapping[str, Floats]
"""[month] by metric."""


@dataclass(frozen=True)
class Part:
    name: str
    value: float


def closed(parts: Sequence[Part], whole: float) -> list[Part]:
    """The parts and their rest: the sum of all, from first to last, is the whole to the last bit or next to it."""
    so_far = 0.0
    for part in parts:
        so_far += part.value
    return [*parts, Part(REST, whole - so_far)]


def by_role(request: SimulationRequest, metric: str, month: int, roles: Sequence[Means]) -> list[Part] | None:
    """Each role's share of a company figure that is a sum over roles; None for others."""
    values = _of_roles(request, metric, month, roles)
    if values is None:
        return None
    return [Part(role.role, float(value)) for role, value in zip(request.roles, values, strict=True)]


def _of_roles(request: SimulationRequest, metric: str, month: int, roles: Sequence[Means]) -> Sequence[float] | None:
    if metric in SUMMED:
        return [role[metric][month] for role in roles]
    heads = [role["count"][month] for role in roles]
    if metric == "heads":
        return heads
    paid = [count * role.salary for count, role in zip(heads, request.roles, strict=True)]
    monthly = (1 + request.costs.on_cost) / 12
    if metric == "payroll":
        return [pay * monthly for pay in paid]
    if metric == "baseline":
        demand = build(request).demand[month]
        return [float(people) * role.salary * monthly for people, role in zip(demand, request.roles, strict=True)]
    if metric == "employees":
        return _fractions(heads, sum(role.count for role in request.roles))
    if metric == "total_salary_of_employees":
        return _fractions(paid, sum(role.count * role.salary for role in request.roles))
    return None


def _fractions(values: Sequence[float], whole: float) -> Sequence[float] | None:
    return [value / whole for value in values] if whole else None


def gross_bridge(request: SimulationRequest, month: int, company: Means, roles: Sequence[Means]) -> list[Part]:
    """Freed time at what it is paid, and on to the net of all months up to this one."""
    months = slice(1, month + 1)
    demand = build(request).demand
    released, realised, missing = 0.0, 0.0, 0.0
    for at, (role, means) in enumerate(zip(request.roles, roles, strict=True)):
        monthly = role.salary / 12 * (1 + request.costs.on_cost)
        released += monthly * float(means["released_fte"][months].sum())
        realised += monthly * float(means["realised_fte"][months].sum())
        missing += monthly * float((demand[months, at] - means["count"][months]).sum())
    steps = [
        Part("released", released),
        Part("not_realised", realised - released),
        Part("beyond_demand", missing - realised),
        Part("licences", -_sum(company, "licences", months)),
        Part("one_off", -_sum(company, "one_off", months)),
    ]
    return closed(steps, float(company["cum_net"][month]))


def attributed_bridge(request: SimulationRequest, month: int, company: Means, roles: Sequence[Means]) -> list[Part]:
    """The same of what automation changes; without automation no time is freed, so all that is released counts."""
    months = slice(1, month + 1)
    released = 0.0
    for role, means in zip(request.roles, roles, strict=True):
        released += role.salary / 12 * (1 + request.costs.on_cost) * float(means["released_fte"][months].sum())
    payroll = -_sum(company, "attributed_payroll", months)
    steps = [
        Part("released", released),
        Part("still_paid", payroll - released),
        Part("licences", -_sum(company, "attributed_licences", months)),
        Part("one_off", -_sum(company, "attributed_one_off", months)),
    ]
    return closed(steps, float(company["attributed_cum_net"][month]))


def role_bridge(request: SimulationRequest, at: int, month: int, role: Means) -> list[Part]:
    """One role's, to the pay it saves; licences and one-off costs are not kept by role."""
    months = slice(1, month + 1)
    monthly = request.roles[at].salary / 12 * (1 + request.costs.on_cost)
    released = monthly * float(role["released_fte"][months].sum())
    realised = monthly * float(role["realised_fte"][months].sum())
    saved = monthly * float((build(request).demand[months, at] - role["count"][months]).sum())
    steps = [
        Part("released", released), Part("not_realised", realised - released), Part("beyond_demand", saved - realised),
    ]  # fmt: skip
    return closed(steps, saved)


def _sum(company: Means, metric: str, months: slice) -> float:
    return float(np.sum(company[metric][months]))
