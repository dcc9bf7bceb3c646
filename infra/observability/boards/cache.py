"""The two tiers: how much they answer, what they hold, and whether they tell each other."""

from __future__ import annotations

from typing import Final

from infra.observability.panels import Board, Panel, Row, variable

_HITS: Final = 'sum by (service, resource) (rate(etter_cache_hits_total{service=~"$service"}[15m]))'
_MISSES: Final = 'sum by (service, resource) (rate(etter_cache_misses_total{service=~"$service"}[15m]))'

_READS = Row(
    "Reads",
    (
        Panel(
            "Answered from the cache",
            "Promised: over 80 %. Low for long: see which resource below, and what invalidates it.",
            {"{{service}}": "service:etter_cache_hits:ratio_rate5m"},
            unit="percentunit", limit=0.8,
        ),
        Panel(
            "By tier",
            "l1 is the process's own memory, l2 is Valkey. All on l2: L1 is being emptied, see below.",
            {
                "{{tier}}": "sum by (tier) "
                '(rate(etter_cache_hits_total{service=~"$service"}[$__rate_interval]))',
                "missed": 'sum(rate(etter_cache_misses_total{service=~"$service"}[$__rate_interval]))',
            },
            unit="reqps", stacked=True,
        ),
        Panel(
            "Answered from the cache, by resource",
            "The ten lowest. Its lifetime, its tags and who changes them are in docs/common/cache.md.",
            {
                "{{service}} {{resource}}": f"bottomk(10, ({_HITS} or 0 * {_MISSES}) "
                f"/ (({_HITS} or 0 * {_MISSES}) + ({_MISSES} or 0 * {_HITS}) > 0))"
            },
            unit="percentunit",
        ),
    ),
)  # fmt: skip
_LOADS = Row(
    "Loads",
    (
        Panel(
            "Loads, by outcome",
            "failed: the database answered badly; absent: it was asked for what is not there.",
            {"{{outcome}}": 'sum by (outcome) (rate(etter_cache_loads_total{service=~"$service"}[$__rate_interval]))'},
            unit="ops",
        ),
        Panel(
            "Time of a load, 95 %",
            "What a miss costs. Slow loads of a hot resource: its query wants an index.",
            {
                "{{service}} {{resource}}": "topk(10, histogram_quantile(0.95, sum by (service, resource, le) "
                '(rate(etter_cache_load_seconds_bucket{service=~"$service"}[$__rate_interval]))))'
            },
            unit="s",
        ),
        Panel(
            "Past their time",
            "stale: served while a load ran. fail-safe: for want of any other, so the database is away.",
            {
                "stale": 'sum(rate(etter_cache_stale_serves_total{service=~"$service"}[$__rate_interval]))',
                "fail-safe": 'sum(rate(etter_cache_fail_safe_serves_total{service=~"$service"}[$__rate_interval]))',
            },
            unit="ops",
        ),
    ),
)  # fmt: skip
_HELD = Row(
    "What is held, and what is dropped",
    (
        Panel(
            "Invalidated tags, by cause",
            "write is our own, remote heard from another replica, outbox made good for one that died.",
            {
                "{{cause}}": "sum by (cause) "
                '(rate(etter_cache_invalidations_total{service=~"$service"}[$__rate_interval]))'
            },
            unit="ops",
        ),
        Panel(
            "First tier emptied",
            "backplane_lost: NATS was away; invalidation_missed: a message was lost. Now and then is no harm.",
            {
                "{{service}} {{cause}}": "sum by (service, cause) "
                '(increase(etter_cache_l1_clears_total{service=~"$service"}[1h]))'
            },
        ),
        Panel(
            "First tier, bytes of the largest replica",
            "Bounded by *_CACHE_L1_BYTES (64 MiB); at the bound with evictions it may want more.",
            {"{{service}}": 'max by (service) (etter_cache_l1_bytes{service=~"$service"})'},
            unit="bytes",
        ),
        Panel(
            "First tier, entries and evictions",
            "Evictions all the time mean that it is too small for what is read.",
            {
                "entries {{service}}": 'max by (service) (etter_cache_l1_entries{service=~"$service"})',
                "evicted an hour {{service}}": "sum by (service) "
                '(increase(etter_cache_l1_evictions_total{service=~"$service"}[1h]))',
            },
        ),
        Panel(
            "Failed calls to Valkey",
            "After two none is tried until it answers again. Runbook EtterCacheSecondTierFails.",
            {
                "{{service}} {{operation}}": "sum by (service, operation) "
                '(rate(etter_cache_l2_errors_total{service=~"$service"}[$__rate_interval]))'
            },
            unit="ops", limit=0.1,
        ),
    ),
)  # fmt: skip

BOARD: Final = Board(
    "etter-cache", "Etter cache", "How much the two tiers answer, what they hold, whether they tell each other.",
    (_READS, _LOADS, _HELD), (variable("service", "label_values(etter_cache_misses_total, service)"),),
)  # fmt: skip
