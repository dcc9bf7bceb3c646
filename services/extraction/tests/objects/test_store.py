"""What every object store promises, on a folder and on a real S3 server."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from etter_common.ids import new_id
from etter_extraction.objects.folder import FolderStore
from etter_extraction.objects.s3 import PART
from etter_extraction.objects.store import ObjectMissing, ObjectStore

from .conftest import BUCKET, S3Server, running

MIB = 1024 * 1024


async def pieces(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def repeated(chunk: bytes, times: int) -> AsyncIterator[bytes]:
    for _ in range(times):
        yield chunk


async def broken_after(times: int) -> AsyncIterator[bytes]:
    async for chunk in repeated(b"x" * MIB, times):
        yield chunk
    raise ValueError("the client has gone")


async def content(store: ObjectStore, company_id: UUID, key: UUID) -> bytes:
    return b"".join([chunk async for chunk in await store.read(company_id, key)])


async def keys(store: ObjectStore, company_id: UUID) -> set[str]:
    return {key async for key in store.keys(company_id)}


class StoreContract:
    """Promises of `ObjectStore`; a subclass says by a fixture `store` of which."""

    async def test_it_can_be_used(self, store: ObjectStore) -> None:
        await store.check()

    @pytest.mark.parametrize("chunks", [(), (b"",), (b"one", b"two"), (b"x" * MIB,)])
    async def test_what_was_put_is_read(self, store: ObjectStore, chunks: tuple[bytes, ...]) -> None:
        company, key = new_id(), new_id()
        await store.put(company, key, pieces(*chunks))
        assert await content(store, company, key) == b"".join(chunks)

    @pytest.mark.parametrize("size", [PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 1])
    async def test_sizes_about_a_part(self, store: ObjectStore, size: int) -> None:
        company, key = new_id(), new_id()
        body = bytes(range(256)) * (size // 256) + b"y" * (size % 256)
        await store.put(company, key, pieces(body[: size // 3], body[size // 3 :]))
        assert await content(store, company, key) == body

    async def test_a_large_object_flows(self, store: ObjectStore) -> None:
        company, key = new_id(), new_id()
        tracemalloc.start()
        try:
            await store.put(company, key, repeated(b"z" * MIB, 40))
            size = sum([len(chunk) async for chunk in await store.read(company, key)])
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert (size, peak < 8 * MIB) == (40 * MIB, True), peak

    @pytest.mark.parametrize("sent", [0, 1, 12], ids=["nothing", "little", "several parts"])
    async def test_a_put_that_is_broken_off_leaves_nothing(self, store: ObjectStore, sent: int) -> None:
        company, key = new_id(), new_id()
        with pytest.raises(ValueError, match="the client has gone"):
            await store.put(company, key, broken_after(sent))
        assert await keys(store, company) == set()
        with pytest.raises(ObjectMissing):
            await store.read(company, key)

    async def test_nothing_is_seen_before_the_end(self, store: ObjectStore) -> None:
        company, key = new_id(), new_id()
        seen: list[set[str]] = []

        async def watched() -> AsyncIterator[bytes]:
            async for chunk in repeated(b"x" * MIB, 12):
                seen.append(await keys(store, company))
                yield chunk

        await store.put(company, key, watched())
        assert (seen, await keys(store, company)) == ([set()] * 12, {str(key)})

    async def test_a_put_replaces_the_whole_object(self, store: ObjectStore) -> None:
        company, key = new_id(), new_id()
        await store.put(company, key, pieces(b"long before"))
        await store.put(company, key, pieces(b"short"))
        assert await content(store, company, key) == b"short"

    async def test_what_is_not_there_is_missing(self, store: ObjectStore) -> None:
        company, key = new_id(), new_id()
        with pytest.raises(ObjectMissing):
            await store.read(company, key)
        with pytest.raises(ObjectMissing):
            async with store.local(company, key):
                pass
        await store.delete(company, key)
        await store.delete_all(company)
        assert await keys(store, company) == set()

    async def test_local_is_a_file_with_the_content(self, store: ObjectStore) -> None:
        company, key = new_id(), new_id()
        await store.put(company, key, repeated(b"q" * MIB, 6))
        async with store.local(company, key) as path:
            assert path.read_bytes() == b"q" * 6 * MIB

    async def test_delete_takes_one(self, store: ObjectStore) -> None:
        company, kept, gone = new_id(), new_id(), new_id()
        for key in (kept, gone):
            await store.put(company, key, pieces(b"x"))
        await store.delete(company, gone)
        assert await keys(store, company) == {str(kept)}

    async def test_delete_all_takes_one_companys(self, store: ObjectStore) -> None:
        company, neighbour = new_id(), new_id()
        for owner in (company, company, company, neighbour):
            await store.put(owner, new_id(), pieces(b"x"))
        await store.delete_all(company)
        assert (await keys(store, company), len(await keys(store, neighbour))) == (set(), 1)

    async def test_a_company_sees_its_own(self, store: ObjectStore) -> None:
        company, neighbour, key = new_id(), new_id(), new_id()
        await store.put(company, key, pieces(b"secret"))
        with pytest.raises(ObjectMissing):
            await store.read(neighbour, key)


class TestFolderStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> ObjectStore:
        return FolderStore(tmp_path)


class TestS3Store(StoreContract):
    @pytest.fixture
    def store(self, s3: S3Server) -> ObjectStore:
        return s3.store("some/prefix")

    async def test_more_than_one_request_can_delete_goes_too(self, tmp_path: Path) -> None:
        company = new_id()
        folder = tmp_path / "buckets" / BUCKET / str(company)
        folder.mkdir(parents=True)
        for number in range(1100):
            (folder / f"{number}").write_bytes(b"x")
        async with running(tmp_path) as server:
            store = server.store()
            assert len(await keys(store, company)) == 1100
            await store.delete_all(company)
            assert await keys(store, company) == set()

    async def test_prefixes_are_kept_apart(self, s3: S3Server) -> None:
        company, key = new_id(), new_id()
        await s3.store("one").put(company, key, pieces(b"x"))
        assert await keys(s3.store("two"), company) == set()
        await s3.store("two").delete_all(company)
        assert await keys(s3.store("one"), company) == {str(key)}
