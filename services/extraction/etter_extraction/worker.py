"""What happens beside requests: the events this service reacts to, and the process that takes extraction jobs."""

from __future__ import annotations

from etter_common.events import erasure
from etter_common.events.contracts.extraction import CompanyErasedByExtraction
from etter_common.events.relay import relay
from etter_common.jobs import runner
from etter_common.worker import run_worker
from etter_extraction.documents import handlers as documents
from etter_extraction.extraction_jobs.execution import execute, note_stop
from etter_extraction.extraction_jobs.models import QUEUE, ExtractionJob
from etter_extraction.objects import object_store
from etter_extraction.sandbox import confined
from etter_extraction.settings import ExtractionSettings
from etter_extraction.tables import Base

DEADLINE_S = 3600.0

subscriptions = (erasure.on_company_deleted(Base.metadata, CompanyErasedByExtraction, also=documents.company_erased),)
jobs = runner(QUEUE, ExtractionJob, execute, slots=1, deadline_s=DEADLINE_S, on_stop=note_stop)


def main() -> None:
    run_worker(ExtractionSettings(), object_store, confined, relay, jobs)


if __name__ == "__main__":
    main()
