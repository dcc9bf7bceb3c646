"""A run in a process of its own: `python -m bench.measuring.fresh THREADS < request.json` tells what it took."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from etter_simulation.engine.request import SimulationRequest
from etter_simulation.engine.run import run
from etter_simulation.engine.warm import warm

STEP = 0.1


def peak_mb() -> float:
    """Of this process since it began. `getrusage` would count in what its parent had at the fork."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


class _Told:
    """Tells every tenth of the run on the error stream."""

    def __init__(self) -> None:
        self.next = STEP
        self.began = time.perf_counter()

    def __call__(self, share: float) -> None:
        if share >= self.next:
            print(f"  {share:.0%} after {time.perf_counter() - self.began:.0f} s", file=sys.stderr, flush=True)
            self.next = share + STEP


def main() -> None:
    request = SimulationRequest.model_validate_json(sys.stdin.read())
    warm()
    ready = peak_mb()
    wall, cpu = time.perf_counter(), time.process_time()
    run(request, threads=int(sys.argv[1]), on_progress=_Told())
    took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    print(json.dumps({**took, "peak_mb": peak_mb(), "peak_before_mb": ready}))


if __name__ == "__main__":
    main()
