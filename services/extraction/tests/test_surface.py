"""Whole-surface tests of extraction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from fastapi import FastAPI

from etter_common.platform import Platform
from etter_common.testing.calls import calls
from etter_common.testing.client import TokenMint
from etter_common.testing.service import ServiceUnderTest
from etter_common.testing.surface import Maker, SurfaceTests
from etter_extraction.export import EXPORT

from .factories import make_document, make_extraction, make_job


@contextmanager
def taken_away(folder: Path) -> Iterator[None]:
    aside = folder.rename(folder.with_name(f"{folder.name}.aside"))
    folder.touch()
    try:
        yield
    finally:
        folder.unlink()
        aside.rename(folder)


class TestSurface(SurfaceTests):
    export = EXPORT
    makers: ClassVar[dict[str, Maker]] = {
        "document_id": make_document,
        "job_id": make_job,
        "extraction_id": make_extraction,
        "fact_id": make_extraction,
    }
    bodies: ClassVar[dict[tuple[str, str], object]] = {
        ("PUT", "/extractions/{extraction_id}/mapping"): {"columns": {"Job title": "title"}}
    }
    wider: ClassVar[dict[str, str]] = {"uq_extractions_document_id": "one a document, whose id is ours"}
    unread: ClassVar[dict[str, str]] = {
        "/documents/{document_id}/extraction": "of a document that a worker has read",
        "/documents/{document_id}/text": "of a document that a worker has read",
    }
    event_streams = frozenset({"/extraction-jobs/{job_id}/events"})
    unmapped: ClassVar[dict[str, str]] = {
        "uq_extractions_document_id": "written by the worker, which is tried again",
        "fk_extractions_document_id_documents": "written by the worker, which is tried again",
    }

    async def test_every_route_without_the_object_store(
        self, app: FastAPI, platform: Platform, mint: TokenMint, unit_under_test: ServiceUnderTest, objects: Path
    ) -> None:
        """A file in the place of its folder refuses whatever is asked of it, also to root."""
        made = [call async for call in calls(app, platform, unit_under_test, makers=self.makers, bodies={}, values={})]
        with taken_away(objects):
            answers = [(call.route, await call.send(app, mint)) for call in made]
            report = await platform.health.report()
        unavailable = {route for route, answer in answers if answer.is_unavailable(route)}
        stored = "/documents/{document_id}"
        assert unavailable == {("POST", "/documents"), ("DELETE", stored), ("GET", f"{stored}/content")}
        assert report.checks["objects"].status == "down"
