"""Whole-surface tests of outages: every route while each dependency refuses connections, and when a commit is lost."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

import pytest
from fastapi import FastAPI

from etter_common.platform import Platform
from etter_common.settings import ServiceSettings
from etter_common.testing.calls import Call, Maker, Outcome, Route, calls
from etter_common.testing.client import TokenMint
from etter_common.testing.service import ServiceUnderTest, running
from etter_common.testing.wire import Wire

URLS = {"postgres": "database_url", "valkey": "redis_url", "nats": "nats_url"}


@dataclass
class Outage:
    """The service on connections that can be cut, each on its own."""

    app: FastAPI
    platform: Platform
    mint: TokenMint
    wires: Mapping[str, Wire]

    async def ask(self, call: Call) -> Outcome:
        return await call.send(self.app, self.mint)


@asynccontextmanager
async def outage(unit: ServiceUnderTest, settings: ServiceSettings) -> AsyncGenerator[Outage]:
    """Start the service of `settings` behind one wire for each dependency."""
    async with AsyncExitStack() as stack:
        urls, wires = {}, {}
        for name, setting in URLS.items():
            url = urlsplit(getattr(settings, setting))
            wire = wires[name] = await stack.enter_async_context(Wire.to(str(url.hostname), int(url.port or 0)))
            place = url.netloc.rpartition("@")
            urls[setting] = urlunsplit(url._replace(netloc=f"{place[0]}{place[1]}127.0.0.1:{wire.port}"))
        app = await stack.enter_async_context(running(unit.create(settings.model_copy(update=urls))))
        for wire in wires.values():
            stack.push_async_callback(wire.mend)  # so that the service ends as it would
        yield Outage(app, app.state.platform, TokenMint(app.state.platform.keys), wires)


class OutageTests:
    """Part of `SurfaceTests`. `bodies` has a valid body for a route whose schema does not say enough to make one, and
    `values` a valid one for such a parameter.

    `without_database` are the routes that need no database to answer.
    """

    makers: ClassVar[Mapping[str, Maker]] = {}
    bodies: ClassVar[Mapping[Route, Any]] = {}
    values: ClassVar[Mapping[str, str]] = {}
    without_database: ClassVar[frozenset[Route]] = frozenset()

    @pytest.mark.parametrize("dependency", ["valkey", "nats"])
    async def test_every_route_goes_on_without(
        self, dependency: str, platform: Platform, settings: ServiceSettings, unit_under_test: ServiceUnderTest
    ) -> None:
        async with outage(unit_under_test, settings) as found:
            usual = {call.route: await found.ask(call) async for call in self._calls(found, platform, unit_under_test)}
            await found.wires[dependency].cut()
            async for call in self._calls(found, platform, unit_under_test):
                outcome = await found.ask(call)
                assert outcome.status == usual[call.route].status, f"{call.route}: {outcome}"
        assert all(outcome.status < 500 for outcome in usual.values())

    async def test_every_route_is_unavailable_without_the_database(
        self, platform: Platform, settings: ServiceSettings, unit_under_test: ServiceUnderTest
    ) -> None:
        answered = set()
        async with outage(unit_under_test, settings) as found:
            await found.wires["valkey"].cut()  # it may have an answer that another test has cached
            await found.wires["postgres"].cut()
            async for call in self._calls(found, platform, unit_under_test):
                if not (await found.ask(call)).is_unavailable(call.route):
                    answered.add(call.route)
        assert answered == self.without_database, answered ^ self.without_database

    async def test_no_route_fails_when_its_commit_is_lost(
        self, platform: Platform, settings: ServiceSettings, unit_under_test: ServiceUnderTest
    ) -> None:
        lost = set()
        async with outage(unit_under_test, settings) as found:
            found.wires["postgres"].cut_at = b"COMMIT"
            async for call in self._calls(found, platform, unit_under_test):
                if (await found.ask(call)).is_unavailable(call.route):
                    lost.add(call.route)
        assert any(method != "GET" for method, _ in lost), "no write reached its commit"

    def _calls(self, found: Outage, platform: Platform, unit: ServiceUnderTest) -> AsyncGenerator[Call]:
        return calls(found.app, platform, unit, makers=self.makers, bodies=self.bodies, values=self.values)
