"""A company's archive: one moment, one company, bounded memory, and no half of it taken for the whole."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import replace
from typing import Any, BinaryIO, cast
from uuid import UUID

import pytest

from etter_common import tenant_export
from etter_common.errors import NotFound, Unavailable
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.tenant_export import CompanyUnknown, Export, Files, Read, Row
from etter_common.testing.backbone import Backbone, Base, Effect, ProbeJob, backbone
from etter_common.testing.export import exported
from etter_common.testing.plugin import Servers

SHA_OF_HELLO = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


@pytest.fixture(scope="module", name="backbone")
async def backbone_fixture(servers: Servers, worker: str) -> AsyncIterator[Backbone]:
    async with backbone(servers, worker) as found:
        await found.fetch("CREATE TABLE alembic_version (version_num text)")
        await found.fetch("GRANT SELECT ON alembic_version TO PUBLIC")
        yield found


@pytest.fixture(scope="module")
async def platform(backbone: Backbone) -> AsyncIterator[Platform]:
    async with backbone.platform() as found:
        yield found


@pytest.fixture
def export(backbone: Backbone) -> Export:
    return Export("probe", lambda: backbone.settings, Base.metadata)


async def fill(platform: Platform, company_id: UUID, *notes: str) -> None:
    async with platform.work(company_id=company_id) as ctx:
        ctx.session.add_all([Effect(company_id=company_id, subject="s", note=note) for note in notes])


def lines(members: dict[str, bytes], name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in members[f"{name}.ndjson"].splitlines()]


class Sink(io.RawIOBase):
    """Drops what is written."""

    def writable(self) -> bool:
        return True

    def write(self, chunk: Any, /) -> int:  # Any: every buffer
        return len(chunk)


class TestWrite:
    async def test_rows_are_of_the_company_and_in_order(
        self, platform: Platform, company_id: UUID, export: Export
    ) -> None:
        await fill(platform, company_id, *(f"{n}" for n in range(2500)))
        await fill(platform, new_id(), "a neighbour's")
        manifest, members = await exported(export, company_id)
        assert sorted(int(row["note"]) for row in lines(members, "effects")) == list(range(2500))
        assert [row["id"] for row in lines(members, "effects")] == sorted(r["id"] for r in lines(members, "effects"))
        assert {name: part["rows"] for name, part in manifest["tables"].items()} == {"effects": 2500, "probe_jobs": 0}

    async def test_what_is_secret_stays_and_the_manifest_says_so(
        self, platform: Platform, company_id: UUID, export: Export
    ) -> None:
        await fill(platform, company_id, "the secret")
        manifest, members = await exported(replace(export, secret={"effects.note": "a reason"}), company_id)
        assert b"the secret" not in members["effects.ndjson"]
        assert lines(members, "effects")[0]["subject"] == "s"
        assert manifest["tables"]["effects"]["left_out"] == {"note": "a reason"}

    async def test_it_is_one_moment(
        self, platform: Platform, company_id: UUID, export: Export, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A row that comes while the first table is read is in none of the later ones."""
        await fill(platform, company_id, "before")
        plain = tenant_export._Writing._table

        async def table(self: Any, table: Any) -> Any:
            part = await plain(self, table)
            async with platform.work(company_id=company_id) as ctx:
                ctx.session.add(ProbeJob(id=new_id(), company_id=company_id))
                ctx.session.add(Effect(company_id=company_id, subject="s", note="during"))
            return part

        monkeypatch.setattr(tenant_export._Writing, "_table", table)
        manifest, _ = await exported(export, company_id)
        assert {name: part["rows"] for name, part in manifest["tables"].items()} == {"effects": 1, "probe_jobs": 0}

    async def test_large_rows_are_not_gathered(self, platform: Platform, company_id: UUID, export: Export) -> None:
        for _ in range(30):
            await fill(platform, company_id, "x" * 2_000_000)
        tracemalloc.start()
        try:
            await tenant_export.write(cast("BinaryIO", Sink()), export, company_id)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 30_000_000, peak

    async def test_an_unknown_company_is_told(self, platform: Platform, company_id: UUID, export: Export) -> None:
        await fill(platform, company_id, "of somebody else")
        rooted = replace(export, root="effects")
        with pytest.raises(CompanyUnknown):
            await tenant_export.write(io.BytesIO(), rooted, new_id())

    async def test_one_that_broke_off_is_no_archive(self, platform: Platform, company_id: UUID, export: Export) -> None:
        await fill(platform, company_id, "n")
        out = io.BytesIO()
        with pytest.raises(Unavailable):
            await tenant_export.write(out, replace(export, files=files({}, Unavailable)), company_id)
        with pytest.raises(zipfile.BadZipFile):
            zipfile.ZipFile(out)


class TestFiles:
    async def test_they_are_in_it_and_the_lost_are_named(
        self, platform: Platform, company_id: UUID, export: Export, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await fill(platform, company_id, "whole", "gone", "changed")
        ids = {row["note"]: row["id"] for row in lines((await exported(export, company_id))[1], "effects")}
        kept = {ids["whole"]: [b"he", b"llo"], ids["changed"]: [b"other"]}
        manifest, members = await exported(replace(export, files=files(kept, NotFound)), company_id)
        assert members[f"files/{ids['whole']}"] == b"hello"
        assert manifest["files"] == {
            "count": 2, "bytes": 10, "missing": [ids["gone"]], "damaged": [ids["changed"]],
        }  # fmt: skip


def files(kept: dict[str, list[bytes]], otherwise: type[Exception]) -> Files:
    """Of the rows in `kept`; reading any other raises."""

    async def opened(_settings: object) -> Read:
        async def read(_company: UUID, row: Row) -> AsyncIterable[bytes]:
            row["sha256"] = SHA_OF_HELLO
            if row["id"] not in kept:
                raise otherwise
            return chunks(kept[row["id"]])

        return read

    return Files("effects", lambda row: f"files/{row['id']}", opened)


async def chunks(parts: list[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
