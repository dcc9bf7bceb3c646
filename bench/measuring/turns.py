"""Sides of a comparison played in turn in this process: wall and CPU time of every round."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass
class Side:
    """What one side took in each round, in ms an `each`, of which a round has `per_round`."""

    name: str
    per_round: int = 1
    wall_ms: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    def add(self, wall_s: float, cpu_s: float) -> None:
        self.wall_ms.append(wall_s * 1000 / self.per_round)
        self.cpu_ms.append(cpu_s * 1000 / self.per_round)

    @property
    def wall(self) -> float:
        return statistics.median(self.wall_ms)

    @property
    def cpu(self) -> float:
        return statistics.median(self.cpu_ms)

    @property
    def spread(self) -> float:
        """Of CPU time: how much the slowest round took more than the quickest."""
        return max(self.cpu_ms) / min(self.cpu_ms) - 1


def in_turn(actions: Mapping[str, tuple[Callable[[], object], int]], rounds: int) -> list[Side]:
    """A B A B …, after one of each that does not count. An action says how many `each` it plays."""
    sides = [Side(name, per_round) for name, (_, per_round) in actions.items()]
    for action, _ in actions.values():
        action()
    for _ in range(rounds):
        for side, (action, _) in zip(sides, actions.values(), strict=True):
            wall, cpu = time.perf_counter(), time.process_time()
            action()
            side.add(time.perf_counter() - wall, time.process_time() - cpu)
    return sides
