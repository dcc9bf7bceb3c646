"""Every query about automation roadmaps."""

from __future__ import annotations

from etter_common.pagination import Listing
from etter_simulation.analyses.analysis_repository import AnalysisRepository
from etter_simulation.automation_roadmaps.errors import AutomationRoadmapNotFound
from etter_simulation.automation_roadmaps.models import AutomationRoadmap
from etter_simulation.automation_roadmaps.schemas import AutomationRoadmapLine, AutomationRoadmapOut


class AutomationRoadmapRepository(AnalysisRepository[AutomationRoadmap]):
    model = AutomationRoadmap
    not_found = AutomationRoadmapNotFound
    listing = Listing(
        "automation_roadmaps",
        {"created_at": AutomationRoadmap.created_at},
        default="-created_at",
        tie_breaker=AutomationRoadmap.id,
    )
    line = AutomationRoadmapLine
    whole = AutomationRoadmapOut
