"""What can go wrong with extraction jobs."""

from __future__ import annotations

from etter_common.errors import Conflict, NotFound


class ExtractionJobNotFound(NotFound):
    code, title = "EXTRACTION_JOB_NOT_FOUND", "There is no such extraction job"


class JobNotRetryable(Conflict):
    code, title = "JOB_NOT_RETRYABLE", "Only a failed or cancelled job can be tried again"


class DocumentsAccepted(Conflict):
    code, title = "DOCUMENTS_ACCEPTED", "Accepted documents are not extracted again"
