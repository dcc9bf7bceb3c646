"""What can go wrong with a comparison."""

from __future__ import annotations

from etter_common.errors import NotFound, Unprocessable


class ComparisonNotFound(NotFound):
    code, title = "COMPARISON_NOT_FOUND", "There is no such comparison in this company"


class UnknownAlternative(Unprocessable):
    code, title = "UNKNOWN_ALTERNATIVE", "An alternative names nothing that this company has"


class AlternativesDiffer(Unprocessable):
    code, title = "ALTERNATIVES_IN_SEVERAL_CURRENCIES", "The alternatives are paid in different currencies"


class ComparisonTooLarge(Unprocessable):
    code, title = "COMPARISON_TOO_LARGE", "The alternatives together are above the limit of one run"
