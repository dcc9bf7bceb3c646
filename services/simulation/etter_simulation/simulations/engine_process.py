"""What runs in the engine's own process. The engine is loaded here only, so that no other process pays for it."""

from __future__ import annotations

import ctypes
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from etter_simulation.engine.metrics import ROLE_METRICS, STATS
from etter_simulation.simulations.packing import Floats, pack

if TYPE_CHECKING:
    from etter_simulation.engine.finish import Result
    from etter_simulation.engine.request import SimulationRequest

OUTLOOK_MONTHS = (12, 36, 60, 120)
_QUANTILES = tuple(STATS.index(name) for name in ("p5", "p50", "p95"))
_PR_SET_PDEATHSIG = 1

P = TypeVar("P")
T = TypeVar("T")
Tell = Callable[[float], None]
"""Hears the finished share of a task; raises `RunStopped` once the worker wants its end."""
Task: TypeAlias = Callable[[P, int, Tell], T]
"""Work of the engine's process: a payload, the threads it may use, whom to tell."""


class Signals(Protocol):
    """Two numbers shared with the worker: how far the run is, and the number of the run that is to stop."""

    progress: Any
    stop: Any


@dataclass(frozen=True)
class Outlook:
    """p5, p50, p95 of one role in one month; `cost` is yearly pay in currency."""

    position: int
    month: int
    heads: tuple[float, float, float]
    released_fte: tuple[float, float, float]
    cost: tuple[float, float, float]


@dataclass(frozen=True)
class Output:
    """A run's results, ready to be stored."""

    company_metrics: tuple[str, ...]
    company: bytes
    roles: tuple[bytes, ...]
    summary: dict[str, Any]
    outlook: tuple[Outlook, ...]
    iterations: int


class RunStopped(Exception):
    """The worker asked this run to stop."""


_shared: dict[str, Any] = {}


def begin(progress: Any, stop: Any, cache_dir: Path | None, parent: int) -> None:
    """Initialise the process: die with the worker, leave Ctrl-C to it, and get the compiled engine ready."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # the worker died before the line above
        os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _shared.update(progress=progress, stop=stop)
    from etter_simulation.engine.compiled import use_cache

    use_cache(cache_dir)
    from etter_simulation.engine.warm import warm

    warm()


def is_ready() -> bool:
    """Answers once `begin` is done."""
    return True


def perform(task: Task[P, T], payload: P, threads: int, number: int) -> T:
    """Do one task; it raises `RunStopped` soon after `stop` shows its number."""
    return task(payload, threads, _teller(number))


def play(request_json: str, threads: int, tell: Tell) -> Output:
    """Play one request."""
    from etter_simulation.engine.request import SimulationRequest
    from etter_simulation.engine.run import run

    request = SimulationRequest.model_validate_json(request_json)
    return output(request, run(request, threads=threads, on_progress=tell), request.n_iterations)


def output(request: SimulationRequest, result: Result, iterations: int) -> Output:
    """A result of so many iterations, packed."""
    salaries = [role.salary for role in request.roles]
    return Output(
        result.company_metrics,
        pack(result.company),
        tuple(pack(role) for role in result.roles),
        result.summary,
        tuple(_outlook(result.roles, salaries, request.steps)),
        iterations,
    )


def _teller(number: int) -> Tell:
    def tell(done: float) -> None:
        _shared["progress"].value = done
        if _shared["stop"].value >= number:
            raise RunStopped

    return tell


def _outlook(roles: Floats, salaries: list[float], steps: int) -> list[Outlook]:
    heads, released = ROLE_METRICS.index("count"), ROLE_METRICS.index("released_fte")
    months = [month for month in OUTLOOK_MONTHS if month < steps] + [steps]
    found = []
    for position, salary in enumerate(salaries):
        for month in months:
            count = _three(roles[position, heads, :, month])
            cost = (count[0] * salary, count[1] * salary, count[2] * salary)
            found.append(Outlook(position, month, count, _three(roles[position, released, :, month]), cost))
    return found


def _three(stats: Floats) -> tuple[float, float, float]:
    low, middle, high = (float(stats[at]) for at in _QUANTILES)
    return low, middle, high
