"""Section 14: every default with its source, or marked as an assumption. The request takes its defaults from here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True)
class Default:
    """One parameter's default. `low`..`high` is the range to try when its true value is not known."""

    parameter: str
    value: float
    unit: str
    basis: Literal["source", "assumption"]
    note: str
    low: float | None = None
    high: float | None = None


_BASS = (
    "Bass, Management Science 15 (1969); averages of the meta-analysis of Sultan, Farley and Lehmann, "
    "J. Marketing Research 27 (1990)"
)

DEFAULTS: Final = {
    default.parameter: default
    for default in (
        Default("demand.growth", 0.0, "per year", "assumption", "the work to be done stays as it is"),
        Default("adoption.p", 0.03, "per year", "source", _BASS, 0.005, 0.10),
        Default("adoption.q", 0.38, "per year", "source", _BASS, 0.2, 0.8),
        Default("adoption.mixing", 0.0, "share", "assumption", "people look at colleagues of their own role only"),
        Default(
            "adoption.skill_drag", 1.0, "1", "assumption",
            "complexity slows diffusion (Rogers); 1.65 times slower at skill 1 than at 0.5", 0.0, 2.0,
        ),
        Default(
            "learning.months", 3.0, "months at skill 0.5", "source",
            "order of magnitude: Brynjolfsson, Li and Raymond, NBER 31161: effects settle within months", 1.0, 6.0,
        ),
        Default(
            "learning.saving_while_learning", 0.5, "share", "assumption",
            "the dip is the productivity J-curve (Brynjolfsson, Rock and Syverson); its size is a judgement", 0.2, 0.8,
        ),
        Default(
            "attrition.monthly_quit", 0.01, "per month", "assumption",
            "BLS JOLTS: total nonfarm quits about 2.0-2.2 % a month in 2024-2025; large office employers run lower. "
            "Use your own figure", 0.005, 0.025,
        ),
        Default(
            "consolidation.threshold", 0.1, "output units per person", "assumption",
            "only part of freed time becomes whole posts (Humlum and Vestergaard, BFI WP 2025-56). One of the two most "
            "influential inputs", 0.0, 1.0,
        ),
        Default("consolidation.min_time_share", 0.01, "share", "assumption", "some of every role stays with people"),
        Default("backfill.fill_months", 1.5, "months", "source", "SHRM Benchmarking 2016: 42 days", 1.0, 3.0),
        Default(
            "ramp.months", 6.0, "months", "source",
            "range: three to eight months to full productivity in HR surveys; the shape is an assumption", 3.0, 8.0,
        ),
        Default("ramp.productivity", 0.5, "share", "assumption", "shape of the ramp"),
        Default("redeployment.max_distance", 0.6, "distance 0..1", "assumption", "farther moves are not offered"),
        Default("redeployment.monthly_share", 0.25, "share of surplus per month", "assumption", "pace of moves"),
        Default("layoffs.patience_months", 3.0, "months", "assumption", "how long a surplus is kept"),
        Default("layoffs.monthly_share", 0.25, "share of surplus per month", "assumption", "pace of layoffs"),
        Default(
            "costs.on_cost", 0.42, "share of pay", "source",
            "BLS ECEC: benefits about 29.9 % of private compensation (Dec 2019), 0.43 of wages", 0.3, 0.5,
        ),
        Default("costs.training_hours", 16.0, "hours per adoption", "assumption", "order of magnitude"),
        Default("costs.licence_per_seat_month", 30.0, "currency", "assumption", "order of magnitude of list prices"),
        Default("costs.hire", 4700.0, "currency", "source", "SHRM Human Capital Benchmarking", 4000.0, 20000.0),
        Default(
            "costs.reskill", 24800.0, "currency at distance 0.5", "source",
            "World Economic Forum and BCG, Towards a Reskilling Revolution: Industry-Led Action (2019), US average; "
            "scaling with distance is an assumption", 12400.0, 37200.0,
        ),
        Default("costs.severance_months", 3.0, "months of pay", "assumption", "law and contract decide"),
        Default("costs.discount_rate", 0.0, "per year", "assumption", "reports are not discounted unless asked for"),
    )
}  # fmt: skip

_EXPOSED = (
    "Eloundou, Manning, Mishkin and Rock (2023): exposed means that the time at least halves; taken as what can be "
    "saved at most, as core's score does for work that somebody has to answer for"
)

EXPOSURE_CEILINGS: Final = {
    "E0": Default("workloads.ceiling.E0", 0.0, "share", "source", "not exposed by the rubric: stays with people"),
    "E1": Default("workloads.ceiling.E1", 0.5, "share", "assumption", _EXPOSED, 0.5, 1.0),
    "E2": Default("workloads.ceiling.E2", 0.5, "share", "assumption", _EXPOSED, 0.5, 1.0),
}
"""By exposure label: the largest share of a workload that can be automated; with none it is Non-Auto.

Core publishes 0 for E0, and for exposed tasks 0.5, or 1 where the task's own words say that nobody is needed; a label
alone does not say that.
"""

RESKILL_MONTHS: Final = (1.0, 3.0, 6.0)
"""Assumption: months of reskilling for a distance up to 1/3, up to 2/3, above."""

RESKILL: Final = tuple(
    Default(f"redeployment.reskill_months.{at}", months, "months", "assumption", f"of a distance {reach}")
    for at, (months, reach) in enumerate(zip(RESKILL_MONTHS, ("up to 1/3", "up to 2/3", "above 2/3"), strict=True))
)

AUTOMATION: Final = Default(
    "automation_factor", math.nan, "share", "source",
    "time saved on exposed tasks: 14-15 % (Brynjolfsson, Li and Raymond, NBER 31161) to 40 % (Noy and Zhang, Science "
    "381, 2023), about 27 % of labour cost (Acemoglu, NBER 32487); 2.8 % of all hours were measured (Humlum and "
    "Vestergaard, BFI WP 2025-56)", 0.14, 0.40,
)  # fmt: skip
AUTO_WORK: Final = Default(
    "workloads.auto_time_share", math.nan, "share of working time", "source",
    "80 % of workers have at least 10 % of their tasks exposed, 19 % at least half (Eloundou et al., 2023); about "
    "4.6 % of all tasks are profitably affected within ten years (Acemoglu, NBER 32487)",
)  # fmt: skip
"""The user's to say; what a plausible value is read against."""

PRESETS: Final[dict[str, dict[str, dict[str, object]]]] = {
    "planning": {},
    "fast": {"adoption": {"p": 0.05, "q": 0.6}},
    "compat": {
        "adoption": {"mode": "intensity", "p": 1.2, "q": 1.5},
        "consolidation": {"threshold": 1.0},
        "attrition": {"monthly_quit": 0.0},
        "backfill": {"policy": "none"},
        "layoffs": {"policy": "surplus", "patience_months": 0, "monthly_share": 0.04},
    },
}
"""`planning` is the defaults; `compat` gives the shape of the published v1 example."""
