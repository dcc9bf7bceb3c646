"""Documents of every kind are read in the confined child, and a worker that cannot confine one does not start."""

from __future__ import annotations

import asyncio
from datetime import date
from pathlib import Path

import pytest
from pptx import Presentation

from etter_common.platform import Platform
from etter_extraction import metrics, sandbox
from etter_extraction.answering import Answer, Request
from etter_extraction.confinement import Held
from etter_extraction.parsing.detection import detect


def confined(what: str) -> float:
    return float(metrics.CONFINED.labels(what)._value.get())


async def read(path: Path) -> Answer:
    with path.open("rb") as file:
        kind = detect(path.name, file.read(4096))
    return await sandbox.extract(path, kind, path.name, Request(date(2026, 6, 1)))


class TestExtract:
    async def test_an_example_of_every_kind_is_read(self, repository_root: Path) -> None:
        examples = {path.suffix: path for path in sorted((repository_root / "examples/brightwater").iterdir())}
        answers = await asyncio.gather(*map(read, examples.values()))
        assert set(examples) == {".pdf", ".docx", ".xlsx", ".csv", ".txt", ".html"}
        assert all(answer.facts for answer in answers)

    async def test_slides_are_read(self, tmp_path: Path) -> None:
        deck = Presentation()
        deck.slides.add_slide(deck.slide_layouts[0]).shapes.title.text = "Job title: Ledger Clerk"
        deck.save(str(tmp_path / "deck.pptx"))
        assert "Ledger Clerk" in (await read(tmp_path / "deck.pptx")).pages[0].text


class TestConfined:
    async def test_what_holds_is_tried_and_measured(self, platform: Platform) -> None:
        held = await sandbox.confinement()
        async with sandbox.confined(platform):
            assert (confined("network"), confined("files")) == (held.network, held.files)
        assert held.network

    async def test_without_landlock_the_worker_starts_and_says_so(
        self, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        holding(monkeypatch, Held(network=True, files=False))
        async with sandbox.confined(platform):
            assert (confined("network"), confined("files")) == (1, 0)

    async def test_with_a_network_the_worker_does_not_start(
        self, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.platform", "linux")
        holding(monkeypatch, Held(network=False, files=False))
        with pytest.raises(SystemExit, match="cannot be kept from the network"):
            async with sandbox.confined(platform):
                pass


def holding(monkeypatch: pytest.MonkeyPatch, held: Held) -> None:
    async def confinement() -> Held:
        return held

    monkeypatch.setattr(sandbox, "confinement", confinement)
