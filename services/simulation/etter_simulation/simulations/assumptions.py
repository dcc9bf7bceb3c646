"""What a run assumed (MODEL.md, section 14): every parameter with where its value comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from etter_simulation.engine.defaults import (
    AUTO_WORK,
    AUTOMATION,
    DEFAULTS,
    EXPOSURE_CEILINGS,
    PRESETS,
    RESKILL,
    Default,
)

Line = dict[str, Any]


def shown(request: Mapping[str, Any]) -> list[Line]:
    """Of a stored request. A value that differs from its default was given: by itself, or by the preset named."""
    roles, reskilling = request["roles"], request["redeployment"]["reskill_months"]
    return [
        _given(AUTOMATION, request["automation_factor"], AUTOMATION.note),
        _given(AUTO_WORK, auto_time_share(roles), AUTO_WORK.note),
        *_of_labels(roles),
        *(_line(default, _value(request, default), request.get("preset")) for default in DEFAULTS.values()),
        *(_line(one, months, None) for one, months in zip(RESKILL, reskilling, strict=True)),
    ]


def auto_time_share(roles: Sequence[Mapping[str, Any]]) -> float:
    """Of all working time at the start, that in Auto workloads."""
    people = sum(role["count"] for role in roles)
    auto = sum(
        role["count"] * workload["Time"]
        for role in roles for workload in role["workloads"] if workload["Type"] == "Auto"
    )  # fmt: skip
    return float(auto / people) if people else 0.0


def _of_labels(roles: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    """The ceilings of exposure labels that were used and not overruled."""
    used = {
        workload["exposure"]
        for role in roles for workload in role["workloads"]
        if workload.get("exposure") and workload["ceiling"] == EXPOSURE_CEILINGS[workload["exposure"]].value
    }  # fmt: skip
    for label in sorted(used):
        yield _line(EXPOSURE_CEILINGS[label], EXPOSURE_CEILINGS[label].value, None)


def _value(request: Mapping[str, Any], default: Default) -> float:
    part, name = default.parameter.split(".")
    return float(request[part][name])


def _line(default: Default, value: float, preset: str | None) -> Line:
    if value == default.value:
        return _shown(default, value, default.basis, default.note)
    part, _, name = default.parameter.partition(".")
    by_preset = PRESETS.get(preset or "", {}).get(part, {}).get(name) == value
    return _given(default, value, f"preset {preset}" if by_preset else "")


def _given(default: Default, value: float, note: str) -> Line:
    return _shown(default, value, "given", note)


def _shown(default: Default, value: float, basis: str, note: str) -> Line:
    return {
        "parameter": default.parameter, "value": value, "unit": default.unit, "basis": basis, "note": note,
        "low": default.low, "high": default.high,
    }  # fmt: skip
