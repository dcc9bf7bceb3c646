"""A bucket as it is at the moment."""

from __future__ import annotations

from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.watch import bucket, entries


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
