"""Jobs: a row is the truth, a JetStream message is the push; safe to kill at any point.

A service's table is `class ExtractionJob(IdMixin, CompanyMixin, TimestampMixin, JobMixin, Base)` with `job_indexes`,
its migrations use `job_columns()`, `migrations.add_fairness` and `enable_row_security(table, system=True)`. See
docs/common/jobs.md.
"""

from etter_common.jobs.job import Job, JobCancelled, JobFailed, JobLost
from etter_common.jobs.models import FINAL, JobMixin, JobStatus, job_columns, job_indexes
from etter_common.jobs.progress import progress_events
from etter_common.jobs.queue import Queue, enqueue, request_cancel
from etter_common.jobs.runner import Stopped, runner

__all__ = [
    "FINAL",
    "Job",
    "JobCancelled",
    "JobFailed",
    "JobLost",
    "JobMixin",
    "JobStatus",
    "Queue",
    "Stopped",
    "enqueue",
    "job_columns",
    "job_indexes",
    "progress_events",
    "request_cancel",
    "runner",
]
