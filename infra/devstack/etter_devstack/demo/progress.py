"""The main job's live progress: one line per step."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn


class StepProgress:
    """Bars on a terminal; elsewhere a line for each step that has ended."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Progress(
            SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description:<10}"), BarColumn(24),
            TimeElapsedColumn(), TextColumn("[dim]{task.fields[note]}"), console=console,
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}
        self._ended: set[str] = set()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def __call__(self, step: str, share: float, note: str = "") -> None:
        if not self._console.is_terminal:
            self._print(step, share, note)
            return
        if step not in self._tasks:
            self._tasks[step] = self._live.add_task(step, total=1.0, note=note)
        self._live.update(self._tasks[step], completed=share, note=note)

    def _print(self, step: str, share: float, note: str) -> None:
        if share >= 1 and step not in self._ended:
            self._ended.add(step)
            self._console.print(f"✓ {step:<10} {note}")
