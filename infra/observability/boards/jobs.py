"""Work that takes longer than a request: does it start, does it end, does it end well."""

from __future__ import annotations

from typing import Final

from infra.observability.panels import Board, Panel, Row

_NOW = Row(
    "Now",
    (
        Panel(
            "Waiting",
            "Jobs that a free worker would take, by kind. Growing for long: add workers.",
            {"{{kind}}": "service:etter_jobs_waiting:max"},
            width=6,
        ),
        Panel(
            "Oldest wait",
            "How long the oldest has waited. Over ten minutes: runbook EtterJobsWait.",
            {"{{kind}}": "service:etter_jobs_oldest_wait_seconds:max"},
            unit="s", width=6, limit=600,
        ),
        Panel(
            "In work",
            "By kind, over all workers. 0 while others wait: the workers take none.",
            {"{{kind}}": "sum by (kind) (etter_jobs_running)"},
            width=6,
        ),
        Panel(
            "Workers that answer",
            "Each takes jobs of its service. None: runbook EtterWorkloadAbsent.",
            {"{{workload}}": 'sum by (workload) (up{workload=~".+-worker"})'},
            width=6,
        ),
    ),
)  # fmt: skip
_ENDED = Row(
    "Ended",
    (
        Panel(
            "Ended in an hour",
            "failed holds what the input was to blame for; what we are to blame for stands beside it.",
            {"{{kind}} {{status}}": "sum by (kind, status) (increase(etter_jobs_finished_total[1h])) > 0"},
            stacked=True,
        ),
        Panel(
            "Failed by our own fault in an hour",
            "By an error, a deadline or lost workers. Promised: under 0.1 %. Runbook EtterJobsBurnFast.",
            {"{{kind}}": "sum by (kind) (increase(etter_jobs_broken_total[1h]))"},
            limit=1,
        ),
        Panel(
            "Room for failures left, 30 days",
            "Of the 0.1 % that the objective allows.",
            {"{{kind}}": 'etter:slo:budget_left{slo="jobs"}'},
            unit="percentunit", kind="stat", limit=0.0, low_is_bad=True,
        ),
        Panel(
            "Time from queued to taken, 95 %",
            "What people wait before anything happens. Grows before the queue looks long.",
            {"{{kind}}": "service:etter_job_wait_seconds:p95_1h"},
            unit="s",
        ),
        Panel(
            "Time of an attempt, 95 %",
            "Grows with documents and iterations. A jump without larger jobs: look at the worker's processor.",
            {"{{kind}}": "service:etter_job_seconds:p95_1h"},
            unit="s",
        ),
        Panel(
            "Unreadable messages given up on",
            "Never in health: somebody else writes into the queue. `etter dlq list`.",
            {"{{consumer}}": 'sum by (consumer) (increase(etter_dead_letters_total{consumer=~"jobs-.*"}[1h]))'},
            limit=1,
        ),
    ),
)  # fmt: skip
_LOGS = Row(
    "Logs",
    (
        Panel(
            "How jobs ended badly",
            "job_id finds everything about one; request_id leads to who asked for it.",
            {"": '{service_name=~"extraction|simulation"} | json | event =~ "job_.*" | level =~ "warning|error"'},
            kind="logs", width=24, height=10,
        ),
    ),
)  # fmt: skip

BOARD: Final = Board("etter-jobs", "Etter jobs", "Do jobs start, do they end, do they end well.", (_NOW, _ENDED, _LOGS))
