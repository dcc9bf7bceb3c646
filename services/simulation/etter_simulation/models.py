"""All tables of simulation."""

from etter_simulation.automation_roadmaps.models import AutomationRoadmap
from etter_simulation.comparisons.models import Comparison
from etter_simulation.redeployment_plans.models import RedeploymentPlan
from etter_simulation.role_profiles.models import RoleProfile
from etter_simulation.scenarios.models import Baseline, Scenario, ScenarioVersion
from etter_simulation.sensitivity_analyses.models import SensitivityAnalysis
from etter_simulation.simulations.chunks.models import ChunkPart, SimulationChunk
from etter_simulation.simulations.models import Series, Simulation

__all__ = [
    "AutomationRoadmap",
    "Baseline",
    "ChunkPart",
    "Comparison",
    "RedeploymentPlan",
    "RoleProfile",
    "Scenario",
    "ScenarioVersion",
    "SensitivityAnalysis",
    "Series",
    "Simulation",
    "SimulationChunk",
]
