"""The first look: are the promises kept, does anything fire, where is it."""

from __future__ import annotations

from typing import Final

from infra.observability.panels import Board, Panel, Row

_PROMISES = Row(
    "Promises",
    (
        Panel(
            "Room for failures left",
            "Of what the objectives allow in 30 days. Below 0 the promise is broken: no risky release until then.",
            {"{{service}} {{slo}} {{kind}}": "etter:slo:budget_left"},
            unit="percentunit", kind="stat", width=16, limit=0.0, low_is_bad=True,
        ),
        Panel(
            "Alerts that fire",
            "Each has a page of its name in docs/operations/runbooks: what it means, where to look first, what to do.",
            {"": 'ALERTS{alertname=~"Etter.*",alertstate="firing",severity!="none"}'},
            kind="table",
        ),
        Panel(
            "Replicas that answer",
            "A workload without a line has no replica at all: runbook EtterWorkloadAbsent.",
            {"{{workload}}": 'sum by (workload) (up{workload!=""})'},
        ),
        Panel(
            "Dependencies reached",
            "0: at least one replica of the service cannot reach it. Look at that server; the services heal alone.",
            {"{{service}} {{check}}": "min by (service, check) (etter_health_check_up)"},
        ),
        Panel(
            "Share of the budget burnt in an hour",
            "How many times faster than allowed failures come. 14.4 for an hour wakes somebody; find the route on the "
            "service's own dashboard.",
            {"{{service}} {{slo}} {{kind}}": "etter:sli_bad:ratio_rate1h / on (slo) group_left () etter:slo:budget"},
            limit=14.4,
        ),
    ),
)  # fmt: skip
_REQUESTS = Row(
    "Requests",
    (
        Panel(
            "Requests answered",
            "By service. A sudden fall without errors: look at the ingress.",
            {"{{service}}": "sum by (service) (service:etter_http_requests:rate5m)"},
            unit="reqps", stacked=True,
        ),
        Panel(
            "Answered with 5xx",
            "Promised: under 0.1 %. Runbook EtterAvailabilityBurnsFast.",
            {"{{service}}": 'etter:sli_bad:ratio_rate5m{slo="availability"}'},
            unit="percentunit", limit=0.001,
        ),
        Panel(
            "Refused for load",
            "Share of requests that found no place in time. Add replicas, or find what holds the places.",
            {"{{service}}": "service:etter_http_requests_shed:ratio_rate5m"},
            unit="percentunit", limit=0.01,
        ),
        Panel(
            "Time to answer, median",
            "Event streams and downloads left out. The owner asked for under 200 ms.",
            {"{{service}}": "service:etter_http_request_seconds:p50_5m"},
            unit="s", limit=0.2,
        ),
        Panel(
            "Time to answer, 95 %",
            "The owner asked for 300 to 500 ms. Slow: look at statements, pool and event loop below.",
            {"{{service}}": "service:etter_http_request_seconds:p95_5m"},
            unit="s", limit=0.5,
        ),
        Panel(
            "Time to answer, 99 %",
            "The owner asked for under 1 s. What took a second or more is in Tempo, whatever the sampling.",
            {"{{service}}": "service:etter_http_request_seconds:p99_5m"},
            unit="s", limit=1.0,
        ),
    ),
)  # fmt: skip
_BETWEEN = Row(
    "Between the services",
    (
        Panel(
            "Oldest event not published",
            "Seconds at most in health. Growing: NATS is away or refuses. Runbook EtterOutboxStuck.",
            {"{{service}}": "service:etter_outbox_oldest_age_seconds:max"},
            unit="s", limit=60,
        ),
        Panel(
            "Events not handled yet",
            "Short peaks are work. A line that only grows: runbooks EtterConsumerLags and EtterConsumerStuck.",
            {"{{consumer}}": "service:etter_consumer_pending:max"},
            limit=1000,
        ),
        Panel(
            "Messages given up on",
            "Any at all wants a look: `etter dlq list`, runbook EtterDeadLetters.",
            {"{{consumer}}": "sum by (consumer) (increase(etter_dead_letters_total[1h]))"},
            limit=1,
        ),
        Panel(
            "Jobs that wait",
            "By kind. Growing for long: add workers. Details on the dashboard Jobs.",
            {"{{kind}}": "service:etter_jobs_waiting:max"},
        ),
        Panel(
            "Events published",
            "failed: tried again until it succeeds. refused: runbook EtterEventRefused.",
            {"{{outcome}}": "sum by (outcome) (rate(etter_outbox_published_total[$__rate_interval]))"},
            unit="ops",
        ),
        Panel(
            "Errors in the logs",
            "The same everywhere: take a line's trace link, or filter by its request_id.",
            {"": '{service_name=~".+"} | json | level = "error"'},
            kind="logs",
        ),
    ),
)  # fmt: skip
_SATURATION = Row(
    "What is nearly full",
    (
        Panel(
            "Processor",
            "Cores in use. A process of ours can use about one; beyond, add replicas (simulation's engine has more).",
            {"{{workload}}": 'sum by (workload) (rate(process_cpu_seconds_total{workload!=""}[$__rate_interval]))'},
        ),
        Panel(
            "Memory, largest replica",
            "Idle about 120 MB. Growing without end: take a heap profile before the kernel ends it.",
            {"{{workload}}": 'max by (workload) (process_resident_memory_bytes{workload!=""})'},
            unit="bytes",
        ),
        Panel(
            "Lateness of the event loop, 99 %",
            "Beyond 0.25 s requests are refused. Something computes on the loop, or the processor is short.",
            {"{{workload}}": "workload:etter_event_loop_lag_seconds:p99_5m"},
            unit="s", limit=0.25,
        ),
        Panel(
            "Connections in use, fullest replica",
            "Promised: under 80 %. Long transactions or slow statements hold them: runbook EtterPoolSaturated.",
            {"{{workload}}": "max by (workload) (workload:etter_db_pool:use_ratio)"},
            unit="percentunit", limit=0.8,
        ),
        Panel(
            "Time of a statement, 95 %",
            "Promised: under 100 ms. The trace of a slow request names the statement.",
            {"{{service}}": "service:etter_db_query_seconds:p95_5m"},
            unit="s", limit=0.1,
        ),
        Panel(
            "Reads answered from the cache",
            "Promised: over 80 %. Low after a start; low for long: dashboard Cache.",
            {"{{service}}": "service:etter_cache_hits:ratio_rate5m"},
            unit="percentunit", limit=0.8,
        ),
    ),
)  # fmt: skip

BOARD: Final = Board(
    "etter-platform", "Etter platform", "Are the promises kept, does anything fire, where is it.",
    (_PROMISES, _REQUESTS, _BETWEEN, _SATURATION),
)  # fmt: skip
