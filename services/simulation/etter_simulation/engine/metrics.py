"""Section 5, 6 and 15: the names of everything a result holds. Needs no compiled code."""

from __future__ import annotations

from typing import Final

ENGINE: Final = "cohort"
ENGINE_VERSION: Final = "cohort-3"
"""Changes with everything that gives other figures for a request and seed, such as the order of draws (section 7)."""
ENGINE_VERSIONS: Final = {ENGINE: ENGINE_VERSION, "agent": "agent-2", "mean_field": "mean_field-2"}
"""By the names of section 8."""
PARTS_VERSION: Final = 2
"""Changes with every change of how parts of a run are stored (`bitpacking`, `chunk`, `sketch`)."""

STATS: Final = ("mean", "min", "max", "p5", "p50", "p95", "sd", "se")

ROLE_METRICS: Final = (
    "count", "avg_automation_rate", "auto_time_automated", "avg_time_per_employee", "avg_unused_output_capacity",
    "released_fte", "realised_fte", "unrealised_fte",
    "vacancies", "quits", "hires", "laid_off", "moved_in", "moved_out",
)  # fmt: skip
"""Recorded per role; `total_salary_of_employee` is the count times the salary and is made when read."""

COMPANY_METRICS: Final = (
    "automation", "avg_time_per_employee", "avg_unused_output_capacity", "employees", "total_salary_of_employees",
    "released_fte", "realised_fte", "unrealised_fte",
    "heads", "vacancies", "quits", "hires", "laid_off", "moved_in", "moved_out",
    "payroll", "baseline", "licences", "one_off", "run_rate_saving", "cum_one_off", "cum_net",
)  # fmt: skip
FRACTIONS: Final = frozenset(
    {
        "automation", "avg_automation_rate", "auto_time_automated", "avg_time_per_employee",
        "avg_unused_output_capacity", "employees", "total_salary_of_employees",
        "released_fte", "realised_fte", "unrealised_fte",
    }
)  # fmt: skip
MONEY: Final = frozenset(COMPANY_METRICS[15:])

ATTRIBUTED: Final = (
    "released_fte", "realised_fte", "avg_unused_output_capacity",
    "payroll", "licences", "one_off", "run_rate_saving", "cum_one_off", "cum_net",
)  # fmt: skip
ATTRIBUTED_METRICS: Final = tuple(f"attributed_{metric}" for metric in ATTRIBUTED)
"""Run less counterfactual, iteration by iteration; what headline savings, payback and capacity are read from."""

SALARY: Final = "total_salary_of_employee"
"""Of a role: heads times yearly salary. Made from `count` when read: the same statistic."""

COMPAT_COMPANY: Final = (
    "automation", "avg_time_per_employee", "avg_unused_output_capacity", "employees", "total_salary_of_employees",
)  # fmt: skip
COMPAT_ROLE: Final = (
    "count", "avg_automation_rate", "avg_time_per_employee", SALARY, "avg_unused_output_capacity",
)  # fmt: skip
"""The metrics of the flat v1 steps: the company's under their own names, a role's with its name before them."""
