"""A bucket as it is at the moment."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

import msgspec
import pytest
from nats.errors import Error as NatsError

from etter_common import api_keys
from etter_common.api_keys import ApiKeys
from etter_common.buckets import bucket, entries
from etter_common.clock import monotonic
from etter_common.errors import AppError, Unauthenticated, VerificationUnavailable
from etter_common.freshness import Freshness
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.backbone import backbone, until
from etter_common.testing.client import Caller, plant_key
from etter_common.testing.plugin import Servers
from etter_common.watch import PROBE_S, BucketWatch


class TestEntries:
    async def test_of_a_new_bucket_none(self, platform: Platform) -> None:
        assert await entries(await bucket(platform.nats, f"probe-{new_id()}")) == {}

    async def test_all_of_them_however_many_and_at_once(self, platform: Platform) -> None:
        store = await bucket(platform.nats, f"probe-{new_id()}")
        for count in (1, 2, 400):
            for number in range(count):
                await store.put(f"k{number}", b"%d" % count)
            found = await entries(store)
            assert {key: entry.value for key, entry in found.items()} == {f"k{n}": b"%d" % count for n in range(count)}

    async def test_without_what_was_deleted_last(self, platform: Platform) -> None:
        store = await bucket(platform.nats, f"probe-{new_id()}")
        for key in ("a", "b"):
            await store.put(key, b"1")
        await store.delete("b")
        assert set(await entries(store)) == {"a"}
        await store.delete("a")
        assert await entries(store) == {}


@dataclass
class Heard:
    """A sink that notes what comes, and a key that another process writes."""

    platform: Platform
    name: str
    sink: Noted

    async def write(self, value: str) -> None:
        """Through the writer's own retries: a server that has just come back may still be reading its files."""

        async def is_written() -> bool:
            with suppress(NatsError, TimeoutError):
                await (await bucket(self.platform.nats, self.name)).put("key", value.encode())
                return True
            return False

        await until(is_written)

    async def hears(self, value: str) -> None:
        async def is_heard() -> bool:
            return self.sink.entries.get("key") == value.encode()

        await until(is_heard)

    async def is_confirmed(self) -> None:
        """It is proven complete as of a moment after this call."""
        called_at = monotonic()

        async def is_fresh() -> bool:
            return self.sink.freshness.age_s < monotonic() - called_at

        await until(is_fresh)


class Noted:
    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}
        self.freshness = Freshness()

    def put(self, key: str, value: bytes) -> None:
        self.entries[key] = value


@asynccontextmanager
async def heard(platform: Platform) -> AsyncGenerator[Heard]:
    name, sink = f"probe-{new_id()}", Noted()
    watch = BucketWatch(platform.nats, name, sink)
    await watch.start()
    try:
        yield Heard(platform, name, sink)
    finally:
        await watch.close()


class TestBucketWatch:
    async def test_silence_is_proven_to_be_no_loss(self, platform: Platform) -> None:
        async with heard(platform) as here:
            await here.is_confirmed()
            await here.write("1")
            await here.hears("1")
            await here.is_confirmed()
            await here.is_confirmed()

    async def test_entries_that_are_gone_are_not_waited_for(self, platform: Platform) -> None:
        """Expired or purged: the bucket's last number stays, though nothing with it is there any more."""
        name, sink = f"probe-{new_id()}", Noted()
        store = await bucket(platform.nats, name)
        await store.put("key", b"1")
        await platform.nats.jetstream().purge_stream(f"KV_{name}")
        watch = BucketWatch(platform.nats, name, sink)
        await watch.start()
        await watch.loaded.wait()
        await Heard(platform, name, sink).is_confirmed()
        await watch.close()
        assert sink.entries == {}

    @pytest.mark.parametrize("loss", ["consumers", "entries", "bucket"])
    async def test_what_comes_after_a_loss_is_heard(self, platform: Platform, loss: str) -> None:
        js = platform.nats.jetstream()
        async with heard(platform) as here:
            await here.write("1")
            await here.hears("1")
            stream = f"KV_{here.name}"
            if loss == "consumers":  # ordered ones are kept in memory by one server
                for consumer in await js.consumers_info(stream):
                    await js.delete_consumer(stream, consumer.name)
            elif loss == "entries":
                await js.purge_stream(stream)
            else:
                await js.delete_stream(stream)
            await here.write("2")
            await here.hears("2")
            await here.is_confirmed()
            assert here.sink.entries == {"key": b"2"}

    async def test_a_killed_server_is_heard_again(self, servers: Servers, worker: str) -> None:
        async with backbone(servers, worker) as own, own.platform() as platform, heard(platform) as here:
            await here.write("1")
            await here.hears("1")
            await own.kill_nats()
            await own.start_nats()
            await here.write("2")
            await here.hears("2")
            await here.is_confirmed()

    async def test_a_hung_server_ages_what_is_known_until_it_goes_on(self, servers: Servers, worker: str) -> None:
        async with backbone(servers, worker) as own, own.platform() as platform, heard(platform) as here:
            await here.write("1")
            await here.hears("1")
            own.hang_nats()
            assert platform.nats.is_connected, "the connection shows nothing"
            here.sink.freshness.max_age_s = 2 * PROBE_S

            async def is_old() -> bool:
                return not here.sink.freshness.is_current

            await until(is_old)
            own.resume_nats()
            await here.write("2")
            await here.hears("2")
            await here.is_confirmed()
            assert here.sink.freshness.is_current


class TestTrust:
    """Of a service that hears nothing: what it knows counts for a stated time, then 503 and never a yes."""

    async def test_an_api_key_counts_so_long_and_no_longer(self, servers: Servers, worker: str) -> None:
        told, key_id = ApiKeys(), new_id()
        key = plant_key(told, Caller(new_id(), new_id(), "viewer"), key_id=key_id)
        header = f"Bearer {key}".encode()
        async with backbone(servers, worker) as own:
            own.settings = own.settings.model_copy(update={"api_keys_max_age_s": 2 * PROBE_S})
            async with own.platform() as platform:
                store = await bucket(platform.nats, api_keys.BUCKET)
                await store.put(str(key_id), msgspec.json.encode(told.get(str(key_id))))

                async def counts() -> bool:
                    with suppress(AppError):
                        return platform.tokens.verify(key).key_id == key_id
                    return False

                async def does_not() -> bool:
                    return not await counts()

                await until(counts)
                own.hang_nats()
                assert platform.tokens.known(header)
                await until(does_not)
                with pytest.raises(VerificationUnavailable) as refused:
                    platform.tokens.verify(key)
                assert (refused.value.status, refused.value.headers) == (503, {"Retry-After": "2"})
                assert platform.tokens.known(header) is None
                own.resume_nats()
                await until(counts)
                assert platform.tokens.known(header)
                own.hang_nats()
                await until(does_not)
                own.resume_nats()
                await store.put(str(key_id), api_keys.REVOKED)

                async def is_refused() -> bool:
                    with suppress(VerificationUnavailable):
                        try:
                            platform.tokens.verify(key)
                        except Unauthenticated:
                            return True
                    return False

                await until(is_refused)

    async def test_what_is_known_counts_while_nats_is_away(self, servers: Servers, worker: str) -> None:
        told, key_id = ApiKeys(), new_id()
        key = plant_key(told, Caller(new_id(), new_id(), "viewer"), key_id=key_id)
        async with backbone(servers, worker) as own, own.platform() as platform:
            store = await bucket(platform.nats, api_keys.BUCKET)
            await store.put(str(key_id), msgspec.json.encode(told.get(str(key_id))))

            async def is_known() -> bool:
                return platform.api_keys.get(str(key_id)) is not None

            await until(is_known)
            await own.kill_nats()
            assert platform.tokens.verify(key).key_id == key_id
            assert platform.tokens.known(f"Bearer {key}".encode())
