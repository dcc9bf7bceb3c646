"""Everything Etter measures, declared in one place with bounded labels; one registry per process.

Label values come from code (names of routes, consumers, kinds of job), never from requests: what a client can
choose freely is folded into a fixed word first (`method`, `route`).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from typing import ClassVar, Final

from prometheus_client import (
    CONTENT_TYPE_PLAIN_0_0_4,
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Metric,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

disable_created_metrics()  # type: ignore[no-untyped-call]
REGISTRY: Final = CollectorRegistry(auto_describe=True)


class Tally:
    """Counts for one row of a counter at the price of an addition; the counter gets them when it is read.

    For what happens several times in every request; all of it on one thread.
    """

    __slots__ = ("_counter", "pending")
    _all: ClassVar[list[Tally]] = []

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self.pending = 0
        self._all.append(self)

    @classmethod
    def settle(cls) -> None:
        for tally in cls._all:
            pending, tally.pending = tally.pending, 0
            if pending:
                tally._counter.inc(pending)


class Level:
    """A gauge that goes up and down at the price of an addition; all of it on one thread."""

    __slots__ = ("count",)

    def __init__(self, gauge: Gauge) -> None:
        self.count = 0
        gauge.set_function(lambda: float(self.count))


class _Settling(Collector):
    """First in the registry, so that every counter is read with what its tallies hold."""

    def collect(self) -> Iterable[Metric]:
        Tally.settle()
        return ()


REGISTRY.register(_Settling())
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

_LATENCY_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_WORK_S: Final = (0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0)
_QUERIES: Final = (0.0, 1.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0)
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED: Final = "unmatched"


def _counter(name: str, text: str, *labels: str) -> Counter:
    return Counter(name, text, labels, registry=REGISTRY)


def _gauge(name: str, text: str, *labels: str) -> Gauge:
    return Gauge(name, text, labels, registry=REGISTRY)


def _histogram(name: str, text: str, *labels: str, buckets: tuple[float, ...] = _LATENCY_S) -> Histogram:
    return Histogram(name, text, labels, buckets=buckets, registry=REGISTRY)


# HTTP, in: rate, errors, duration per route template
IN_FLIGHT: Final = Level(_gauge("etter_http_requests_in_flight", "Requests being answered"))
HTTP_WAITING: Final = _gauge("etter_http_requests_waiting", "Requests that wait for a place to be worked on")
HTTP_SHED: Final = _counter("etter_http_requests_shed", "Requests refused for load", "cause")
HTTP_SHORTCUTS: Final = _counter("etter_http_shortcuts", "Requests answered before the router", "status")
SSE_STREAMS: Final = _gauge("etter_sse_streams", "Open event streams")

# HTTP, out
OUTBOUND_REQUESTS: Final = _counter("etter_outbound_requests", "Calls to outside systems", "target", "outcome")
OUTBOUND_SECONDS: Final = _histogram("etter_outbound_request_seconds", "Time of one attempt", "target")
OUTBOUND_RETRIES: Final = _counter("etter_outbound_retries", "Attempts after the first", "target")

# Database
DB_POOL: Final = _gauge("etter_db_pool_connections", "Connections of the pool", "state")
DB_POOL_WAIT_SECONDS: Final = _histogram("etter_db_pool_wait_seconds", "Time until the pool gave a connection")
DB_POOL_TIMEOUTS: Final = _counter("etter_db_pool_timeouts", "Times the pool had no connection to give in time")
DB_REPLICA_LAG_S: Final = _gauge("etter_db_replica_lag_seconds", "How old a replica's data are at most", "server")
DB_TRANSACTIONS: Final = _counter("etter_db_transactions", "Transactions begun, by the server that was asked", "server")
DB_QUERY_SECONDS: Final = _histogram("etter_db_query_seconds", "Time of one statement")

# Events
OUTBOX_PENDING: Final = _gauge("etter_outbox_pending", "Events committed and not yet published")
OUTBOX_AGE_S: Final = _gauge("etter_outbox_oldest_age_seconds", "Age of the oldest unpublished event")
OUTBOX_PUBLISHED: Final = _counter("etter_outbox_published", "Events handed to NATS", "outcome")
EVENTS_PUBLISHED: Final = _counter("etter_events_published", "Events that the stream has taken", "type")
CONSUMER_MESSAGES: Final = _counter("etter_consumer_messages", "Messages taken", "consumer", "outcome")
CONSUMER_SECONDS: Final = _histogram(
    "etter_consumer_seconds", "Time of one message's handling", "consumer", buckets=_WORK_S
)
CONSUMER_LAG: Final = _gauge("etter_consumer_pending", "Messages not yet handled", "consumer")
NATS_REFUSED: Final = _counter("etter_nats_refused", "Publishes and subscriptions that NATS did not permit")
ERASURES_REFUSED: Final = _counter("etter_erasures_refused", "Ends of companies that auth did not confirm")
DEAD_LETTERS: Final = _counter("etter_dead_letters", "Messages given up on", "consumer")

# Jobs
JOBS_RUNNING: Final = _gauge("etter_jobs_running", "Jobs in work in this process", "kind")
JOBS_FINISHED: Final = _counter("etter_jobs_finished", "Jobs ended", "kind", "status")
JOBS_BROKEN: Final = _counter("etter_jobs_broken", "Jobs that failed by no fault of what they were asked", "kind")
JOBS_WAITING: Final = _gauge("etter_jobs_waiting", "Jobs that could be taken and are not yet", "kind")
JOBS_OLDEST_WAIT_S: Final = _gauge("etter_jobs_oldest_wait_seconds", "How long the oldest of them has waited", "kind")
JOB_SECONDS: Final = _histogram("etter_job_seconds", "Time of one attempt", "kind", buckets=_WORK_S)
JOB_WAIT_SECONDS: Final = _histogram("etter_job_wait_seconds", "Time from queued to taken", "kind", buckets=_WORK_S)

# Cache
CACHE_HITS: Final = _counter("etter_cache_hits", "Reads answered from the cache", "tier", "resource")
CACHE_MISSES: Final = _counter("etter_cache_misses", "Reads no tier could answer", "resource")
CACHE_LOADS: Final = _counter("etter_cache_loads", "Loads by outcome", "resource", "outcome")
CACHE_LOAD_SECONDS: Final = _histogram("etter_cache_load_seconds", "Time of one load", "resource")
CACHE_STALE: Final = _counter("etter_cache_stale_serves", "Expired values served while a load ran", "resource")
CACHE_FAIL_SAFE: Final = _counter(
    "etter_cache_fail_safe_serves", "Expired values served for want of others", "resource"
)
CACHE_INVALIDATIONS: Final = _counter("etter_cache_invalidations", "Tags invalidated", "cause")
CACHE_CLEARS: Final = _counter("etter_cache_l1_clears", "Times the whole first tier was emptied", "cause")
CACHE_L1_BYTES: Final = _gauge("etter_cache_l1_bytes", "Bytes held in the process")
CACHE_L1_ENTRIES: Final = _gauge("etter_cache_l1_entries", "Entries held in the process")
CACHE_EVICTIONS: Final = _counter("etter_cache_l1_evictions", "Entries dropped for room")
CACHE_L2_ERRORS: Final = _counter("etter_cache_l2_errors", "Failed calls to the second tier", "operation")

# Process, limits and health
LOOP_LAG_SECONDS: Final = _histogram("etter_event_loop_lag_seconds", "How late the event loop ran what was due")
RATE_LIMIT: Final = _counter("etter_rate_limit_decisions", "Decisions", "policy", "outcome")
BUCKET_AGE_S: Final = _gauge(
    "etter_bucket_age_seconds", "Time since a watched bucket was last known to be read to its end", "bucket"
)
HEALTH: Final = _gauge("etter_health_check_up", "1 when the check last passed", "check")


class _Row:
    """Requests that count together, and the sum of what was observed; `buckets` by the first bound that holds it."""

    __slots__ = ("buckets", "count", "sum")

    def __init__(self, bounds: tuple[float, ...] = _LATENCY_S) -> None:
        self.count = 0
        self.sum = 0.0
        self.buckets = [0] * (len(bounds) + 1)


class _Requests(Collector):
    """`etter_http_requests`, `…_request_seconds` and `…_request_queries`, by plain additions: every request does it."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str | None, int], _Row] = {}
        self._queries: dict[str, _Row] = {}

    def observe(self, method: str, route: str | None, status: int, seconds: float) -> None:
        row = self._rows.get((method, route, status))
        if row is None:
            row = self._rows[method, route, status] = _Row()
        row.count += 1
        row.sum += seconds
        row.buckets[bisect_left(_LATENCY_S, seconds)] += 1

    def observe_queries(self, route: str, count: int) -> None:
        row = self._queries.get(route)
        if row is None:
            row = self._queries[route] = _Row(_QUERIES)
        row.sum += count
        row.buckets[bisect_left(_QUERIES, count)] += 1

    def collect(self) -> Iterable[Metric]:
        counts = CounterMetricFamily("etter_http_requests", "Requests answered", labels=("method", "route", "status"))
        times = HistogramMetricFamily("etter_http_request_seconds", "Time to the last byte", labels=("method", "route"))
        by_status: dict[tuple[str, str, str], int] = {}
        by_route: dict[tuple[str, str], _Row] = {}
        for (method, template, status), row in self._rows.items():
            route = template or UNMATCHED
            group = (method, route, f"{status // 100}xx")
            by_status[group] = by_status.get(group, 0) + row.count
            total = by_route.setdefault((method, route), _Row())
            total.sum += row.sum
            total.buckets = [a + b for a, b in zip(total.buckets, row.buckets, strict=True)]
        for group, count in by_status.items():
            counts.add_metric(group, count)
        for where, total in by_route.items():
            times.add_metric(where, _cumulative(_LATENCY_S, total.buckets), total.sum)
        queries = HistogramMetricFamily(
            "etter_http_request_queries", "Database queries of one request", labels=("route",)
        )
        for route, row in self._queries.items():
            queries.add_metric((route,), _cumulative(_QUERIES, row.buckets), row.sum)
        return counts, times, queries


def _cumulative(bounds: tuple[float, ...], buckets: list[int]) -> list[tuple[str, float]]:
    names = [*map(floatToGoString, bounds), "+Inf"]
    return list(zip(names, accumulate(buckets), strict=True))


_requests: Final = _Requests()
REGISTRY.register(_requests)


def observe_request(method: str, route: str | None, status: int, seconds: float) -> None:
    """Count one answered request; `route` is the template (`/roles/{id}`), None where no route matched."""
    _requests.observe(method if method in _METHODS else "OTHER", route, status, seconds)


def observe_queries(route: str, count: int) -> None:
    """Count how often one request of this route asked the database."""
    _requests.observe_queries(route, count)


def watch_pool(stats: Mapping[str, Callable[[], float]]) -> None:
    """Report the pool at every scrape: state (`in_use`, `idle`, `limit`) to what reads it."""
    for state, read in stats.items():
        DB_POOL.labels(state).set_function(read)


def render() -> tuple[bytes, str]:
    """All metrics in the Prometheus text format, and its content type."""
    return generate_latest(REGISTRY), CONTENT_TYPE_PLAIN_0_0_4
