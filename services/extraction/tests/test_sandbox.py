"""Documents of every kind are read in the confined child, and a worker that cannot confine one does not start."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pptx import Presentation

from etter_common.platform import Platform
from etter_extraction import metrics, sandbox
from etter_extraction.answering import Answer, Request
from etter_extraction.confinement import Held
from etter_extraction.parsing.detection import detect
from etter_extraction.parsing.errors import DocumentOutOfMemory, DocumentTimeout

from .factories import JOB_TEXT

SPINNING = b"""%PDF-1.4
1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj
2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj
3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /XObject << /X 5 0 R >> >> >>
endobj
4 0 obj << /Length 5 >> stream
/X Do
endstream endobj
5 0 obj << /Type /XObject /Subtype /Form /BBox [0 0 612 792] /Resources << /XObject << /X 5 0 R >> >> /Length 11 >>
stream
/X Do /X Do
endstream endobj
trailer << /Root 1 0 R /Size 6 >>
%%EOF
"""


def confined(what: str) -> float:
    return float(metrics.CONFINED.labels(what)._value.get())


async def read(path: Path, wall_s: float = 60.0) -> Answer:
    with path.open("rb") as file:
        kind = detect(path.name, file.read(4096))
    return await sandbox.extract(path, kind, path.name, Request(date(2026, 6, 1)), wall_s=wall_s)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "clerk.txt"
    path.write_bytes(JOB_TEXT)
    return path


@pytest.fixture
def spinning(tmp_path: Path) -> Path:
    """A PDF whose form object calls itself twice: PDFium computes until a limit."""
    path = tmp_path / "spinning.pdf"
    path.write_bytes(SPINNING)
    return path


def children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


async def until(found: Callable[[], int | None]) -> int:
    """Poll: nothing announces what another process does."""
    async with asyncio.timeout(30):
        while (result := found()) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return result


async def gone(pid: int) -> None:
    await until(lambda: 1 if is_zombie(pid) else None)


def is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


async def busy_zygote() -> int:
    return await until(lambda: next((z.pid for z in sandbox._zygotes.values() if children(z.pid)), None))


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


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks readers")
class TestZygote:
    async def test_children_of_one_process_read_side_by_side(self, text: Path) -> None:
        await read(text)
        before = sandbox._zygote("text").pid
        answers = await asyncio.gather(*(read(text) for _ in range(8)))
        assert sandbox._zygote("text").pid == before
        assert len(os.listdir(f"/proc/{before}/task")) == 1
        assert len({answer.pages[0].text for answer in answers}) == 1

    async def test_one_that_died_is_replaced(self, text: Path) -> None:
        await read(text)
        before = sandbox._zygote("text").pid
        os.kill(before, signal.SIGKILL)
        assert (await read(text)).facts
        assert sandbox._zygote("text").pid != before

    async def test_one_that_dies_under_a_document_takes_its_children_along(self, spinning: Path, text: Path) -> None:
        reading = asyncio.create_task(read(spinning))
        zygote = await busy_zygote()
        (child,) = children(zygote)
        os.kill(zygote, signal.SIGKILL)
        await gone(child)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert (await read(text)).facts

    async def test_a_killed_child_is_an_error_and_no_wait(self, spinning: Path) -> None:
        reading = asyncio.create_task(read(spinning))
        (child,) = children(await busy_zygote())
        os.kill(child, signal.SIGKILL)
        with pytest.raises(DocumentOutOfMemory):
            await reading

    async def test_past_the_wall_clock_the_child_is_killed(self, spinning: Path) -> None:
        reading = asyncio.create_task(read(spinning, wall_s=1))
        (child,) = children(await busy_zygote())
        with pytest.raises(DocumentTimeout):
            await reading
        await gone(child)

    async def test_a_cancelled_reading_kills_its_child(self, spinning: Path) -> None:
        reading = asyncio.create_task(read(spinning))
        (child,) = children(await busy_zygote())
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await gone(child)

    async def test_nothing_outlives_a_killed_worker(self, spinning: Path) -> None:
        script = (
            "import asyncio, sys; from datetime import date; from pathlib import Path\n"
            "from etter_extraction import sandbox; from etter_extraction.answering import Request\n"
            "asyncio.run(sandbox.extract(Path(sys.argv[1]), 'pdf', 'a.pdf', Request(date(2026, 6, 1))))"
        )
        worker = await asyncio.create_subprocess_exec(sys.executable, "-c", script, str(spinning))
        zygote = await until(lambda: next(iter(children(worker.pid)), None))
        child = await until(lambda: next(iter(children(zygote)), None))
        worker.kill()
        await worker.wait()
        await gone(zygote)
        await gone(child)


class TestFresh:
    async def test_other_systems_read_in_a_fresh_process(self, text: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("etter_extraction.sandbox.sys.platform", "darwin")
        assert (await read(text)).facts


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
