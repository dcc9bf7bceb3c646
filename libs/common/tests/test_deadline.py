from __future__ import annotations

import asyncio
from typing import Any

import pytest

from etter_common.deadline import Deadlines
from etter_common.middleware import PlatformMiddleware
from etter_common.platform import Platform

FAR = 3600.0


class TestDeadlines:
    async def test_work_past_its_time_is_cancelled_and_knows_why(self) -> None:
        deadline = Deadlines(0.01).begin()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(FAR)
        assert deadline.caused()
        await asyncio.sleep(0)  # the cancellation was taken back

    async def test_somebody_elses_cancellation_is_not_its_own(self) -> None:
        async def work() -> bool:
            deadline = Deadlines(FAR).begin()
            try:
                await asyncio.sleep(FAR)
            except asyncio.CancelledError:
                return deadline.caused()
            return True

        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        task.cancel()
        assert await task is False

    async def test_work_that_has_ended_is_left_alone(self) -> None:
        deadlines = Deadlines(0.01)
        deadlines.begin().end()
        later = deadlines.begin()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(FAR)
        assert later.caused()

    async def test_nothing_is_kept_once_all_have_ended(self) -> None:
        deadlines = Deadlines(FAR)
        for _ in range(100):
            deadlines.begin().end()
        async with asyncio.timeout(10):
            while deadlines._queue:  # noqa: ASYNC110 - the timer looks by itself
                await asyncio.sleep(0.01)
        assert deadlines._timer is None


class TestRequests:
    async def test_one_that_takes_too_long_is_told_so(self, platform: Platform) -> None:
        async def never(_scope: Any, _receive: Any, _send: Any) -> None:
            await asyncio.sleep(FAR)

        settings = platform.settings.model_copy(update={"request_timeout_s": 0.01})
        sent = await ask(PlatformMiddleware(never, settings=settings, handlers={}))
        assert sent[0]["status"] == 504
        assert b"DEADLINE_EXCEEDED" in sent[1]["body"]

    async def test_a_stream_may_take_as_long_as_it_likes(self, platform: Platform) -> None:
        async def stream(_scope: Any, _receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"one", "more_body": True})
            await asyncio.sleep(0.3)
            await send({"type": "http.response.body", "body": b"two", "more_body": False})

        settings = platform.settings.model_copy(update={"request_timeout_s": 0.01})
        sent = await ask(PlatformMiddleware(stream, settings=settings, handlers={}))
        assert [message.get("body") for message in sent] == [None, b"one", b"two"]


async def ask(layer: PlatformMiddleware) -> list[dict[str, Any]]:
    """What goes out for a GET."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": "/slow",
        "query_string": b"",
        "headers": [],
        "client": None,
    }
    await layer(scope, receive, send)
    return sent
