"""Reading small PDFs in the sandbox next to the bare parser: `make bench k=extraction_speed`.

Three sides in turn in one run: PDFium's text alone, in a process forked for each file; our reader in the sandbox, with
limits and confinement; the same with its facts. Figures are medians of the rounds, a document at a time.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path

import pypdfium2
from fpdf import FPDF

from etter_extraction import sandbox
from etter_extraction.answering import Request

ROUNDS = 5
DOCUMENTS = 30
PAGES = 2
_LINE = "Advise managers on budgets, keep the ledger up to date and answer questions of suppliers by telephone."
_REQUEST = Request(date(2026, 6, 1))


def write(folder: Path) -> list[Path]:
    """Small documents as people write them: a title, headings, paragraphs and lists."""
    paths = []
    for number in range(DOCUMENTS):
        document = FPDF()
        for page in range(PAGES):
            document.add_page()
            document.set_font("Helvetica", "B", 16)
            document.multi_cell(0, 8, f"Senior Ledger Clerk {number}.{page}", new_x="LMARGIN", new_y="NEXT")
            document.set_font("Helvetica", "", 10)
            for line in range(30):
                document.multi_cell(0, 6, f"- {_LINE} {line}", new_x="LMARGIN", new_y="NEXT")
        paths.append(folder / f"clerk-{number}.pdf")
        document.output(str(paths[-1]))
    return paths


def bare(path: Path) -> None:
    pid = os.fork()
    if not pid:
        document = pypdfium2.PdfDocument(path)
        for page in document:
            page.get_textpage().get_text_range()
        os._exit(0)
    os.waitpid(pid, 0)


async def forked_bare(path: Path) -> None:
    bare(path)


async def sandboxed(path: Path) -> None:
    await sandbox.extract(path, "pdf", path.name, _REQUEST)


async def side(paths: list[Path], read: Callable[[Path], Awaitable[None]]) -> float:
    """Pages a second."""
    started = time.perf_counter()
    for path in paths:
        await read(path)
    return len(paths) * PAGES / (time.perf_counter() - started)


async def main() -> None:
    sides = {"bare parser, forked": forked_bare, "sandbox, with facts": sandboxed}
    with tempfile.TemporaryDirectory() as folder:
        paths = write(Path(folder))
        await sandboxed(paths[0])
        rounds = [{name: await side(paths, read) for name, read in sides.items()} for _ in range(ROUNDS)]
    sandbox.close()
    medians = {name: round(statistics.median(one[name] for one in rounds), 1) for name in sides}
    print(json.dumps({"pages_per_second": medians, "cores": os.cpu_count(), "machine": platform.machine()}, indent=2))


if __name__ == "__main__":
    asyncio.run(main())
