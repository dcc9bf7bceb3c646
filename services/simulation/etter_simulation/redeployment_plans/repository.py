"""Every query about redeployment plans."""

from __future__ import annotations

from etter_common.pagination import Listing
from etter_simulation.analyses.analysis_repository import AnalysisRepository
from etter_simulation.redeployment_plans.errors import RedeploymentPlanNotFound
from etter_simulation.redeployment_plans.models import RedeploymentPlan
from etter_simulation.redeployment_plans.schemas import RedeploymentPlanLine, RedeploymentPlanOut


class RedeploymentPlanRepository(AnalysisRepository[RedeploymentPlan]):
    model = RedeploymentPlan
    not_found = RedeploymentPlanNotFound
    listing = Listing(
        "redeployment_plans",
        {"created_at": RedeploymentPlan.created_at},
        default="-created_at",
        tie_breaker=RedeploymentPlan.id,
    )
    line = RedeploymentPlanLine
    whole = RedeploymentPlanOut
