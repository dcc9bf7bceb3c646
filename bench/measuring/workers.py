"""A run shared out over worker processes, its parts merged here: what a run gains from more of them."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from etter_simulation.engine.chunk import Part, Span, merge, windows
from etter_simulation.engine.finish import Result, finish
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.run import Player
from etter_simulation.engine.warm import warm
from etter_simulation.simulations.chunks.plan import BLOCK


@dataclass
class Spent:
    """CPU seconds of all workers, of these packing, and of putting together what they sent; bytes they sent."""

    workers: float = 0.0
    packing: float = 0.0
    merging: float = 0.0
    sent: int = 0


def play_part(request: SimulationRequest, first: int, last: int, to: Path) -> tuple[list[int], float, float]:
    """In a worker, on one thread: write the range's parts to a file. Gives their lengths by window; CPU seconds of all,
    and of packing."""
    began, packing, packed = time.process_time(), 0.0, []
    player = Player(request, Span(first, last), threads=1)
    with ThreadPoolExecutor(1) as pool:
        for months in windows(request):
            part = player.play(months, pool)
            at = time.process_time()
            packed.append(part.to_bytes())
            packing += time.process_time() - at
    with (to / str(first)).open("wb") as file:
        file.writelines(packed)
    return list(map(len, packed)), time.process_time() - began, packing


def read_parts(file: Path, lengths: list[int]) -> Iterator[Part]:
    with file.open("rb") as stored:
        for length in lengths:
            yield Part.from_bytes(stored.read(length))


def get_ready() -> None:
    """What a worker needs is loaded, or compiled once: playing, packing, reading."""
    warm()
    request = SimulationRequest.model_validate(_TINY)
    with TemporaryDirectory() as folder:
        lengths, *_ = play_part(request, 0, 2, Path(folder))
        finish(request, read_parts(Path(folder) / "0", lengths))


_WORKS = [{"Name": name, "Type": name, "Skill": 0.5, "Time": 0.5} for name in ("Auto", "Non-Auto")]
_TINY = {
    "roles": [{"role": "one", "count": 10, "salary": 1, "workloads": _WORKS}], "automation_factor": 0.5,
    "n_iterations": 2, "steps": 2,
}  # fmt: skip


@dataclass(frozen=True)
class Workers:
    pool: ProcessPoolExecutor
    threads: int
    """Of putting together, once the workers are done."""

    def run(self, request: SimulationRequest) -> tuple[Result, Spent]:
        """The result of `engine.run.run`; chunks are those of a run that is shared out."""
        count, spent, began = request.n_iterations, Spent(), time.process_time()
        firsts = range(0, count, BLOCK)
        with TemporaryDirectory() as folder:
            to = Path(folder)
            sent = [self.pool.submit(play_part, request, at, min(at + BLOCK, count), to) for at in firsts]
            parts = []
            for first, (lengths, by_worker, by_packing) in zip(firsts, (one.result() for one in sent), strict=True):
                parts.append(read_parts(to / str(first), lengths))
                spent.workers += by_worker
                spent.packing += by_packing
                spent.sent += sum(lengths)
            result = finish(request, map(merge, zip(*parts, strict=True)), threads=self.threads)
        spent.merging = time.process_time() - began
        return result, spent


@contextmanager
def workers(count: int, *, threads: int) -> Generator[Workers]:
    """So many fresh processes, ready to play."""
    get_ready()
    with ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=get_ready) as pool:
        yield Workers(pool, threads)
