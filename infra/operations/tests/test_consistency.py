"""After a restore to one moment every event has its effect once, and nothing that came later has any."""

from __future__ import annotations

from uuid import uuid4

from etter_common.context import Context
from etter_common.events.consumer import consumers, on
from etter_common.events.envelope import Event
from etter_common.events.relay import relay
from etter_common.platform import Platform, open_platform
from etter_common.testing.backbone import Backbone, Effect, StepTaken, backbone, step, until
from etter_common.testing.plugin import Servers
from etter_devstack.servers.postgres import Postgres
from etter_devstack.servers.process import Process

from .conftest import Restore, run

COMPANY, DOOR = uuid4(), uuid4()


async def note(ctx: Context, event: Event) -> None:
    assert isinstance(event.payload, StepTaken)
    row = Effect(subject=str(event.aggregate_id), note=str(event.payload.number))
    row.company_id = ctx.company_id
    ctx.session.add(row)


async def take(platform: Platform, number: int) -> None:
    async with platform.work(company_id=COMPANY) as ctx:
        await ctx.publish(step(DOOR, number, COMPANY))


async def published(probe: Backbone) -> None:
    async def check() -> bool:
        return not await probe.fetch("SELECT FROM outbox")

    await until(check)


async def handled(probe: Backbone, *numbers: int) -> None:
    async def check() -> bool:
        return await probe.notes() == [str(number) for number in numbers]

    await until(check)


async def all_of_it_is_in_the_log(probe: Backbone) -> None:
    (where,) = await probe.fetch("SELECT pg_current_wal_flush_lsn()::text AS lsn")

    async def check() -> bool:
        query = "SELECT FROM pg_stat_replication WHERE flush_lsn >= $1::text::pg_lsn"
        return bool(await probe.fetch(query, where["lsn"]))

    await until(check)


async def live_through_it(probe: Backbone, back_up: list[str]) -> str:
    """Step 1 before the backup, 2 before the moment; 3 published before and handled after; 4 all after."""
    reading = consumers(on(StepTaken, note))
    async with probe.platform() as platform, relay(platform):
        async with reading(platform):
            await take(platform, 1)
            await handled(probe, 1)
            run("backup", "run", *back_up)
            await take(platform, 2)
            await handled(probe, 1, 2)
        await take(platform, 3)
        await published(probe)
        (moment,) = await probe.fetch("SELECT clock_timestamp()::text AS now")
        async with reading(platform):
            await take(platform, 4)
            await handled(probe, 1, 2, 3, 4)
    await all_of_it_is_in_the_log(probe)
    return str(moment["now"])


async def test_each_event_before_the_moment_acts_once_and_none_after_it(
    server: Postgres, servers: Servers, place: list[str], log: Process, restored: Restore
) -> None:
    async with backbone(Servers(server.dsn, servers.redis_url, ""), "restore") as probe:
        moment = await live_through_it(probe, [*place, "--form", "base"])
        log.stop()
        with restored("moment", "--time", moment) as other:
            await go_on(probe, server, other, place[2:4])


async def go_on(probe: Backbone, old: Postgres, new: Postgres, binaries: list[str]) -> None:
    settings = probe.settings.model_copy(
        update={"database_url": probe.settings.database_url.replace(f":{old.port}/", f":{new.port}/")}
    )
    probe.owner_dsn = probe.owner_dsn.replace(f":{old.port}/", f":{new.port}/")

    async def recovered() -> bool:
        return not (await probe.fetch("SELECT pg_is_in_recovery() AS still"))[0]["still"]

    await until(recovered)
    assert await probe.notes() == ["1", "2"]
    said = run("restore", "nats", "--nats", probe.nats.url, "--postgres", new.dsn, *binaries)
    assert "1 later messages taken out" in said
    async with open_platform(settings) as platform, relay(platform), consumers(on(StepTaken, note))(platform):
        await handled(probe, 1, 2, 3)
        await take(platform, 5)
        await handled(probe, 1, 2, 3, 5)
