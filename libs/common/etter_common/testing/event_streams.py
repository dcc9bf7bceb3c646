"""Whole-surface tests of routes that stream a job's events; part of `SurfaceTests`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import ClassVar, Final
from uuid import UUID

import msgspec
import pytest
from fastapi import FastAPI

from etter_common import api_keys, clock, metrics
from etter_common.auth import Principal
from etter_common.context import Context
from etter_common.freshness import Freshness
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.backbone import until
from etter_common.testing.client import Caller, CheckedClient, TokenMint, plant_key
from etter_common.testing.service import Clients, ServiceUnderTest

Maker = Callable[[Context], Awaitable[UUID | str]]
"""Makes one object of a kind in the context's company and gives its id."""

Ending = Callable[[Platform, Principal], AbstractContextManager[None]]
"""Takes from a reader what let them in."""


def streams(app: FastAPI, prefix: str) -> Iterator[str]:
    """The paths below the prefix whose GET streams events."""
    for path, item in app.openapi()["paths"].items():
        answers = item.get("get", {}).get("responses", {})
        if "text/event-stream" in answers.get("200", {}).get("content", {}):
            assert "204" in answers, path
            yield path.removeprefix(prefix)


@contextmanager
def session_ends(platform: Platform, reader: Principal) -> Iterator[None]:
    platform.revocations.put(f"session.{reader.session_id}", b"1")
    yield


@contextmanager
def token_expires(_platform: Platform, reader: Principal) -> Iterator[None]:
    """At its very second: the leeway of a new request is for clocks, not for streams."""
    clock.freeze(lambda: datetime.fromtimestamp(reader.expires_at, UTC))
    try:
        yield
    finally:
        clock.freeze(None)


@contextmanager
def signing_keys_are_too_old(platform: Platform, _reader: Principal) -> Iterator[None]:
    with _too_old(platform.keys.freshness):
        yield


@contextmanager
def key_is_revoked(platform: Platform, reader: Principal) -> Iterator[None]:
    platform.api_keys.put(str(reader.key_id), api_keys.REVOKED)
    yield


@contextmanager
def key_loses_the_permission(platform: Platform, reader: Principal) -> Iterator[None]:
    entry = platform.api_keys.get(str(reader.key_id))
    assert entry is not None
    changed = api_keys.Entry(entry.sha256, entry.company_id, entry.user_id, "nobody", entry.expires_at)
    platform.api_keys.put(str(reader.key_id), msgspec.json.encode(changed))
    yield


@contextmanager
def keys_are_too_old(platform: Platform, _reader: Principal) -> Iterator[None]:
    with _too_old(platform.api_keys.freshness):
        yield


@contextmanager
def _too_old(copy: Freshness) -> Iterator[None]:
    allowed, copy.max_age_s = copy.max_age_s, -1.0
    try:
        yield
    finally:
        copy.max_age_s = allowed


OF_A_KEY: Final[tuple[Ending, ...]] = (key_is_revoked, key_loses_the_permission, keys_are_too_old)
OF_A_TOKEN: Final[tuple[Ending, ...]] = (session_ends, token_expires, signing_keys_are_too_old)


class EventStreamTests:
    """`event_streams` are the paths that stream a job's events."""

    makers: ClassVar[Mapping[str, Maker]] = {}
    event_streams: ClassVar[frozenset[str]] = frozenset()

    async def test_an_event_stream_says_when_there_is_nothing_to_come(
        self, app: FastAPI, as_role: Clients, ctx: Context, unit_under_test: ServiceUnderTest
    ) -> None:
        """204 to who has seen the end: an EventSource would connect again after a 200, for ever."""
        assert set(streams(app, f"/api/{unit_under_test.name}/v1")) == self.event_streams
        client = as_role("super_admin")
        for path in await self._made(ctx):
            assert (await client.post(path.replace("/events", "/cancel"))).status_code == 202, path
            ended = await client.get(path)
            (last,) = re.findall(r"^id: (.+)$", ended.text, re.MULTILINE)
            again = await client.get(path, headers={"last-event-id": last})
            assert (again.status_code, again.content) == (204, b""), path
            attempt, _, moment = last.partition("-")
            for other in ("", "x", f"{attempt}-{int(moment) - 1}", f"{attempt}-{int(moment) + 1}"):
                missed = await client.get(path, headers={"last-event-id": other})
                assert (missed.status_code, missed.text) == (200, ended.text), f"{path} after {other}"

    @pytest.mark.parametrize("how", [*OF_A_TOKEN, *OF_A_KEY], ids=lambda how: how.__name__)
    async def test_an_event_stream_ends_with_what_let_its_reader_in(
        self, app: FastAPI, platform: Platform, mint: TokenMint, ctx: Context, monkeypatch: pytest.MonkeyPatch,
        unit_under_test: ServiceUnderTest, how: Ending,
    ) -> None:  # fmt: skip
        monkeypatch.setattr("etter_common.sse.PERMIT_CHECK_S", 0.02)
        for path in await self._made(ctx):
            caller = Caller(ctx.user_id, ctx.company_id, "super_admin")
            token = plant_key(platform.api_keys, caller) if how in OF_A_KEY else mint.token(caller, sid=str(new_id()))
            async with CheckedClient(app, prefix=f"/api/{unit_under_test.name}/v1", token=token) as client:
                following = asyncio.create_task(client.get(path))
                await _opened(following)
                with how(platform, platform.tokens.verify(token)):
                    async with asyncio.timeout(60):
                        answer = await following  # the job waits for ever: nothing else ends it
            assert (answer.status_code, "finished" in answer.text) == (200, False), path

    async def _made(self, ctx: Context) -> list[str]:
        """The paths of jobs that are there and that no worker takes."""
        made = {name: str(await maker(ctx)) for name, maker in self.makers.items()}
        await ctx.finish()
        return [path.format_map(made) for path in sorted(self.event_streams)]


async def _opened(following: asyncio.Task[object]) -> None:
    async def is_open() -> bool:
        return following.done() or _open_streams() > 0

    await until(is_open)


def _open_streams() -> float:
    return sum(sample.value for metric in metrics.SSE_STREAMS.collect() for sample in metric.samples)
