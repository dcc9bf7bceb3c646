"""Every query about comparisons."""

from __future__ import annotations

from etter_common.pagination import Listing
from etter_simulation.analyses.analysis_repository import AnalysisRepository
from etter_simulation.comparisons.errors import ComparisonNotFound
from etter_simulation.comparisons.models import Comparison
from etter_simulation.comparisons.schemas import ComparisonLine, ComparisonOut


class ComparisonRepository(AnalysisRepository[Comparison]):
    model = Comparison
    not_found = ComparisonNotFound
    listing = Listing(
        "comparisons", {"created_at": Comparison.created_at}, default="-created_at", tie_breaker=Comparison.id
    )
    line = ComparisonLine
    whole = ComparisonOut
