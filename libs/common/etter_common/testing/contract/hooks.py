"""Our own check, loaded by schemathesis: requests that fit the document are refused only for the state of the world."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import schemathesis

STATE: Final = {
    "INVALID_CURSOR": "a cursor is signed: which ones this list has written",
    "IDEMPOTENCY_KEY_REUSED": "which requests came with the key before",
    "UNKNOWN_OCCUPATION": "which occupations the taxonomy has",
    "UNKNOWN_TASKS": "which tasks the workflow has",
    "UNKNOWN_MASTER_COMPANY": "which companies the directory has",
    "WRONG_PASSWORD": "which password the user has",
    "TITLE_MISSING": "whether the document names a job title",
    "FACT_VALUE_INVALID": "of which type the stored fact is",
    "UNKNOWN_ALTERNATIVE": "which simulations and scenarios the company has",
    "UNKNOWN_SUBJECT": "which simulations the company has",
    "UNKNOWN_FIGURE": "which figures the simulation has",
    "UNKNOWN_SIMULATED_ROLE": "which roles the simulation has",
    "unknown_role": "which roles the simulation has",
    "unknown_metric": "which figures the simulation has",
    "unknown_workload": "which workloads the simulation has",
    "month_beyond_end": "how many months the simulation has",
    "too_many_steps": "how many months the simulations have",
    "steps": "how many months the simulation has",
}
"""Codes of problems, and of their errors, that a well-formed request may get, and what of the world decides."""

WITH_STORED: Final = {
    "change_scenario": "/body/assumptions",  # a merge patch: judged is what it makes of the stored assumptions
    "create_sensitivity_analysis": "/body/parameters/",  # each parameter has limits of its own
}
"""Parts of a request, by operation, that are judged together with what they refer to."""

UNSAYABLE: Final = {
    "TIME_SHARES_DO_NOT_SUM": "JSON Schema has no sums",
    "TIME_SHARES_NOT_ONE": "JSON Schema has no sums",
    "TOO_MANY_AUTO_WORKLOADS": "a label can stand in for the type that is counted",
    "TOO_MANY_PEOPLE": "JSON Schema has no sums and products",
    "TOO_MUCH_MONEY": "JSON Schema has no sums and products",
    "SIMULATION_TOO_LARGE": "JSON Schema has no sums and products",
    "PREVIEW_TOO_LARGE": "JSON Schema has no sums and products",
    "COMPARISON_TOO_LARGE": "JSON Schema has no sums and products",
    "SENSITIVITY_ANALYSIS_TOO_LARGE": "JSON Schema has no sums and products",
    "REDEPLOYMENT_PLAN_TOO_LARGE": "JSON Schema has no sums and products",
    "AUTOMATION_ROADMAP_TOO_LARGE": "JSON Schema has no sums and products",
    "DUPLICATE_ROLE": "JSON Schema compares whole items, not one member of them",
    "DUPLICATE_PARAMETER": "JSON Schema compares whole items, not one member of them",
    "UNKNOWN_ROLE": "JSON Schema does not compare two places of a request",
    "UNKNOWN_ROLE_PAIR": "JSON Schema does not compare two places of a request",
    "UNKNOWN_OUTPUT": "which outputs there are depends on the role and the counterfactual",
    "UNKNOWN_MONTH": "JSON Schema does not compare two numbers of a request",
    "EMPTY_RANGE": "JSON Schema does not compare two numbers of a request",
    "NOT_IN_ORDER": "JSON Schema does not compare two numbers of a request",
    "OUTSIDE_LIMITS": "every parameter has limits of its own",
    "POLICIES_CONTRADICT": "one half can come from the preset",
    "DOCUMENT_EMPTY": "what is inside a file",
    "DOCUMENT_TYPE_MISMATCH": "what is inside a file",
    "limit_needs_fields": "OpenAPI 3.1 has no rule between two parameters",
}
"""Codes of problems and of their errors whose rule no schema can say, and why; the description says it."""


@schemathesis.hook
def map_body(_context: schemathesis.HookContext, body: Any) -> Any:
    """Shares that are well-formed one by one are made to sum to 1, so that what lies behind them is reached."""
    for workloads in _lists_of_workloads(body):
        tasks = [task for one in workloads for task in one.get("tasks", ()) if isinstance(task, dict)]
        _sum_to_one(tasks, "time_share")
        _sum_to_one(workloads, "Time")
    return body


def _lists_of_workloads(value: Any) -> Iterator[list[dict[str, Any]]]:
    if isinstance(value, list):
        for one in value:
            yield from _lists_of_workloads(one)
    elif isinstance(value, dict):
        for name, below in value.items():
            if name == "workloads" and isinstance(below, list) and all(isinstance(one, dict) for one in below):
                yield below
            else:
                yield from _lists_of_workloads(below)


def _sum_to_one(parts: list[dict[str, Any]], name: str) -> None:
    shares = [part.get(name) for part in parts]
    if shares and all(isinstance(share, int | float) and 0 < share <= 1 for share in shares):
        for part in parts:
            part[name] = 1 / len(parts)


@schemathesis.check
def refused_for_state_only(
    _ctx: schemathesis.CheckContext, response: schemathesis.Response, case: schemathesis.Case[Any]
) -> bool | None:
    """Of a request that fits the document, 400 and 422 come only with the codes of `STATE`."""
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 422):
        return None
    problem = json.loads(response.content)
    codes = {problem["code"], *(error["code"] for error in problem["errors"])}
    part = WITH_STORED.get(str(case.operation.definition.raw.get("operationId")))
    is_judged = part is not None and all(error["pointer"].startswith(part) for error in problem["errors"])
    if not (is_judged and problem["errors"]) and not codes & (STATE.keys() | UNSAYABLE.keys()):
        raise AssertionError(f"refused for its form: {problem['code']} {problem['detail']} {problem['errors']}")
    return None
