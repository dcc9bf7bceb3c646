"""What can go wrong with extractions."""

from __future__ import annotations

from etter_common.errors import Conflict, NotFound, Unprocessable


class ExtractionNotFound(NotFound):
    code, title = "EXTRACTION_NOT_FOUND", "The document has no extraction"


class FactNotFound(NotFound):
    code, title = "FACT_NOT_FOUND", "The extraction has no such fact"


class PageNotFound(NotFound):
    code, title = "PAGE_NOT_FOUND", "The document's text has no such page"


class ColumnNotFound(Conflict):
    code, title = "COLUMN_NOT_FOUND", "The document has no column with this heading"


class ExtractionReviewed(Conflict):
    code, title = "EXTRACTION_REVIEWED", "The extraction was accepted or rejected already"


class NothingToAccept(Conflict):
    code, title = "NOTHING_TO_ACCEPT", "The document tells of no role"


class TitleMissing(Unprocessable):
    code, title = "TITLE_MISSING", "The document names no job title; give one"


class FactValueInvalid(Unprocessable):
    code, title = "FACT_VALUE_INVALID", "The value does not fit the fact's type"
