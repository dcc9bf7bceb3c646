"""A company's documents go into its archive, from the store."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient
from etter_common.testing.export import exported
from etter_extraction import objects
from etter_extraction.export import EXPORT
from etter_extraction.settings import ExtractionSettings

from .factories import JOB_TEXT, upload

pytestmark = pytest.mark.principal("analyst")


class TestExport:
    async def test_files_are_in_it_and_the_lost_are_named(
        self, client: CheckedClient, platform: Platform, settings: ExtractionSettings, company_id: UUID
    ) -> None:
        kept, lost = await upload(client), await upload(client, b"another", "lost one.txt")
        await objects.of(platform).delete(company_id, UUID(lost["id"]))
        manifest, members = await exported(replace(EXPORT, settings=lambda: settings), company_id)
        assert members[f"documents/{kept['id']}/clerk.txt"] == JOB_TEXT
        assert [name for name in members if name.startswith("documents/")] == [f"documents/{kept['id']}/clerk.txt"]
        assert manifest["files"] == {"count": 1, "bytes": len(JOB_TEXT), "missing": [lost["id"]], "damaged": []}
        assert manifest["tables"]["documents"]["rows"] == 2
