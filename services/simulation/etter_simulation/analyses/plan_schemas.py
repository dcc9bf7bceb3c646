"""What crosses the wire about every plan."""

from __future__ import annotations

from typing import Literal

from etter_common.responses import Schema
from etter_simulation.analyses.schemas import AnalysisOut


class PlanSpread(Schema):
    """Over all iterations."""

    mean: float
    p5: float
    p50: float
    p95: float


class SimulatedFigure(Schema):
    """A plan played by the cohort engine beside the same request without it, on the same random numbers.

    Company figures in the last month; hires, quits, laid_off and moved_in are sums of all months. `difference` is plan
    less without, iteration by iteration.
    """

    figure: str
    unit: Literal["people", "FTE", "currency"]
    plan: PlanSpread
    without: PlanSpread
    difference: PlanSpread


class PlanLine(AnalysisOut):
    """A plan as a job."""

    iterations: int
    steps: int
    seed: int
    currency: str
