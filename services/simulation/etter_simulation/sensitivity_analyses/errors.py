"""What can go wrong with a sensitivity analysis."""

from __future__ import annotations

from etter_common.errors import NotFound, Unprocessable


class SensitivityAnalysisNotFound(NotFound):
    code, title = "SENSITIVITY_ANALYSIS_NOT_FOUND", "There is no such sensitivity analysis in this company"


class SensitivityAnalysisTooLarge(Unprocessable):
    code, title = "SENSITIVITY_ANALYSIS_TOO_LARGE", "All evaluations together are above the limit"
