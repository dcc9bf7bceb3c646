from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.types import Message

from etter_common import metrics
from etter_common.health import LIVE, METRICS, READY, HealthRegistry, drain_on_signals, health_app


async def passing() -> None:
    pass


async def failing() -> None:
    raise ConnectionError("postgres://core:hunter2@10.0.0.7 refused")


async def hanging() -> None:
    await asyncio.Event().wait()


async def call(registry: HealthRegistry, path: str, method: str = "GET") -> tuple[int, dict[bytes, bytes], bytes]:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    scope = {"type": "http", "method": method, "path": path, "headers": []}
    await health_app(registry)(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), sent[1]["body"]


async def ready(registry: HealthRegistry) -> tuple[int, Any]:  # Any: a JSON document
    status, _, body = await call(registry, READY)
    return status, json.loads(body)


@pytest.fixture
def registry() -> HealthRegistry:
    return HealthRegistry(cache_s=0)


class TestReady:
    async def test_not_before_the_start(self, registry: HealthRegistry) -> None:
        status, body = await ready(registry)
        assert (status, body["status"]) == (503, "starting")

    async def test_when_every_check_passes(self, registry: HealthRegistry) -> None:
        registry.add("database", passing)
        registry.start()
        status, body = await ready(registry)
        assert (status, body["status"], body["checks"]["database"]["status"]) == (200, "ready", "up")

    async def test_not_when_a_required_part_is_away(self, registry: HealthRegistry) -> None:
        registry.add("database", failing)
        registry.start()
        status, body = await ready(registry)
        assert (status, body["status"]) == (503, "not_ready")
        assert body["checks"]["database"]["error"] == "ConnectionError"
        assert "hunter2" not in json.dumps(body)
        assert "10.0.0.7" not in json.dumps(body)

    async def test_degraded_when_another_part_is_away(self, registry: HealthRegistry) -> None:
        registry.add("database", passing)
        registry.add("redis", failing, required=False)
        registry.start()
        status, body = await ready(registry)
        assert (status, body["status"]) == (200, "degraded")

    async def test_a_check_that_hangs_fails_after_its_time(self, registry: HealthRegistry) -> None:
        registry.add("database", hanging, timeout_s=0.01)
        registry.start()
        status, body = await ready(registry)
        assert (status, body["checks"]["database"]["error"]) == (503, "TimeoutError")

    async def test_it_heals(self, registry: HealthRegistry) -> None:
        broken = True

        async def check() -> None:
            if broken:
                await failing()

        registry.add("database", check)
        registry.start()
        assert (await ready(registry))[0] == 503
        assert metrics.REGISTRY.get_sample_value("etter_health_check_up", {"check": "database"}) == 0
        broken = False
        assert (await ready(registry))[0] == 200
        assert metrics.REGISTRY.get_sample_value("etter_health_check_up", {"check": "database"}) == 1

    async def test_not_while_draining(self, registry: HealthRegistry) -> None:
        registry.start()
        registry.drain()
        status, body = await ready(registry)
        assert (status, body["status"]) == (503, "draining")

    async def test_many_probes_share_one_round_of_checks(self) -> None:
        registry = HealthRegistry(cache_s=60)
        rounds = 0

        async def check() -> None:
            nonlocal rounds
            rounds += 1
            await asyncio.sleep(0)

        registry.add("database", check)
        registry.start()
        await asyncio.gather(*(ready(registry) for _ in range(20)))
        await ready(registry)
        assert rounds == 1

    async def test_a_probe_that_goes_away_does_not_end_the_round(self, registry: HealthRegistry) -> None:
        gate = asyncio.Event()

        async def check() -> None:
            await gate.wait()

        registry.add("database", check)
        registry.start()
        first, second = (asyncio.create_task(ready(registry)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        gate.set()
        assert (await second)[0] == 200


class TestApp:
    async def test_live_even_while_a_part_is_away(self, registry: HealthRegistry) -> None:
        registry.add("database", failing)
        registry.drain()
        assert (await call(registry, LIVE))[0] == 200

    async def test_metrics(self, registry: HealthRegistry) -> None:
        status, headers, body = await call(registry, METRICS)
        assert status == 200
        assert headers[b"content-type"].startswith(b"text/plain")
        assert b"process_cpu_seconds_total" in body

    async def test_answers_are_not_stored(self, registry: HealthRegistry) -> None:
        assert (await call(registry, LIVE))[1][b"cache-control"] == b"no-store"

    async def test_head_has_no_body(self, registry: HealthRegistry) -> None:
        status, headers, body = await call(registry, LIVE, "HEAD")
        assert (status, body) == (200, b"")
        assert int(headers[b"content-length"]) > 0

    @pytest.mark.parametrize(("path", "method", "expected"), [("/health", "GET", 404), (LIVE, "POST", 405)])
    async def test_anything_else_is_refused(
        self, registry: HealthRegistry, path: str, method: str, expected: int
    ) -> None:
        assert (await call(registry, path, method))[0] == expected

    async def test_the_lifespan_of_a_worker_s_server(self, registry: HealthRegistry) -> None:
        messages = iter(["lifespan.startup", "lifespan.shutdown"])
        sent: list[str] = []

        async def receive() -> Message:
            return {"type": next(messages)}

        async def send(message: Message) -> None:
            sent.append(message["type"])

        await health_app(registry)({"type": "lifespan"}, receive, send)
        assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


class TestDrainOnSignals:
    @pytest.fixture(autouse=True)
    def handlers(self) -> Iterator[list[int]]:
        got: list[int] = []
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        signal.signal(signal.SIGTERM, lambda number, _: got.append(number))
        yield got
        for number, handler in before.items():
            signal.signal(number, handler)

    async def test_it_drains_and_the_server_s_own_handler_runs_too(
        self, registry: HealthRegistry, handlers: list[int]
    ) -> None:
        drain_on_signals(registry)
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(60):
            await registry.draining.wait()
        assert handlers == [signal.SIGTERM]
