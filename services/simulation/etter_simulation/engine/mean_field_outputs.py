"""Sections 5 and 6 in expectation: a run's series from what was kept of every month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from etter_simulation.engine.build import MINOR_UNITS
from etter_simulation.engine.mean_field_month import Flows, automated_shares, time_needed
from etter_simulation.engine.mean_field_tables import Crowd, Floats, Numbers
from etter_simulation.engine.metrics import COMPANY_METRICS, ROLE_METRICS

HALF_A_PERSON: Final = 0.5
"""With fewer present than that a role counts as deserted: its averages are null, as they are without anybody."""

LARGEST_RATIO: Final = 2147483647.0
"""As in `outputs`, which needs the compiler."""

KEPT: Final = (
    "heads", "present", "capacity", "time", "rate", "auto_time_automated", "seats",
    "adoptions", "quits", "vacancies", "hires", "laid_off", "moved_in", "moved_out", "moving_cost",
)  # fmt: skip


class Course:
    """What is kept of every month, [month, case, role] by name."""

    def __init__(self, numbers: Numbers) -> None:
        self._kept = np.zeros((len(KEPT), *numbers.demand.shape))
        self._productivity = numbers.rules["ramp_productivity"]

    def __getitem__(self, name: str) -> Floats:
        kept: Floats = self._kept[KEPT.index(name)]
        return kept

    def keep(self, numbers: Numbers, crowd: Crowd, flows: Flows, step: int) -> None:
        shares = automated_shares(numbers, crowd)
        automated = (numbers.time * shares).sum(axis=-1)
        auto_time = numbers.auto_time
        self._kept[:, step] = (
            crowd.heads,
            crowd.present,
            crowd.active + self._productivity * crowd.ramping,
            time_needed(numbers, shares),
            shares.sum(axis=-1) / numbers.workloads,
            np.divide(automated, auto_time, out=np.zeros_like(automated), where=auto_time > 0.0),
            crowd.adopted.sum(axis=-1) * crowd.present,
            *(getattr(flows, name) for name in KEPT[7:]),
        )


@dataclass(frozen=True)
class Series:
    """Section 5 and 6 in its units: `company` [case, metric, month], `roles` [case, role, metric, month]."""

    company: Floats
    roles: Floats


def series(numbers: Numbers, course: Course) -> Series:
    """In the order of `COMPANY_METRICS` and `ROLE_METRICS`; NaN where nobody is present."""
    roles = _roles(numbers, course)
    company: dict[str, Floats] = {
        **_means(course, roles),
        **{name: roles[name].sum(axis=-1) for name in ROLE_METRICS if name in COMPANY_METRICS[5:15]},
        "heads": course["heads"].sum(axis=-1),
        "total_salary_of_employees": (course["heads"] * numbers.salary).sum(axis=-1),
        **_money(numbers, course),
    }
    for fraction, whole in (("employees", "heads"), ("total_salary_of_employees", "total_salary_of_employees")):
        company[fraction] = _ratio(company[whole], company[whole][:1])
    return Series(
        np.stack([company[name] for name in COMPANY_METRICS]).transpose(2, 0, 1),
        np.stack([roles[name] for name in ROLE_METRICS]).transpose(2, 3, 0, 1),
    )


def _ratio(above: Floats, below: Floats) -> Floats:
    nothing = np.full(np.broadcast(above, below).shape, np.nan)
    with np.errstate(over="ignore"):
        ratio: Floats = np.divide(above, below, out=nothing, where=below > 0.0)
    return np.clip(ratio, -LARGEST_RATIO, LARGEST_RATIO)


def _roles(numbers: Numbers, course: Course) -> dict[str, Floats]:
    demand, time, capacity = numbers.demand, course["time"], course["capacity"]
    there = np.where(course["present"] >= HALF_A_PERSON, course["present"], 0.0)
    released = demand * (1.0 - time)
    realised = np.maximum(0.0, demand - course["heads"])
    return {
        "count": course["heads"],
        "avg_automation_rate": course["rate"],
        "auto_time_automated": course["auto_time_automated"],
        "avg_time_per_employee": _ratio(demand * time, np.where(there > 0.0, capacity, 0.0)),
        "avg_unused_output_capacity": _ratio(capacity / time - demand, there),
        "released_fte": released,
        "realised_fte": realised,
        "unrealised_fte": released - realised,
        **{name: course[name] for name in ROLE_METRICS[8:]},
    }


def _means(course: Course, roles: dict[str, Floats]) -> dict[str, Floats]:
    """Over roles, weighted by present people; roles without are skipped."""
    found = {}
    for name, source in (
        ("automation", "avg_automation_rate"),
        ("avg_time_per_employee", "avg_time_per_employee"),
        ("avg_unused_output_capacity", "avg_unused_output_capacity"),
    ):
        counts = ~np.isnan(roles[source]) & (course["present"] >= HALF_A_PERSON)
        weights = np.where(counts, course["present"], 0.0)
        sums = (weights * np.where(counts, roles[source], 0.0)).sum(axis=-1)
        found[name] = _ratio(sums, weights.sum(axis=-1))
    return found


def _money(numbers: Numbers, course: Course) -> dict[str, Floats]:
    """Currency, [month, case]. Month 0 spends nothing."""
    cost = {name: numbers.rules[name] for name in ("on_cost", "training", "licence", "hire", "severance")}
    yearly = (1.0 + cost["on_cost"][:, 0]) / 12.0 / MINOR_UNITS
    payroll = (course["heads"] * numbers.salary).sum(axis=-1) * yearly
    baseline = (numbers.demand * numbers.salary).sum(axis=-1) * yearly
    licences = (course["seats"] * cost["licence"]).sum(axis=-1) / MINOR_UNITS
    one_off = course["adoptions"] * cost["training"] * numbers.salary + course["hires"] * cost["hire"]
    one_off = one_off + course["moving_cost"] + course["laid_off"] * cost["severance"] * numbers.salary
    spent = (one_off.sum(axis=-1) + np.stack([model.capex for model in numbers.models], axis=1)) / MINOR_UNITS
    saving = baseline - payroll - licences
    net = saving - spent
    net[0] = 0.0
    return {
        "payroll": payroll,
        "baseline": baseline,
        "licences": licences,
        "one_off": spent,
        "run_rate_saving": saving,
        "cum_one_off": np.vstack([np.zeros_like(spent[:1]), spent[1:]]).cumsum(axis=0),
        "cum_net": net.cumsum(axis=0),
    }
