"""Every query about sensitivity analyses."""

from __future__ import annotations

from etter_common.pagination import Listing
from etter_simulation.analyses.analysis_repository import AnalysisRepository
from etter_simulation.sensitivity_analyses.errors import SensitivityAnalysisNotFound
from etter_simulation.sensitivity_analyses.models import SensitivityAnalysis
from etter_simulation.sensitivity_analyses.schemas import SensitivityAnalysisLine, SensitivityAnalysisOut


class SensitivityAnalysisRepository(AnalysisRepository[SensitivityAnalysis]):
    model = SensitivityAnalysis
    not_found = SensitivityAnalysisNotFound
    listing = Listing(
        "sensitivity_analyses",
        {"created_at": SensitivityAnalysis.created_at},
        default="-created_at",
        tie_breaker=SensitivityAnalysis.id,
    )
    line = SensitivityAnalysisLine
    whole = SensitivityAnalysisOut
