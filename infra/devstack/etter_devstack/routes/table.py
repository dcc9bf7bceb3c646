"""The routing table, `infra/ingress/routes.toml`, read and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Limits:
    health_path: str
    max_header_bytes: int
    read_timeout_s: int
    client_idle_timeout_s: int
    connect_timeout_s: int
    answer_timeout_s: int
    service_idle_timeout_s: int


@dataclass(frozen=True)
class Retry:
    methods: tuple[str, ...]
    attempts: int
    first_pause_ms: int


@dataclass(frozen=True)
class Headers:
    """What the ingress changes: names it drops, and what it adds to answers that go out over TLS."""

    drop_from_request: tuple[str, ...]
    drop_from_answer: tuple[str, ...]
    over_tls: Mapping[str, str]


@dataclass(frozen=True)
class Route:
    """What one service answers: paths that begin with a prefix, and paths as they are."""

    prefixes: tuple[str, ...]
    exact: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    limits: Limits
    retry: Retry
    headers: Headers
    trusted_balancers: tuple[str, ...]
    services: Mapping[str, Route]


def load(file: Path) -> Table:
    """Raises `ValueError` that names what is wrong with the file."""
    given = tomllib.loads(file.read_text(encoding="utf-8"))
    try:
        return Table(
            limits=Limits(**given["limits"]),
            retry=Retry(**_with_tuples(given["retry"], "methods")),
            headers=Headers(**_with_tuples(given["headers"], "drop_from_request", "drop_from_answer")),
            trusted_balancers=tuple(given["trusted_balancers"]),
            services={name: _route(name, paths) for name, paths in given["services"].items()},
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"{file}: {error}") from error


def _with_tuples(given: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {**given, **{name: tuple(given[name]) for name in names}}


def _route(name: str, given: Mapping[str, Any]) -> Route:
    """A prefix ends with a slash: `/api/core` would take `/api/core-internal` as well."""
    route = Route(tuple(given.get("prefixes", ())), tuple(given.get("exact", ())))
    for path in (*route.prefixes, *route.exact):
        if not path.startswith("/") or "`" in path:
            raise ValueError(f"services.{name}: {path!r} is not a path")
    for prefix in route.prefixes:
        if not prefix.endswith("/"):
            raise ValueError(f"services.{name}: the prefix {prefix!r} has to end with a slash")
    return route
