"""The cohort engine beside the same model in Mesa: `make bench k=simulation`, with `BENCH_LARGE=1` the large ones, too.

Sides are played in turn in one process; figures are medians, with the spread of CPU time beside them. Mesa plays no
counterfactual, so it is compared with runs without one, an iteration of a core at a time.
"""

from __future__ import annotations

import json
import math
import os
import platform as machine
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from bench.measuring import mesa_company
from bench.measuring.mesa_company import Company, TunedCompany
from bench.measuring.serving import ROOT
from bench.measuring.turns import Side, in_turn
from bench.measuring.workers import Spent, Workers, workers
from etter_simulation.engine.metrics import ENGINE_VERSION, STATS
from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.run import Result, run

ROUNDS = 5
CORES = os.cpu_count() or 1
KINDS = {"every agent acts": Company, "only agents that may change": TunedCompany}
CHECKED_MONTHS = (12, 60, 120)
TOO_FAR = 4.0
"""Standard errors by which the two may not differ in any mean."""

Report = list[dict[str, Any]]


@dataclass(frozen=True)
class Size:
    """A company over 120 months; its roles are by turns the two of MODEL.md, section 13."""

    name: str
    people: int
    roles: int
    iterations: int

    def request(self, *, counterfactual: bool = True, iterations: int | None = None) -> SimulationRequest:
        every = [
            {"role": f"{name} {at}", "count": self.people // self.roles, "salary": salary, "workloads": works}
            for at in range(self.roles)
            for name, salary, works in (_ROLES[at % len(_ROLES)],)
        ]
        given = {"roles": every, "automation_factor": 0.5, "seed": 7, "counterfactual": counterfactual}
        return SimulationRequest.model_validate({**given, "n_iterations": iterations or self.iterations})

    def __str__(self) -> str:
        return f"{self.name}: {self.people:,} people, {self.roles} roles, {self.iterations:,} iterations"


def _works(*works: tuple[str, str, float, float]) -> list[dict[str, object]]:
    return [dict(zip(("Name", "Type", "Skill", "Time"), work, strict=True)) for work in works]


_ROLES = (
    ("Engineer", 80_000, _works(
        ("Write code", "Auto", 0.9, 0.5), ("Review", "Non-Auto", 0.8, 0.125),
        ("Automated testing", "Auto", 0.7, 0.2), ("Debug", "Non-Auto", 0.8, 0.175),
    )),
    ("Marketing", 70_000, _works(
        ("Content creation", "Auto", 0.85, 0.4), ("SEO", "Auto", 0.7, 0.15),
        ("Market research", "Non-Auto", 0.7, 0.2), ("Social media", "Non-Auto", 0.6, 0.25),
    )),
)  # fmt: skip
SMALL = Size("small", 400, 2, 15)
MEDIUM = Size("medium", 10_000, 40, 100)
BROAD = Size("broad", 100_000, 40, 100)
LARGE = Size("large", 1_000_000, 500, 1_000)
WANTED_MS = {SMALL: 10, MEDIUM: 1_000}
WANTED_RATIO = {SMALL: "", MEDIUM: "≥ 100, aim 500", BROAD: ""}


def _table(*head: str) -> None:
    print(f"\n| {' | '.join(head)} |\n|{'---|' * len(head)}", flush=True)


def _line(*cells: str) -> None:
    print(f"| {' | '.join(cells)} |", flush=True)


def whole_runs() -> Report:
    """A request and its statistics, by threads, with and without counterfactual."""
    _table("run", "threads", "counterfactual", "wall", "CPU", "spread", "wanted")
    found: Report = []
    for size, wanted in WANTED_MS.items():
        repeats = 20 if size is SMALL else 1
        cases = [(threads, played) for threads in sorted({1, CORES}) for played in (True, False)]
        sides = in_turn(
            {str(case): (_repeated(size, case[1], case[0], repeats), repeats) for case in cases}, rounds=ROUNDS
        )
        for (threads, played), side in zip(cases, sides, strict=True):
            found.append({"size": asdict(size), "threads": threads, "counterfactual": played, **asdict(side)})
            _line(
                str(size), str(threads), "on" if played else "off", f"{side.wall:,.1f} ms", f"{side.cpu:,.1f} ms",
                f"{side.spread:.0%}", f"≤ {wanted:,} ms" if played else "",
            )  # fmt: skip
    return found


def _repeated(size: Size, counterfactual: bool, threads: int, repeats: int) -> Any:
    request = size.request(counterfactual=counterfactual)

    def play() -> None:
        for _ in range(repeats):
            run(request, threads=threads)

    return play


def beside_mesa(size: Size, mesa_iterations: int, rounds: int) -> Report:
    """CPU time of an iteration, both on one thread."""
    request = size.request(counterfactual=False)
    repeats = 20 if size is SMALL else 1
    actions: dict[str, Any] = {"ours": (_repeated(size, False, 1, repeats), repeats * size.iterations)}
    for name, kind in KINDS.items():
        actions[name] = (lambda kind=kind: _mesa(request, kind, mesa_iterations, seed=1), mesa_iterations)
    ours, *others = in_turn(actions, rounds)
    for side in others:
        _line(
            f"{size}, Mesa {mesa_iterations}; {rounds} rounds", f"{side.name}: {_each(side)}", _each(ours),
            f"{side.cpu / ours.cpu:,.0f}", WANTED_RATIO[size], f"{side.spread:.0%}, {ours.spread:.0%}",
        )  # fmt: skip
    return [
        {"size": asdict(size), "mesa": asdict(side), "ours": asdict(ours), "ratio": round(side.cpu / ours.cpu, 1)}
        for side in others
    ]


def _each(side: Side) -> str:
    return f"{side.cpu:,.2f} ms CPU, {side.wall:,.2f} ms"


def _mesa(request: SimulationRequest, kind: type[Company], iterations: int, seed: int) -> Any:
    return mesa_company.play(request, kind, iterations=iterations, seed=seed)


def cross_check(iterations: int = 150, own_iterations: int = 2_000) -> Report:
    """Means of both, and by how many standard errors they differ."""
    request = SMALL.request(counterfactual=False, iterations=own_iterations)
    ours = run(request, threads=CORES)
    _table("month", "mean of", "ours", *(f"Mesa, {name} (z)" for name in KINDS))
    rows = {name: _mesa(request, kind, iterations, seed=1_000 * at) for at, (name, kind) in enumerate(KINDS.items(), 1)}
    found: Report = []
    for month in CHECKED_MONTHS:
        for place, metric in enumerate(mesa_company.RECORDED):
            series = ours.company[ours.company_metrics.index(metric)]
            mean, error = (float(series[STATS.index(stat), month]) for stat in ("mean", "se"))
            sides = {name: _difference(mean, error, kept[:, month, place]) for name, kept in rows.items()}
            found.append({"month": month, "metric": metric, "ours": mean, "se": error, "mesa": sides})
            _line(
                str(month), metric, f"{mean:.5g}", *(f"{one['mean']:.5g} ({one['z']:+.1f})" for one in sides.values())
            )
    return found


def _difference(mean: float, error: float, values: Any) -> dict[str, float]:
    other, other_error = float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))
    return {"mean": other, "se": other_error, "z": (other - mean) / math.hypot(error, other_error)}


def by_workers(iterations: int = 512, rounds: int = 5) -> Report:
    """A company over worker processes of one thread: every width by turns with one process on one thread."""
    _table(
        f"{iterations} iterations, counterfactual on", "workers", "wall", "CPU of workers", "of it packing",
        "CPU of merging", "sent", "one process, one thread", "CPU of all beside it", "times as fast", "spread",
    )  # fmt: skip
    found: Report = []
    for size in (MEDIUM, BROAD):
        request = size.request(iterations=iterations)
        expected = run(request, threads=1)
        for count in (1, 2, 4):
            with workers(count, threads=CORES) as shared:
                result, spent = shared.run(request)
                _check_same(expected, result)
                found.append(_told(size, count, spent, _shared_and_alone(shared, request, rounds)))
    return found


def _told(size: Size, count: int, spent: Spent, sides: tuple[Side, ...]) -> dict[str, Any]:
    played, packed, merged, alone = sides
    cost = (played.cpu + merged.cpu) / alone.cpu
    ratio = statistics.median(one / other for one, other in zip(alone.wall_ms, played.wall_ms, strict=True))
    _line(
        size.name, str(count), f"{played.wall:,.0f} ms", f"{played.cpu:,.0f} ms", f"{packed.cpu:,.0f} ms",
        f"{merged.cpu:,.0f} ms", f"{spent.sent / 1e6:.0f} MB", f"{alone.wall:,.0f} ms, {alone.cpu:,.0f} ms CPU",
        f"{cost:.2f}", f"{ratio:.2f}", f"{played.spread:.0%}",
    )  # fmt: skip
    return {
        "size": size.name, "workers": count, "times_as_fast": round(ratio, 2),
        "cpu_beside_one_process": round(cost, 2), "sent_mb": round(spent.sent / 1e6, 1),
        "sides": [asdict(side) for side in sides],
    }  # fmt: skip


def _check_same(one: Result, other: Result) -> None:
    if one.company.tobytes() != other.company.tobytes() or one.roles.tobytes() != other.roles.tobytes():
        raise SystemExit("workers give other figures than one process")


def _shared_and_alone(shared: Workers, request: SimulationRequest, rounds: int) -> tuple[Side, ...]:
    """The run by workers with the CPU time of theirs, of packing and of this process; and a run in one process."""
    sides = Side("workers"), Side("packing"), Side("merging"), Side("one process")
    for _ in range(rounds):
        began = time.perf_counter()
        _, spent = shared.run(request)
        took = time.perf_counter() - began
        for side, cpu in zip(sides, (spent.workers, spent.packing, spent.merging), strict=False):
            side.add(took, cpu)
        began, cpu = time.perf_counter(), time.process_time()
        run(request, threads=1)
        sides[3].add(time.perf_counter() - began, time.process_time() - cpu)
    return sides


def large() -> Report:
    """Once each, in a fresh process on two threads."""
    found: Report = []
    for played in (True, False):
        print(f"\n{LARGE}, counterfactual {'on' if played else 'off'}", file=sys.stderr, flush=True)
        told = subprocess.run(
            [sys.executable, "-m", "bench.measuring.fresh", "2"], cwd=ROOT, check=True, stdout=subprocess.PIPE,
            input=LARGE.request(counterfactual=played).model_dump_json().encode(),
        ).stdout  # fmt: skip
        found.append({"size": asdict(LARGE), "threads": 2, "counterfactual": played, **json.loads(told)})
    _table("run, once", "threads", "counterfactual", "wall", "CPU", "peak of memory", "wanted")
    for one in found:
        _line(
            str(LARGE), "2", "on" if one["counterfactual"] else "off", f"{one['wall_s']:,.1f} s",
            f"{one['cpu_s']:,.1f} s", f"{one['peak_mb']:.0f} MB ({one['peak_before_mb']:.0f} before)",
            "≤ 60 s, ≤ 500 MB" if one["counterfactual"] else "",
        )  # fmt: skip
    return found


def all_beside_mesa(*, also_broad: bool) -> Report:
    _table("an iteration of", "Mesa", "ours", "ratio of CPU", "wanted", "spread of both")
    found = beside_mesa(SMALL, 15, ROUNDS) + beside_mesa(MEDIUM, 2, ROUNDS)
    return found + (beside_mesa(BROAD, 1, 3) if also_broad else [])


def main() -> None:
    began, load = time.perf_counter(), os.getloadavg()
    with_large = os.environ.get("BENCH_LARGE") == "1"
    versions = {name: version(name) for name in ("mesa", "numpy", "numba")}
    print(f"{ENGINE_VERSION}, Python {machine.python_version()}, {versions}, {CORES} cores, load {load[0]:.1f}")
    runs, beside, means = whole_runs(), all_beside_mesa(also_broad=with_large), cross_check()
    result = {
        "command": f"{'BENCH_LARGE=1 ' if with_large else ''}make bench k=simulation", "engine": ENGINE_VERSION,
        "machine": machine.platform(), "cores": CORES, "python": machine.python_version(), "versions": versions,
        "runs": runs, "beside_mesa": beside, "means": means,
        "workers": by_workers(), "large": large() if with_large else [],
        "load_before_after": [load[0], os.getloadavg()[0]], "took_s": round(time.perf_counter() - began),
    }  # fmt: skip
    folder = ROOT / "bench" / "results"
    (folder / "simulation.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    farthest = max(abs(side["z"]) for one in means for side in one["mesa"].values())
    print(f"\ntook {result['took_s']} s; the means of both differ by {farthest:.1f} standard errors at most")
    if farthest > TOO_FAR:
        raise SystemExit("ours and Mesa's do not play the same model")


if __name__ == "__main__":
    main()
