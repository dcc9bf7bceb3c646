from __future__ import annotations

import asyncio
import os
import random
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from etter_common.ids import new_id
from etter_common.ratelimit import Policy, RateLimiter
from etter_devstack.servers import valkey as valkey_server

# windows in which no unit comes back while a test runs, and budgets that a busy machine does not use up
FIVE = Policy("five", limit=5, window_s=86_400)
A_UNIT_S = FIVE.window_s // FIVE.limit
PATIENT_S = 30.0


class CountingRedis(Redis):
    """Counts what this client sends: the server's own statistics are those of all who use it."""

    scripts_run = 0

    async def execute_command(self, *args: Any, **options: Any) -> Any:
        self.scripts_run += args[0] == "EVALSHA"
        return await super().execute_command(*args, **options)  # type: ignore[no-untyped-call]


def open_redis(url: str, *, timeout_s: float | None = PATIENT_S) -> CountingRedis:
    retry = Retry(NoBackoff(), 1)
    client = CountingRedis.from_url(url, socket_timeout=timeout_s, socket_connect_timeout=timeout_s, retry=retry)
    assert isinstance(client, CountingRedis)
    return client


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[CountingRedis]:
    client = open_redis(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def limiter(redis: Redis) -> RateLimiter:
    return RateLimiter(redis, service=f"test-{new_id()}", budget_s=PATIENT_S)


async def let_time_pass(redis: Redis, limiter: RateLimiter, seconds: float) -> None:
    """As if the only count of this limiter had been used so much earlier."""
    [name] = [key async for key in redis.scan_iter(f"etter:{limiter.service}:limit:*")]
    await redis.set(name, int(await redis.get(name) or 0) - int(seconds * 1_000_000), keepttl=True)


@pytest.fixture
def own_valkey() -> Iterator[valkey_server.Valkey]:
    with tempfile.TemporaryDirectory(prefix="etter-t-", ignore_cleanup_errors=True) as folder:
        server = valkey_server.start(Path(folder) / "valkey", log=Path(folder) / "valkey.log")
        yield server
        server.process.kill()


class TestCheck:
    async def test_the_quota_may_be_used_at_once_and_not_more(self, limiter: RateLimiter) -> None:
        decisions = [await limiter.check("a", FIVE) for _ in range(6)]
        assert [decision.allowed for decision in decisions] == [True] * 5 + [False]
        assert [decision.remaining for decision in decisions] == [4, 3, 2, 1, 0, 0]

    async def test_a_refused_request_hears_when_the_next_unit_is_back(self, limiter: RateLimiter) -> None:
        for _ in range(5):
            await limiter.check("a", FIVE)
        refused = await limiter.check("a", FIVE)
        assert A_UNIT_S - 60 <= refused.retry_after_s <= A_UNIT_S
        assert FIVE.window_s - 60 <= refused.reset_s <= FIVE.window_s

    async def test_refused_requests_do_not_prolong_the_wait(self, limiter: RateLimiter) -> None:
        for _ in range(50):
            decision = await limiter.check("a", FIVE)
        assert decision.retry_after_s <= A_UNIT_S

    async def test_a_unit_comes_back_after_its_time(self, limiter: RateLimiter, redis: Redis) -> None:
        for _ in range(5):
            await limiter.check("a", FIVE)
        assert not (await limiter.check("a", FIVE)).allowed
        await let_time_pass(redis, limiter, A_UNIT_S)
        assert [(await limiter.check("a", FIVE)).allowed for _ in range(2)] == [True, False]

    async def test_keys_policies_and_services_count_apart(self, redis: Redis, limiter: RateLimiter) -> None:
        one = Policy("one", limit=1, window_s=86_400)
        other_policy = Policy("two", limit=1, window_s=86_400)
        other_service = RateLimiter(redis, service=f"test-{new_id()}", budget_s=PATIENT_S)
        assert (await limiter.check("a", one)).allowed
        assert (await limiter.check("b", one)).allowed
        assert (await limiter.check("a", other_policy)).allowed
        assert (await other_service.check("a", one)).allowed
        assert not (await limiter.check("a", one)).allowed

    async def test_concurrent_requests_over_replicas_share_one_quota(self, redis: Redis, redis_url: str) -> None:
        service = f"test-{new_id()}"
        other = open_redis(redis_url)
        limiters = [RateLimiter(client, service=service, budget_s=PATIENT_S) for client in (redis, other)]
        fifty = Policy("fifty", limit=50, window_s=86_400)
        decisions = await asyncio.gather(*(limiters[n % 2].check("a", fifty) for n in range(80)))
        await other.aclose()
        assert sum(decision.allowed for decision in decisions) == 50

    async def test_a_request_may_cost_more_than_one(self, limiter: RateLimiter) -> None:
        assert (await limiter.check("a", FIVE, cost=4)).remaining == 1
        assert not (await limiter.check("a", FIVE, cost=2)).allowed
        assert (await limiter.check("a", FIVE, cost=1)).allowed

    async def test_scripts_lost_in_a_restart_are_loaded_again(self, limiter: RateLimiter, redis: Redis) -> None:
        await limiter.check("a", FIVE)
        await redis.script_flush()
        assert (await limiter.check("a", FIVE)).remaining == 3

    async def test_a_clock_that_went_back_a_window_locks_nobody_out(self, redis: Redis, limiter: RateLimiter) -> None:
        await limiter.check("a", FIVE)
        await let_time_pass(redis, limiter, -FIVE.window_s)
        assert (await limiter.check("a", FIVE)).remaining == 4

    async def test_no_key_outlives_its_quota(self, redis: Redis, limiter: RateLimiter) -> None:
        await limiter.check("a", FIVE)
        [name] = [key async for key in redis.scan_iter(f"etter:{limiter.service}:limit:*")]
        assert 0 < await redis.pttl(name) <= A_UNIT_S * 1000 + 1

    async def test_what_a_client_sends_does_not_stand_in_redis(self, redis: Redis, limiter: RateLimiter) -> None:
        await limiter.check("email:maya@brightwater.example" + "x" * 9999, FIVE)
        [name] = [key async for key in redis.scan_iter(f"etter:{limiter.service}:limit:*")]
        assert b"maya" not in name
        assert len(name) < 150


class TestWhenRedisIsAway:
    async def test_the_local_limit_holds(self, own_valkey: valkey_server.Valkey) -> None:
        redis = open_redis(own_valkey.url)
        limiter = RateLimiter(redis, budget_s=PATIENT_S)
        own_valkey.process.kill()
        decisions = [await limiter.check("a", FIVE) for _ in range(7)]
        await redis.aclose()
        assert [decision.allowed for decision in decisions] == [True] * 5 + [False] * 2

    @pytest.mark.parametrize(("word", "allowed"), [("allow", True), ("refuse", False)])
    async def test_a_policy_may_say_otherwise(self, own_valkey: valkey_server.Valkey, word: str, allowed: bool) -> None:
        redis = open_redis(own_valkey.url)
        own_valkey.process.kill()
        policy = Policy("word", 1, 86_400, when_redis_is_away=word)  # type: ignore[arg-type]
        decisions = [await RateLimiter(redis).check("a", policy) for _ in range(3)]
        await redis.aclose()
        assert [decision.allowed for decision in decisions] == [allowed] * 3

    async def test_a_frozen_server_costs_two_budgets_and_then_nothing(self, own_valkey: valkey_server.Valkey) -> None:
        """The client itself would wait for ever, and time stands still, so that no pause ends."""
        redis = open_redis(own_valkey.url, timeout_s=None)
        limiter = RateLimiter(redis, budget_s=0.05, clock=lambda: 100.0)
        os.kill(own_valkey.process.pid, signal.SIGSTOP)
        allowed = [(await limiter.check("a")).allowed for _ in range(50)]
        os.kill(own_valkey.process.pid, signal.SIGCONT)
        await redis.aclose()
        assert all(allowed)
        assert redis.scripts_run == 2, "after two failures it is not asked every time"

    async def test_it_is_asked_again_after_a_pause(self, own_valkey: valkey_server.Valkey) -> None:
        now = 100.0
        redis = open_redis(own_valkey.url)
        limiter = RateLimiter(redis, budget_s=0.05, clock=lambda: now)
        os.kill(own_valkey.process.pid, signal.SIGSTOP)
        for _ in range(3):
            await limiter.check("a", FIVE)
        os.kill(own_valkey.process.pid, signal.SIGCONT)
        await redis.flushall()
        limiter._budget_s = PATIENT_S
        assert (await limiter.check("a", FIVE)).remaining == 1, "still counting alone"
        now += 1.1
        assert (await limiter.check("a", FIVE)).remaining == 4, "the shared count again"
        await redis.aclose()


class TestLoans:
    """A large quota is lent out in small parts, so that most requests ask nobody; the limit holds nevertheless."""

    LARGE = Policy("large", limit=1000, window_s=86_400)

    async def test_most_requests_ask_nobody(self, limiter: RateLimiter, redis: CountingRedis) -> None:
        await limiter.check("warm", self.LARGE)  # sends the script, should the server not have it
        redis.scripts_run = 0
        for _ in range(220):
            assert (await limiter.check("a", self.LARGE)).allowed
        assert redis.scripts_run == 220 // (1 + self.LARGE.most_lent)

    async def test_what_is_lent_counts_as_left(self, limiter: RateLimiter) -> None:
        remaining = [(await limiter.check("a", self.LARGE)).remaining for _ in range(30)]
        assert remaining == list(range(999, 969, -1))

    @pytest.mark.parametrize("replicas", [1, 2, 4])
    async def test_the_global_limit_holds_within_five_percent(self, redis: Redis, replicas: int) -> None:
        """Traffic far over the limit and unevenly spread; what a window allows is known but for the loans."""
        service, chance = f"test-{new_id()}", random.Random(replicas)
        limiters = [RateLimiter(redis, service=service, budget_s=PATIENT_S) for _ in range(replicas)]
        weights = [2**n for n in range(replicas)]
        allowed = 0
        for _ in range(1600):
            limiter = chance.choices(limiters, weights)[0]
            allowed += (await limiter.check("a", self.LARGE)).allowed
        assert 0.95 * self.LARGE.limit <= allowed <= self.LARGE.limit

    async def test_concurrent_requests_borrow_once(self, redis: Redis, limiter: RateLimiter) -> None:
        decisions = await asyncio.gather(*(limiter.check("a", self.LARGE) for _ in range(200)))
        assert all(decision.allowed for decision in decisions)
        assert min(decision.remaining for decision in decisions) == 800
        elsewhere = RateLimiter(redis, service=limiter.service, budget_s=PATIENT_S)
        assert (await elsewhere.check("a", self.LARGE)).remaining >= 799 - 10, "at most one loan is out"

    async def test_units_not_spent_are_given_back(self, limiter: RateLimiter) -> None:
        await limiter.check("a", self.LARGE)
        assert (await limiter.check("a", self.LARGE, cost=500)).remaining == 499

    async def test_near_its_end_a_quota_is_counted_one_by_one(self, redis: Redis) -> None:
        service = f"test-{new_id()}"
        hourly = Policy("hourly", limit=1000, window_s=86_400)
        limiters = [RateLimiter(redis, service=service, budget_s=PATIENT_S) for _ in range(2)]
        await limiters[0].check("a", hourly, cost=960)
        allowed = [(await limiters[n % 2].check("a", hourly)).allowed for n in range(60)]
        assert sum(allowed) == 40

    async def test_a_small_quota_is_never_lent(self, limiter: RateLimiter) -> None:
        await limiter.check("a", FIVE)
        assert limiter.check_now("a", FIVE) is None
