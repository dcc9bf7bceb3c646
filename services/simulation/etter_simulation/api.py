"""Simulation's routers: the service's table of contents."""

from __future__ import annotations

from etter_simulation.automation_roadmaps.router import router as automation_roadmaps
from etter_simulation.comparisons.router import router as comparisons
from etter_simulation.explanations.router import router as explanations
from etter_simulation.redeployment_plans.router import router as redeployment_plans
from etter_simulation.scenarios.router import router as scenarios
from etter_simulation.sensitivity_analyses.router import router as sensitivity_analyses
from etter_simulation.simulations.router import router as simulations

routers = [
    scenarios, simulations, explanations, comparisons, sensitivity_analyses, redeployment_plans, automation_roadmaps,
]  # fmt: skip
