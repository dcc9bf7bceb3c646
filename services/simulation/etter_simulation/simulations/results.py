"""What a run yielded, as it goes out: columns by month, and the flat v1 steps beside them (MODEL.md, section 15)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Row

from etter_simulation.engine.metrics import (
    ATTRIBUTED_METRICS,
    COMPANY_METRICS,
    COMPAT_COMPANY,
    COMPAT_ROLE,
    FRACTIONS,
    ROLE_METRICS,
    SALARY,
    STATS,
)
from etter_simulation.engine.variance import CHANCE, shares
from etter_simulation.simulations.packing import Floats, unpack

FLAT_STATS = STATS[:6]
_MEAN, _SD = STATS.index("mean"), STATS.index("sd")
DECIMALS, DECIMALS_OF_FRACTIONS = 6, 9
"""Of every figure that goes out. The standard error of a share of a million people may be 1e-7."""

Columns = dict[str, Floats]
"""[statistic, month] by metric."""


def months_of(steps: int, every: int) -> list[int]:
    """Every n-th month from 0 on, and always the last."""
    months = list(range(0, steps + 1, every))
    return months if months[-1] == steps else [*months, steps]


def columns_of(row: Row[Any], months: Sequence[int]) -> Columns:
    """A stored row's series, with a role's salary bill made from its heads."""
    found = {metric: values for metric, values in _stored(row, months).items() if not metric.startswith(CHANCE)}
    if row.salary is not None:
        found[SALARY] = found["count"] * row.salary
    return {metric: rounded(metric, values) for metric, values in found.items()}


def rounded(metric: str, values: Floats) -> Floats:
    is_fraction = metric.removeprefix("attributed_") in FRACTIONS
    return np.round(values, DECIMALS_OF_FRACTIONS if is_fraction else DECIMALS)


def _stored(row: Row[Any], months: Sequence[int]) -> Columns:
    return dict(zip(row.metrics, unpack(row.values, len(row.metrics))[:, :, months], strict=True))


def values_of(roles: int, months: int, wanted: set[str]) -> int:
    """About how many figures an answer of these sections has."""
    of_role = ("roles" in wanted) * (len(ROLE_METRICS) + 1) * len(STATS) + ("steps" in wanted) * len(COMPAT_ROLE) * 6
    of_company = ("company" in wanted) * (len(COMPANY_METRICS) + len(ATTRIBUTED_METRICS)) * len(STATS)
    return months * (roles * of_role + of_company)


def sections(rows: Sequence[Row[Any]], months: Sequence[int], tree: Mapping[str, Any] | None) -> dict[str, Any]:
    """Those of `company`, `roles` and `steps` that are wanted."""
    wanted = tree if tree is not None else {"company": {}, "roles": {}, "steps": {}, "uncertainty": {}}
    company = columns_of(rows[0], months)
    roles = [(row, columns_of(row, months)) for row in rows[1:]]
    made: dict[str, Any] = {}
    if "company" in wanted:
        missing = dict.fromkeys(metric for metric in ATTRIBUTED_METRICS if metric not in company)
        made["company"] = {**series(company, wanted["company"]), **missing}
    if "uncertainty" in wanted:
        made["uncertainty"] = variance_shares(_stored(rows[0], months))
    if "roles" in wanted:
        made["roles"] = [
            {"role": row.role, "role_id": row.role_id, **series(columns, wanted["roles"])} for row, columns in roles
        ]
    if "steps" in wanted:
        made["steps"] = flat_steps(months, company, {row.role: columns for row, columns in roles})
    return made


def variance_shares(columns: Columns) -> dict[str, Any] | None:
    """Of every headline by month, how much of its variance parameters have and how much chance; None without both."""
    found = {}
    for metric, difference in columns.items():
        if metric.startswith(CHANCE):
            output = metric.removeprefix(CHANCE)
            from_parameters, from_chance = shares(columns[output][_SD], difference[_MEAN], difference[_SD])
            found[output] = {
                "parameters": np.round(from_parameters, DECIMALS).tolist(),
                "chance": np.round(from_chance, DECIMALS).tolist(),
            }
    return found or None


def series(columns: Columns, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The wanted metrics (all if none are named) as lists by statistic."""
    return {
        metric: dict(zip(STATS, values.tolist(), strict=True))
        for metric, values in columns.items()
        if not wanted or metric in wanted
    }


def flat_steps(months: Sequence[int], company: Columns, roles: Mapping[str, Columns]) -> list[dict[str, Any]]:
    """One object a month: `Step`, `{metric}_{stat}` and `{Role}_{metric}_{stat}`."""
    names: list[str] = []
    rows: list[Floats] = []
    for prefix, columns, metrics in (
        ("", company, COMPAT_COMPANY),
        *((f"{role}_", found, COMPAT_ROLE) for role, found in roles.items()),
    ):
        for metric in metrics:
            names += [f"{prefix}{metric}_{stat}" for stat in FLAT_STATS]
            rows += list(columns[metric][: len(FLAT_STATS)])
    by_month = np.stack(rows, axis=1).tolist()
    return [{"Step": month, **dict(zip(names, row, strict=True))} for month, row in zip(months, by_month, strict=True)]
