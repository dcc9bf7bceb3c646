"""Limits by key: GCRA in Redis, one round trip a decision, by the server's clock.

A caller may use its whole quota at once and gets it back evenly over the window. When Redis does not answer
within its budget, the policy says what holds: `local` (each process enforces the limit alone), `allow` or
`refuse`.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from redis.asyncio import Redis
from redis.exceptions import MaxConnectionsError, RedisError

from etter_common import metrics
from etter_common.clock import monotonic
from etter_common.logging import get_logger

BUDGET_S: Final = 0.1
_TRIPS_AFTER: Final = 2  # failed calls in a row
_PAUSE_S: Final = 1.0  # without calls after that; then one decision tries the server again
_CALLS_AT_ONCE: Final = 16
_LOCAL_KEYS: Final = 20_000
_log = get_logger(__name__)

# KEYS: the caller   ARGV: µs between two units, µs of the window, units asked for
# Answers: allowed, µs until the whole quota is back. A time beyond the window means that the server's clock went
# back; it counts as none, so that nobody waits for the clock to catch up.
_GCRA: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local window = tonumber(ARGV[2])
local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
if full_at < now or full_at > now + window then full_at = now end
local after = full_at + tonumber(ARGV[1]) * tonumber(ARGV[3])
if after - now > window then return {0, full_at - now} end
redis.call('SET', KEYS[1], string.format('%.0f', after), 'PX', math.ceil((after - now) / 1000) + 1)
return {1, after - now}
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """`limit` units per `window_s`. `name` is a fixed word of the code: it labels metrics and the headers."""

    name: str
    limit: int
    window_s: int
    when_redis_is_away: Literal["local", "allow", "refuse"] = "local"

    def __post_init__(self) -> None:
        if self.limit < 1 or self.window_s < 1:
            raise ValueError("a policy allows at least one unit in at least one second")

    @property
    def interval_us(self) -> float:
        return self.window_us / self.limit

    @property
    def window_us(self) -> int:
        return self.window_s * 1_000_000


DEFAULT: Final = Policy("default", limit=1000, window_s=60)
SIGN_IN: Final = Policy("sign-in", limit=10, window_s=60)
"""Per address and per account; guessing a password is slow even where it is spread over replicas."""


@dataclass(frozen=True, slots=True)
class Decision:
    """`reset_s`: until the whole quota is back. `retry_after_s`: until this request would pass; 0 if it did."""

    policy: Policy
    allowed: bool
    remaining: int
    reset_s: int
    retry_after_s: int

    @property
    def limit(self) -> int:
        return self.policy.limit

    def headers(self) -> dict[str, str]:
        """`RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10), `Retry-After` if refused."""
        policy = self.policy
        headers = {
            "RateLimit-Policy": f'"{policy.name}";q={policy.limit};w={policy.window_s}',
            "RateLimit": f'"{policy.name}";r={self.remaining};t={self.reset_s}',
        }
        if not self.allowed:
            headers["Retry-After"] = str(self.retry_after_s)
        return headers


class RateLimiter:
    """Decides by keys shared over all replicas; `service` keeps the counts of services apart."""

    def __init__(
        self,
        redis: Redis,
        *,
        service: str = "etter",
        budget_s: float = BUDGET_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._script = redis.register_script(_GCRA)
        self._prefix = f"etter:{service}:limit"
        self._budget_s = budget_s
        self._clock = clock
        self._failures = 0
        self._next_try = 0.0
        self._slots = asyncio.Semaphore(_CALLS_AT_ONCE)
        self._local = LocalLimits(clock)

    async def check(self, key: str, policy: Policy = DEFAULT, *, cost: int = 1) -> Decision:
        """Use `cost` units of the key's quota, if they are there; a refused request uses none."""
        # hashed: keys hold addresses and emails, and a client chooses their length
        digest = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
        name = f"{self._prefix}:{policy.name}:{digest}"
        answer = await self._ask(name, policy, cost)
        if answer is not None:
            decision = _decide(policy, *answer, cost=cost)
        elif policy.when_redis_is_away == "local":
            decision = _decide(policy, *self._local.take(name, policy, cost), cost=cost)
        else:
            decision = _without_count(policy)
        metrics.RATE_LIMIT.labels(policy.name, _outcome(decision, counted=answer is not None)).inc()
        return decision

    async def _ask(self, name: str, policy: Policy, cost: int) -> tuple[bool, float] | None:
        now = self._clock()
        if self._failures >= _TRIPS_AFTER:
            if now < self._next_try:
                return None
            self._next_try = now + _PAUSE_S  # this one tries, the others go on without
        asked = False
        try:
            async with asyncio.timeout(self._budget_s), self._slots:
                asked = True
                allowed, until_full_us = await self._script([name], [policy.interval_us, policy.window_us, cost])
        except (RedisError, OSError, TimeoutError) as error:
            if asked and not isinstance(error, MaxConnectionsError):  # not what waiting in vain says
                self._fail(error)
            return None
        self._failures = 0
        return bool(allowed), float(until_full_us)

    def _fail(self, error: Exception) -> None:
        self._failures += 1
        self._next_try = self._clock() + _PAUSE_S
        if self._failures == _TRIPS_AFTER:
            _log.warning("rate_limit_redis_away", error_type=type(error).__name__)


class LocalLimits:
    """The same algorithm in this process; the keys used longest ago are forgotten first."""

    def __init__(self, clock: Callable[[], float], *, max_keys: int = _LOCAL_KEYS) -> None:
        self._clock = clock
        self._max_keys = max_keys
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, name: str, policy: Policy, cost: int) -> tuple[bool, float]:
        """Whether the units were there, and the µs until the whole quota is back."""
        now = self._clock() * 1_000_000
        full_at = max(self._full_at.get(name, now), now)
        after = full_at + policy.interval_us * cost
        if after - now > policy.window_us:
            return False, full_at - now
        self._full_at[name] = after
        self._full_at.move_to_end(name)
        if len(self._full_at) > self._max_keys:
            self._full_at.popitem(last=False)
        return True, after - now


def _decide(policy: Policy, allowed: bool, until_full_us: float, *, cost: int) -> Decision:
    remaining = int((policy.window_us - until_full_us) / policy.interval_us + 1e-6)
    wait_us = until_full_us + policy.interval_us * cost - policy.window_us
    return Decision(
        policy,
        allowed,
        remaining=max(0, remaining),
        reset_s=math.ceil(until_full_us / 1_000_000),
        retry_after_s=0 if allowed else max(1, math.ceil(wait_us / 1_000_000)),
    )


def _without_count(policy: Policy) -> Decision:
    allowed = policy.when_redis_is_away == "allow"
    return Decision(policy, allowed, policy.limit if allowed else 0, reset_s=1, retry_after_s=0 if allowed else 1)


def _outcome(decision: Decision, *, counted: bool) -> str:
    word = "allowed" if decision.allowed else "refused"
    return word if counted else f"{word}_{decision.policy.when_redis_is_away}"
