"""Decides by keys shared over all replicas; asks Redis once for several units where the quota is large."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import MaxConnectionsError, RedisError

from etter_common import metrics
from etter_common.clock import monotonic
from etter_common.logging import get_logger
from etter_common.ratelimit.local import Loans, LocalLimits
from etter_common.ratelimit.policy import DEFAULT, Decision, Policy, decide, without_count

BUDGET_S: Final = 0.1
_TRIPS_AFTER: Final = 2  # failed calls in a row
_PAUSE_S: Final = 1.0  # without calls after that; then one decision tries the server again
_CALLS_AT_ONCE: Final = 16
_log = get_logger(__name__)

# KEYS: the caller   ARGV: µs between two units, µs of the window, units asked for, most units lent, units given back
# Answers: allowed, µs until the whole quota is back, units lent. A time beyond the window means that the server's
# clock went back; it counts as none, so that nobody waits for the clock to catch up. A fiftieth of what is left is
# lent at most: near its end a quota is counted one by one.
_GCRA: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local interval = tonumber(ARGV[1])
local window = tonumber(ARGV[2])
local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
if full_at > now + window then full_at = now end
full_at = full_at - interval * tonumber(ARGV[5])
if full_at < now then full_at = now end
local after = full_at + interval * tonumber(ARGV[3])
local allowed = after - now <= window
local lent = 0
if allowed then
  lent = math.min(tonumber(ARGV[4]), math.floor((window - (after - now)) / interval / 50))
  full_at = after + interval * lent
end
if full_at > now then
  redis.call('SET', KEYS[1], string.format('%.0f', full_at), 'PX', math.ceil((full_at - now) / 1000) + 1)
end
return {allowed and 1 or 0, string.format('%.0f', full_at - now), lent}
"""


@dataclass(frozen=True, slots=True)
class _Answer:
    allowed: bool
    until_full_us: float
    lent: int


class RateLimiter:
    """`service` keeps the counts of services apart."""

    def __init__(
        self,
        redis: Redis,
        *,
        service: str = "etter",
        budget_s: float = BUDGET_S,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._script = redis.register_script(_GCRA)
        self.service = service
        self._prefix = f"etter:{service}:limit"
        self._budget_s = budget_s
        self._clock = clock
        self._failures = 0
        self._next_try = 0.0
        self._slots = asyncio.Semaphore(_CALLS_AT_ONCE)
        self._local = LocalLimits(clock)
        self._loans = Loans(clock)
        self._asking: dict[tuple[str, str], asyncio.Future[None]] = {}
        self._tallies: dict[tuple[str, str], metrics.Tally] = {}

    async def check(self, key: str, policy: Policy = DEFAULT, *, cost: int = 1) -> Decision:
        """Use `cost` units of the key's quota, if they are there; a refused request uses none."""
        decision = self.check_now(key, policy, cost=cost)
        if decision is not None:
            return decision
        if not policy.most_lent:
            return await self._check_shared(key, policy, cost, back=0)
        while (asking := self._asking.get((policy.name, key))) is not None:
            await asyncio.shield(asking)  # somebody else's question brings a loan for us too
            decision = self.check_now(key, policy, cost=cost)
            if decision is not None:
                return decision
        return await self._borrow(key, policy, cost)

    def check_now(self, key: str, policy: Policy = DEFAULT, *, cost: int = 1) -> Decision | None:
        """The decision if this process can make it alone, at once; `None` when Redis has to be asked."""
        loan = self._loans.spend(key, policy, cost)
        if loan is None:
            return None
        self._count(policy, "allowed_lent")
        return self._loans.decision(loan, policy, cost)

    def spend_now(self, key: str, policy: Policy) -> bool:
        """Like `check_now` for one unit, where nobody asks how much is left."""
        if self._loans.spend(key, policy, 1) is None:
            return False
        self._count(policy, "allowed_lent")
        return True

    async def _borrow(self, key: str, policy: Policy, cost: int) -> Decision:
        asking = self._asking[policy.name, key] = asyncio.get_running_loop().create_future()
        try:
            return await self._check_shared(key, policy, cost, back=self._loans.take_back(key, policy))
        finally:
            del self._asking[policy.name, key]
            asking.set_result(None)

    async def _check_shared(self, key: str, policy: Policy, cost: int, *, back: int) -> Decision:
        # hashed: keys hold addresses and emails, and a client chooses their length
        digest = hashlib.blake2b(key.encode(), digest_size=16).hexdigest()
        name = f"{self._prefix}:{policy.name}:{digest}"
        answer = await self._ask(name, policy, cost, back)
        if answer is not None:
            if answer.lent:
                self._loans.lend(key, policy, answer.lent, answer.until_full_us)
            decision = decide(policy, answer.allowed, answer.until_full_us, cost=cost, unspent=answer.lent)
            self._count(policy, "allowed" if decision.allowed else "refused")
            return decision
        if policy.when_redis_is_away == "local":
            decision = decide(policy, *self._local.take(name, policy, cost), cost=cost)
        else:
            decision = without_count(policy)
        word = "allowed" if decision.allowed else "refused"
        self._count(policy, f"{word}_{policy.when_redis_is_away}")
        return decision

    async def _ask(self, name: str, policy: Policy, cost: int, back: int) -> _Answer | None:
        now = self._clock()
        if self._failures >= _TRIPS_AFTER:
            if now < self._next_try:
                return None
            self._next_try = now + _PAUSE_S  # this one tries, the others go on without
        asked = False
        terms = [policy.interval_us, policy.window_us, cost, policy.most_lent, back]
        try:
            async with asyncio.timeout(self._budget_s), self._slots:
                asked = True
                allowed, until_full_us, lent = await self._script([name], terms)
        except (RedisError, OSError, TimeoutError) as error:
            if asked and not isinstance(error, MaxConnectionsError):  # not what waiting in vain says
                self._fail(error)
            return None
        self._failures = 0
        return _Answer(bool(allowed), float(until_full_us), int(lent))

    def _fail(self, error: Exception) -> None:
        self._failures += 1
        self._next_try = self._clock() + _PAUSE_S
        if self._failures == _TRIPS_AFTER:
            _log.warning("rate_limit_redis_away", error_type=type(error).__name__)

    def _count(self, policy: Policy, outcome: str) -> None:
        tally = self._tallies.get((policy.name, outcome))
        if tally is None:
            row = metrics.RATE_LIMIT.labels(policy.name, outcome)
            tally = self._tallies[policy.name, outcome] = metrics.Tally(row)
        tally.pending += 1
