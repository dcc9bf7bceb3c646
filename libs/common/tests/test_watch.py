"""A bucket as it is at the moment."""

from __future__ import annotations

import msgspec

from etter_common import api_keys
from etter_common.api_keys import ApiKeys
from etter_common.buckets import bucket, entries
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.testing.backbone import backbone, until
from etter_common.testing.client import Caller, plant_key
from etter_common.testing.plugin import Servers


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


class TestBucketWatch:
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
