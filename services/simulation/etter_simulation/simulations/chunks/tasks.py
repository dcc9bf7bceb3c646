"""What the engine's process does for chunks: play a range of iterations, and make a run's result of all its parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from etter_simulation.engine.precision import STEP, Sums, enough, sums_at
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.simulations import spool
from etter_simulation.simulations.engine_process import Output, Tell, output

if TYPE_CHECKING:
    from etter_simulation.engine.chunk import Part
    from etter_simulation.engine.sketch import SketchedPart


@dataclass(frozen=True)
class Range:
    """Iterations to be played; with `sketched` the rows of roles are kept as sketches."""

    request_json: str
    first: int
    last: int
    sketched: bool = False


class Yielded(NamedTuple):
    """Packed parts by window, and the sums of the outputs that `precision` names."""

    parts: list[bytes]
    sums: list[Sums] | None


@dataclass(frozen=True)
class Spooled:
    """All parts of the first `iterations`, one file per window of months."""

    request_json: str
    folder: Path
    iterations: int
    sketched: bool = False


def play_range(task: Range, threads: int, tell: Tell) -> Yielded:
    from etter_simulation.engine.sketch import sketched

    request = SimulationRequest.model_validate_json(task.request_json)
    parts, sums = [], [[0, 0, 0] for _ in request.precision or ()]
    with ThreadPoolExecutor(threads) as pool:
        for part in _parts(request, task.first, task.last, pool, threads):
            _note(request, part, sums)
            parts.append((sketched(part, pool.map) if task.sketched else part).to_bytes(pool.map))
            tell(part.months.last / (request.steps + 1))
    return Yielded(parts, sums or None)


def play_until_precise(request_json: str, threads: int, tell: Tell) -> Output:
    """A small run with a stopping rule: step by step, until the outputs are known well enough."""
    from etter_simulation.engine.chunk import Part, merge
    from etter_simulation.engine.finish import finish

    request = SimulationRequest.model_validate_json(request_json)
    by_step: list[list[Part]] = []
    sums: list[list[Sums]] = []
    with ThreadPoolExecutor(threads) as pool:
        for first in range(0, request.n_iterations, STEP):
            sums.append([[0, 0, 0] for _ in request.precision or ()])
            by_step.append([])
            last = min(first + STEP, request.n_iterations)
            for part in _parts(request, first, last, pool, threads):
                tell(first / request.n_iterations)
                _note(request, part, sums[-1])
                by_step[-1].append(Part.from_bytes(part.to_bytes(pool.map)))  # a seventh of the room
            if enough(request.precision or (), sums) is not None:
                break
    iterations = min(len(by_step) * STEP, request.n_iterations)
    windows = (merge(parts) for parts in zip(*by_step, strict=True))
    return output(request, finish(request, windows, threads=threads), iterations)


def finish_run(task: Spooled, threads: int, tell: Tell) -> Output:
    """The run's result out of its spooled parts, a window at a time."""
    from etter_simulation.engine.finish import finish

    request = SimulationRequest.model_validate_json(task.request_json)
    windows = _told(request, _windows(task), tell)
    return output(request, finish(request, windows, threads=threads), task.iterations)


def _windows(task: Spooled) -> Iterator[Part | SketchedPart]:
    from etter_simulation.engine.chunk import Part, merge
    from etter_simulation.engine.sketch import SketchedPart, merge_sketched

    for packed in spool.read(task.folder):
        if task.sketched:
            yield merge_sketched([SketchedPart.from_bytes(one) for one in packed])
        else:
            yield merge(Part.from_bytes(one) for one in packed)


def _told(
    request: SimulationRequest, windows: Iterator[Part | SketchedPart], tell: Tell
) -> Iterator[Part | SketchedPart]:
    for part in windows:
        tell(part.months.first / (request.steps + 1))
        yield part


def _parts(request: SimulationRequest, first: int, last: int, pool: Executor, threads: int) -> Iterator[Part]:
    """The windows of a range, its iterations shared out among threads; each is there until the next is asked for."""
    from etter_simulation.engine.chunk import Span, windows
    from etter_simulation.engine.run import Player

    player = Player(request, Span(first, last), threads=threads)
    for months in windows(request):
        yield player.play(months, pool)


def _note(request: SimulationRequest, part: Any, sums: list[Sums]) -> None:
    """Take in the sums of those targets whose month is in the part."""
    from etter_simulation.engine.chunk import company_metrics

    roles: Sequence[str] = [role.role for role in request.roles]
    for at, target in enumerate(request.precision or ()):
        month = request.steps if target.month is None else target.month
        if month in range(part.months.first, part.months.last):
            sums[at] = sums_at(target, part, roles, company_metrics(request))
