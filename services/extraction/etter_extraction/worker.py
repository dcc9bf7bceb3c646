"""The process that takes extraction jobs."""

from __future__ import annotations

from etter_common.events.relay import relay
from etter_common.jobs import runner
from etter_common.worker import run_worker
from etter_extraction.extraction_jobs.execution import execute, note_stop
from etter_extraction.extraction_jobs.models import QUEUE, ExtractionJob
from etter_extraction.objects import object_store
from etter_extraction.settings import ExtractionSettings

DEADLINE_S = 3600.0

jobs = runner(QUEUE, ExtractionJob, execute, slots=1, deadline_s=DEADLINE_S, on_stop=note_stop)


def main() -> None:
    run_worker(ExtractionSettings(), object_store, relay, jobs)


if __name__ == "__main__":
    main()
