"""A deleted company leaves nothing behind, its neighbours lose nothing, and nothing of it comes back."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import ClassVar
from uuid import UUID

import pytest
from prometheus_client import Counter

from etter_common import metrics
from etter_common.context import Context
from etter_common.events import dead_letters, erasure, erasures, streams
from etter_common.events.consumer import consumers, on
from etter_common.events.contracts.auth import CompanyDeleted
from etter_common.events.envelope import Event, EventPayload
from etter_common.events.relay import relay
from etter_common.events.retry import RetryPolicy
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.backbone import Backbone, Base, Effect, ProbeJob, StepTaken, step, until


class Erased(EventPayload):
    type: ClassVar[str] = "probe.company.erased.v1"

    company_id: UUID
    rows: int


async def note(ctx: Context, event: Event) -> None:
    ctx.session.add(Effect(company_id=ctx.company_id, subject=str(event.aggregate_id), note="heard"))


async def nothing_else(ctx: Context) -> None:
    """There is nothing outside of the database."""


async def fill(platform: Platform, company_id: UUID, effects: int = 2) -> None:
    async with platform.work(company_id=company_id) as ctx:
        ctx.session.add_all([Effect(company_id=company_id, subject="s", note="n") for _ in range(effects)])
        ctx.session.add(ProbeJob(id=new_id(), company_id=company_id))


async def delete_company(platform: Platform, company_id: UUID) -> None:
    """As auth does."""
    await erasures.confirm(platform.nats, company_id)
    await announce(platform, company_id)


async def announce(platform: Platform, company_id: UUID) -> None:
    event = Event.of(CompanyDeleted(company_id=company_id), company_id=company_id, aggregate_id=company_id)
    await platform.nats.jetstream().publish(event.subject, event.body(), headers=event.headers())


async def left(backbone: Backbone, company_id: UUID) -> int:
    query = "SELECT 1 FROM effects WHERE company_id = $1 UNION ALL SELECT 1 FROM probe_jobs WHERE company_id = $1"
    return len(await backbone.fetch(query, company_id))


def receipt_of(platform: Platform, company_id: UUID) -> Callable[[], Awaitable[bool]]:
    async def is_there() -> bool:
        return await receipt(platform, company_id) is not None

    return is_there


async def receipt(platform: Platform, company_id: UUID) -> Erased | None:
    subject = f"etter.{Erased.type}.{company_id}.{company_id}"
    try:
        raw = await platform.nats.jetstream().get_last_msg(streams.EVENTS, subject)
    except Exception:  # there is none yet
        return None
    return Erased.model_validate_json(raw.data or b"")


@asynccontextmanager
async def reading(
    platform: Platform, also: Callable[[Context], Awaitable[None]] = nothing_else
) -> AsyncGenerator[None]:
    await streams.ensure(platform)
    subscriptions = (on(StepTaken, note), erasure.on_company_deleted(Base.metadata, Erased, also=also))
    policy = RetryPolicy(tries=4, first_s=0.05, factor=1.0)
    async with relay(platform), consumers(*subscriptions, policy=policy)(platform):
        yield


class TestOnCompanyDeleted:
    async def test_all_its_rows_go_and_the_receipt_counts_them(
        self, backbone: Backbone, platform: Platform, company_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(erasure, "BATCH", 3)
        neighbour = new_id()
        await fill(platform, company_id, effects=7)
        await fill(platform, neighbour)
        await backbone.fetch(
            "INSERT INTO idempotency_keys (company_id, user_id, key, fingerprint) VALUES ($1, $2, 'k', '')",
            company_id, new_id(),
        )  # fmt: skip
        async with reading(platform):
            await delete_company(platform, company_id)
            await until(receipt_of(platform, company_id))
        assert await receipt(platform, company_id) == Erased(company_id=company_id, rows=9)
        assert (await left(backbone, company_id), await left(backbone, neighbour)) == (0, 3)
        assert await backbone.fetch("SELECT 1 FROM idempotency_keys") == []

    async def test_what_cannot_be_deleted_yet_is_tried_again_and_answered_once(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        tries = 0

        async def stumble(_ctx: Context) -> None:
            nonlocal tries
            tries += 1
            if tries < 3:
                raise OSError("the disk is busy")

        await fill(platform, company_id)
        async with reading(platform, stumble):
            await delete_company(platform, company_id)
            await until(receipt_of(platform, company_id))
        assert tries == 3
        assert await receipt(platform, company_id) == Erased(company_id=company_id, rows=3)
        assert await dead_letters.list_letters(platform.nats) == []

    async def test_an_event_that_comes_later_is_not_handled(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        late, other = step(new_id(), 1, company_id), step(new_id(), 1, new_id())
        async with reading(platform):
            await delete_company(platform, company_id)
            await until(receipt_of(platform, company_id))
            for event in (late, other):
                await platform.nats.jetstream().publish(event.subject, event.body(), headers=event.headers())
            await until(lambda: _all_is_read(platform))
        rows = await backbone.fetch("SELECT company_id FROM effects")
        assert [row[0] for row in rows] == [other.company_id]


class TestUnconfirmed:
    async def test_an_event_that_auth_does_not_confirm_erases_nothing_and_is_reported(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        await fill(platform, company_id)
        refused = value(metrics.ERASURES_REFUSED)
        async with reading(platform):
            await announce(platform, company_id)
            await until(lambda: _is_buried(platform))
        assert await left(backbone, company_id) == 3
        assert value(metrics.ERASURES_REFUSED) == refused + 4
        [letter] = await dead_letters.list_letters(platform.nats)
        assert letter.reason == f"NotConfirmed: auth does not confirm the end of company {company_id}"
        assert await receipt(platform, company_id) is None

    async def test_a_word_that_comes_after_the_event_still_counts(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        await fill(platform, company_id)
        async with reading(platform):
            await announce(platform, company_id)
            await until(lambda: _is_buried(platform))
            await erasures.confirm(platform.nats, company_id)
            [letter] = await dead_letters.list_letters(platform.nats)
            await dead_letters.replay(platform.nats, letter.sequence)
            await until(receipt_of(platform, company_id))
        assert await left(backbone, company_id) == 0


class TestUpkeep:
    async def test_what_a_request_under_way_still_wrote_is_deleted_later(
        self, backbone: Backbone, platform: Platform, company_id: UUID
    ) -> None:
        neighbour = new_id()
        async with reading(platform):
            await delete_company(platform, company_id)
            await until(receipt_of(platform, company_id))
        await fill(platform, company_id)
        await fill(platform, neighbour)
        async with reading(platform):  # a reader's first look, and then each hour's
            await until(lambda: _none_left(backbone, company_id))
        assert await left(backbone, neighbour) == 3


def value(counter: Counter) -> float:
    [sample] = [one for one in next(iter(counter.collect())).samples if one.name.endswith("_total")]
    return sample.value


async def _is_buried(platform: Platform) -> bool:
    return len(await dead_letters.list_letters(platform.nats)) == 1


async def _none_left(backbone: Backbone, company_id: UUID) -> bool:
    return await left(backbone, company_id) == 0


async def _all_is_read(platform: Platform) -> bool:
    info = await platform.nats.jetstream().consumer_info(streams.EVENTS, "probe")
    return not info.num_pending and not info.num_ack_pending
