"""The whole surface of simulation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar
from uuid import UUID

from etter_common.context import Context
from etter_common.ids import new_id
from etter_common.testing.surface import SurfaceTests
from etter_simulation.automation_roadmaps import service as automation_roadmaps
from etter_simulation.automation_roadmaps.schemas import AutomationRoadmapCreate
from etter_simulation.comparisons import service as comparisons
from etter_simulation.comparisons.schemas import ComparisonCreate
from etter_simulation.export import EXPORT
from etter_simulation.redeployment_plans import service as redeployment_plans
from etter_simulation.redeployment_plans.schemas import RedeploymentPlanCreate
from etter_simulation.scenarios import service as scenarios
from etter_simulation.scenarios.schemas import ScenarioCreate
from etter_simulation.sensitivity_analyses import service as sensitivity_analyses
from etter_simulation.sensitivity_analyses.schemas import SensitivityAnalysisCreate
from etter_simulation.simulations import service
from etter_simulation.simulations.schemas import SimulationCreate

from .factories import engineer


async def make_simulation(ctx: Context) -> UUID:
    data = SimulationCreate.model_validate({"automation_factor": 0.5, "roles": [engineer()]})
    async with ctx.platform.work(origin=ctx.origin, principal=ctx.principal) as own:  # it is there after the commit
        return (await service.create(own, data)).id


async def make_comparison(ctx: Context) -> UUID:
    alternatives = [{"simulation_id": await make_simulation(ctx)} for _ in range(2)]
    return (await comparisons.create(ctx, ComparisonCreate.model_validate({"alternatives": alternatives}))).id


async def make_sensitivity_analysis(ctx: Context) -> UUID:
    data = SensitivityAnalysisCreate.model_validate({"simulation_id": await make_simulation(ctx), "samples": 16})
    return (await sensitivity_analyses.create(ctx, data)).id


async def make_scenario(ctx: Context) -> UUID:
    given = {"name": str(new_id()), "assumptions": {"automation_factor": 0.5}, "roles": [engineer()]}
    return (await scenarios.create(ctx, ScenarioCreate.model_validate(given))).id


async def first_version(_ctx: Context) -> str:
    return "1"


async def make_redeployment_plan(ctx: Context) -> UUID:
    data = RedeploymentPlanCreate.model_validate({"simulation_id": await make_simulation(ctx)})
    return (await redeployment_plans.create(ctx, data)).id


async def make_automation_roadmap(ctx: Context) -> UUID:
    given = {"simulation_id": await make_simulation(ctx), "yearly_budget": [1000]}
    return (await automation_roadmaps.create(ctx, AutomationRoadmapCreate.model_validate(given))).id


BY_A_WORKER = "written by a worker, which is tried again"
BEHIND_A_LOCK = "written while the scenario's row is locked"


class TestSurface(SurfaceTests):
    export = EXPORT
    not_secret: ClassVar[Mapping[str, str]] = {
        "simulation_series.values": "the figures of a run",
        "simulation_chunk_parts.data": "figures of a part of a run",
    }
    makers: ClassVar = {
        "simulation_id": make_simulation,
        "comparison_id": make_comparison,
        "redeployment_plan_id": make_redeployment_plan,
        "automation_roadmap_id": make_automation_roadmap,
        "sensitivity_analysis_id": make_sensitivity_analysis,
        "scenario_id": make_scenario,
        "version": first_version,
    }
    wider: ClassVar = {"uq_simulation_chunk_parts_chunk_id_window": "parts of a chunk, whose id is ours"}
    unread: ClassVar = {
        "/simulations/{simulation_id}/results": "of a run that has ended",
        "/simulations/{simulation_id}/explanation": "of a run that has ended",
    }
    event_streams = frozenset(
        {
            "/simulations/{simulation_id}/events",
            "/comparisons/{comparison_id}/events",
            "/redeployment-plans/{redeployment_plan_id}/events",
            "/automation-roadmaps/{automation_roadmap_id}/events",
            "/sensitivity-analyses/{sensitivity_analysis_id}/events",
        }
    )
    unmapped: ClassVar = {
        "uq_simulation_series_company_id_simulation_id_position": BY_A_WORKER,
        "fk_simulation_series_simulation_id_simulations": BY_A_WORKER,
        "uq_simulation_chunks_range": "a chunk that is there already is taken as it is",
        "uq_simulation_chunk_parts_chunk_id_window": BY_A_WORKER,
        "fk_simulation_chunk_parts_chunk_id_simulation_chunks": BY_A_WORKER,
        "uq_scenario_versions_company_id_scenario_id_version": BEHIND_A_LOCK,
        "fk_scenario_versions_scenario_id_scenarios": BEHIND_A_LOCK,
        "fk_scenario_baselines_scenario_id_scenarios": BEHIND_A_LOCK,
    }
