"""One dashboard for each service: its requests, its database, its events, its processes, and what is its own."""

from __future__ import annotations

from typing import Final

from infra.observability.panels import Board, Panel, Row, variable

_AUTH: Final = (
    Panel(
        "Sign-ins",
        "delayed and refused above success for long: passwords are guessed. Runbook EtterSignInsRefused.",
        {"{{outcome}}": "sum by (outcome) (rate(etter_auth_sign_ins_total[$__rate_interval]))"},
        unit="ops",
    ),
    Panel(
        "Refreshes of sessions",
        "reused is a token used twice, and its session has ended: runbook EtterRefreshTokenReused.",
        {"{{outcome}}": "sum by (outcome) (rate(etter_auth_refreshes_total[$__rate_interval]))"},
        unit="ops",
    ),
)
_CORE: Final = (
    Panel(
        "Scores",
        "Computed and validated. None computed while extractions are accepted: look at core's consumer.",
        {"{{type}}": 'sum by (type) (increase(etter_events_published_total{type=~"core.score.*"}[1h]))'},
    ),
    Panel(
        "Roles and workflows changed",
        "What the other services hear of. A burst is an import or an accepted extraction.",
        {"{{type}}": 'sum by (type) (increase(etter_events_published_total{type=~"core.(role|workflow).*"}[1h]))'},
    ),
)
_EXTRACTION: Final = (
    Panel(
        "Documents read",
        "failed is mostly the document's own fault: the job's result names the code. Many: read the worker's log.",
        {"{{outcome}}": "sum by (outcome) (increase(etter_extraction_documents_total[1h]))"},
    ),
    Panel(
        "Jobs",
        "Waiting and in work. Waiting that grows wants workers.",
        {
            "waiting": 'sum(service:etter_jobs_waiting:max{service="extraction"})',
            "in work": 'sum(etter_jobs_running{service="extraction"})',
        },
    ),
)
_SIMULATION: Final = (
    Panel(
        "Jobs that wait, by kind",
        "simulation_chunks are the parts of large runs; a worker plays one at a time.",
        {"{{kind}}": 'service:etter_jobs_waiting:max{service="simulation"}'},
    ),
    Panel(
        "Runs",
        "In an hour. failed without a cause in the request: runbook EtterJobsBurnFast.",
        {"{{type}}": 'sum by (type) (increase(etter_events_published_total{type=~"simulation.run.*"}[1h]))'},
    ),
)
OWN: Final[dict[str, tuple[Panel, ...]]] = {
    "auth": _AUTH, "core": _CORE, "extraction": _EXTRACTION, "simulation": _SIMULATION,
}  # fmt: skip


def board(service: str) -> Board:
    return Board(
        f"etter-{service}", f"Etter {service}", f"What {service} does, how fast, and what holds it up.",
        (
            _requests(service), Row("Its own", OWN[service]), _database(service), _events(service),
            _processes(service), _logs(service),
        ),
        (variable("route", f'label_values(etter_http_requests_total{{service="{service}"}}, route)'),),
    )  # fmt: skip


def _requests(service: str) -> Row:
    mine, timed = f'service="{service}",route=~"$route"', f'service="{service}",route=~"$route",le!=""'
    return Row(
        "Requests",
        (
            Panel(
                "Answered, by status",
                "4xx is what callers get wrong; much of it from one change on: a client was released.",
                {"{{status}}": f"sum by (status) (rate(etter_http_requests_total{{{mine}}}[$__rate_interval]))"},
                unit="reqps", stacked=True,
            ),
            Panel(
                "5xx by route",
                "The route that fails. Its error is in the log below; the trace of every failure is kept in Tempo.",
                {
                    "{{method}} {{route}}": "sum by (method, route) "
                    f'(rate(etter_http_requests_total{{{mine},status="5xx"}}[$__rate_interval])) > 0'
                },
                unit="reqps",
            ),
            Panel(
                "Slowest routes, 95 %",
                "The ten slowest. Then the statements of that route: panel queries of a request, and its traces.",
                {
                    "{{method}} {{route}}": "topk(10, histogram_quantile(0.95, sum by (method, route, le) "
                    f"(rate(etter_http_request_seconds_bucket{{{timed}}}[$__rate_interval]))))"
                },
                unit="s", limit=0.5,
            ),
            Panel(
                "Most used routes",
                "The ten with most requests: where making it faster pays.",
                {
                    "{{method}} {{route}}": "topk(10, sum by (method, route) "
                    f"(rate(etter_http_requests_total{{{mine}}}[$__rate_interval])))"
                },
                unit="reqps",
            ),
            Panel(
                "Database queries of a request, mean",
                "Promised: 1 to 3, none on a hit. More: a query in a loop, look at the trace.",
                {
                    "{{route}}": "topk(10, sum by (route) "
                    f"(rate(etter_http_request_queries_sum{{{mine}}}[$__rate_interval])) / sum by (route) "
                    f"(rate(etter_http_request_queries_count{{{mine}}}[$__rate_interval]) > 0))"
                },
                limit=3,
            ),
            Panel(
                "Being answered, and waiting for a place",
                "Waiting for long means that requests are refused soon: runbook EtterLoadShed.",
                {
                    "being answered": f'sum(etter_http_requests_in_flight{{service="{service}"}})',
                    "waiting": f'sum(etter_http_requests_waiting{{service="{service}"}})',
                    "event streams": f'sum(etter_sse_streams{{service="{service}"}})',
                },
            ),
            Panel(
                "Refused for load, by cause",
                "caller: one user holds too many at once. The others: too few replicas, or a full event loop.",
                {
                    "{{cause}}": "sum by (cause) "
                    f'(rate(etter_http_requests_shed_total{{service="{service}"}}[$__rate_interval]))'
                },
                unit="reqps",
            ),
            Panel(
                "Refused for their rate",
                "By policy. One policy from one release on: a client that asks in a loop.",
                {
                    "{{policy}} {{outcome}}": "sum by (policy, outcome) "
                    f'(rate(etter_rate_limit_decisions_total{{service="{service}",outcome=~"refused.*"}}'
                    "[$__rate_interval]))"
                },
                unit="reqps",
            ),
            Panel(
                "Answered before the router",
                "Hits that cost next to nothing. None at all while people read: the cache is off.",
                {
                    "{{status}}": "sum by (status) "
                    f'(rate(etter_http_shortcuts_total{{service="{service}"}}[$__rate_interval]))'
                },
                unit="reqps",
            ),
        ),
    )  # fmt: skip


def _database(service: str) -> Row:
    return Row(
        "Database",
        (
            Panel(
                "Connections in use",
                "By replica. At the limit requests wait: runbooks EtterPoolSaturated and EtterPoolTimeouts.",
                {
                    "{{instance}}": f'etter_db_pool_connections{{service="{service}",state="in_use"}}',
                    "limit": f'max(etter_db_pool_connections{{service="{service}",state="limit"}})',
                },
            ),
            Panel(
                "Wait for a connection, and statements",
                "The wait is near 0 in health. Statements over 100 ms: runbook EtterQueriesSlow.",
                {
                    "wait 95 %": "histogram_quantile(0.95, sum by (le) "
                    f'(rate(etter_db_pool_wait_seconds_bucket{{service="{service}"}}[$__rate_interval])))',
                    "statement 95 %": f'service:etter_db_query_seconds:p95_5m{{service="{service}"}}',
                },
                unit="s", limit=0.1,
            ),
            Panel(
                "Transactions, by the server that was asked",
                "replica only where one is set up and not too far behind; all on primary: runbook EtterReplicaLags.",
                {
                    "{{server}}": "sum by (server) "
                    f'(rate(etter_db_transactions_total{{service="{service}"}}[$__rate_interval]))',
                    "no connection in time": "sum"
                    f'(rate(etter_db_pool_timeouts_total{{service="{service}"}}[$__rate_interval]))',
                },
                unit="ops",
            ),
        ),
    )  # fmt: skip


def _events(service: str) -> Row:
    return Row(
        "Events",
        (
            Panel(
                "Outbox",
                "Committed and not published. Growing: NATS is away. Runbook EtterOutboxStuck.",
                {
                    "pending": f'max(etter_outbox_pending{{service="{service}"}})',
                    "oldest, in seconds": f'service:etter_outbox_oldest_age_seconds:max{{service="{service}"}}',
                },
            ),
            Panel(
                "Messages handled",
                "duplicate is normal after a restart. failed is tried again over growing delays, then a dead letter.",
                {
                    "{{outcome}}": "sum by (outcome) "
                    f'(rate(etter_consumer_messages_total{{service="{service}"}}[$__rate_interval]))',
                    "not handled yet": f'service:etter_consumer_pending:max{{service="{service}"}}',
                },
            ),
            Panel(
                "Time of a message, 95 %",
                "One transaction each. Slow handlers hold up later events of the same object.",
                {
                    "{{consumer}}": "histogram_quantile(0.95, sum by (consumer, le) "
                    f'(rate(etter_consumer_seconds_bucket{{service="{service}"}}[$__rate_interval])))'
                },
                unit="s",
            ),
        ),
    )  # fmt: skip


def _processes(service: str) -> Row:
    return Row(
        "Processes",
        (
            Panel(
                "Processor, by replica",
                "About one core is all that a process of ours can use; near it, add replicas.",
                {
                    "{{workload}} {{instance}}": "rate"
                    f'(process_cpu_seconds_total{{service="{service}"}}[$__rate_interval])'
                },
            ),
            Panel(
                "Memory, by replica",
                "A saw is work, a slope is a leak: compare with the time since the last start.",
                {"{{workload}} {{instance}}": f'process_resident_memory_bytes{{service="{service}"}}'},
                unit="bytes",
            ),
            Panel(
                "Lateness of the event loop, 99 %",
                "Beyond 0.25 s: runbook EtterEventLoopLags.",
                {"{{workload}}": f'workload:etter_event_loop_lag_seconds:p99_5m{{service="{service}"}}'},
                unit="s", limit=0.25,
            ),
        ),
    )  # fmt: skip


def _logs(service: str) -> Row:
    query = f'{{service_name="{service}"}} | json | level =~ "warning|error"'
    text = "Of all its processes. A line's link leads to its trace, its request_id to the lines of the others."
    return Row("Logs", (Panel("Warnings and errors", text, {"": query}, kind="logs", width=24, height=10),))
