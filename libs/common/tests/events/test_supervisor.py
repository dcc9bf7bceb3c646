"""Background parts end when they are asked to, even where a library eats the cancellation."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from etter_common.events import supervisor
from etter_common.events.supervisor import honour_cancel, stop


async def test_a_part_whose_library_eats_the_cancellation_ends_at_its_next_turn() -> None:
    asleep = asyncio.Event()

    async def run() -> None:
        while True:
            with suppress(asyncio.CancelledError):  # what nats-py's flush does
                asleep.set()
                await asyncio.Event().wait()
            honour_cancel()

    task = asyncio.create_task(run())
    await asleep.wait()
    await stop(task)
    assert task.cancelled()


async def test_one_that_never_looks_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "INSIST_S", 0.01)
    asleep, eaten = asyncio.Event(), 0

    async def run() -> None:
        nonlocal eaten
        while True:
            try:
                asleep.set()
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                eaten += 1
                if eaten == 2:
                    raise

    task = asyncio.create_task(run())
    await asleep.wait()
    await stop(task)
    assert task.cancelled()
    assert eaten == 2


async def test_clean_up_is_waited_for_and_not_cut_off() -> None:
    asleep, cleaned = asyncio.Event(), False

    async def run() -> None:
        nonlocal cleaned
        try:
            asleep.set()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            cleaned = True

    task = asyncio.create_task(run())
    await asleep.wait()
    await stop(task, task)
    assert cleaned


async def test_a_timeout_around_is_no_end() -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(0.001):
            await asyncio.Event().wait()
    honour_cancel()
