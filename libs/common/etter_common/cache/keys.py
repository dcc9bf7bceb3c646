"""What a cached value is called, what it depends on, and how long it may live."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final
from uuid import UUID

import msgspec

_MINUTE: Final = 60
_HOUR: Final = 3600

LIFETIMES: Final[Mapping[str, int]] = {
    # asked for by the owner (docs/common/cache.md)
    "master_companies": _HOUR,
    "user_autocomplete": 5 * _MINUTE,
    "task_autocomplete": 10 * _MINUTE,
    "workflow_metadata": 30 * _MINUTE,
    "simulation_results": 2 * _HOUR,
    "role_adjacency": 24 * _HOUR,
    # ours: lists and totals are dropped by tag when something changes, the time is only a last resort
    "role_autocomplete": 10 * _MINUTE,
    "skill_autocomplete": 10 * _MINUTE,
    "occupations": 24 * _HOUR,
    "lists": 5 * _MINUTE,
    "details": 10 * _MINUTE,
    "dashboard": 5 * _MINUTE,
    "summary": 5 * _MINUTE,
}
"""Seconds a value lives at most, by what it is; jitter only shortens it."""

ABSENT_S: Final = 30
"""Seconds a route remembers that there is nothing; what makes it there drops the tag, as with any other answer."""
FAIL_SAFE_S: Final = 5 * _MINUTE
"""Seconds past its time an answer may be given while the database is away."""
LONGEST_S: Final = max(LIFETIMES.values())
EVERYTHING: Final = "*"
"""The tag every value carries; to invalidate it empties the service's cache in both tiers and all replicas."""


def tag(company_id: UUID | None, noun: str, id: object = None) -> str:
    """The name of what a value depends on: all of a company's `roles`, or one of them."""
    return f"{company_id or '-'}:{noun}" if id is None else f"{company_id or '-'}:{noun}:{id}"


class CacheKey(msgspec.Struct, frozen=True, cache_hash=True):
    """One cached value. `scope` is whatever makes two callers see different bytes: permissions, own rows only.

    `company_id` is None for what all companies share. `resource` comes from code, never from a request: it
    labels metrics. `params` is in canonical form; `of` makes it.
    """

    company_id: UUID | None
    resource: str
    params: str = ""
    scope: str = ""

    @classmethod
    def of(
        cls, company_id: UUID | None, resource: str, params: Mapping[str, object] | None = None, *, scope: str = ""
    ) -> CacheKey:
        """A key from parameters in any order; those that are None count as not given."""
        given = {name: value for name, value in (params or {}).items() if value is not None}
        canonical = msgspec.json.encode(given, order="sorted").decode() if given else ""
        return cls(company_id, resource, canonical, scope)

    def __str__(self) -> str:
        """The name in Redis: bounded in length, whatever a request put into the parameters."""
        rest = msgspec.json.encode((self.params, self.scope))
        return f"{self.company_id or '-'}:{self.resource}:{hashlib.blake2b(rest, digest_size=16).hexdigest()}"
