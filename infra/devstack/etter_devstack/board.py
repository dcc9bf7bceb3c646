"""What a person sees while the stack starts and stops: one line per part."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from etter_devstack.supervisor import Change

_DOING = {"databases": "migrating"}


class Board:
    """A table that lives on a terminal; elsewhere, a line for each part that got ready. Parts show as they begin."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._changes: dict[str, Change] = {}
        self._live = Live(console=console, refresh_per_second=12, transient=True)
        self._said_stopping = False

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.settle()

    def settle(self) -> None:
        """From now on changes are lines of their own: the start is over."""
        if self._live.is_started:
            self._live.stop()
            for change in self._changes.values():
                self._print(change)

    def tell(self, change: Change) -> None:
        self._changes[change.name] = change
        if self._live.is_started:
            self._live.update(self._table())
        elif change.how in ("ready", "restarting"):
            self._print(change)
        elif change.how == "stopping" and not self._said_stopping:
            self._said_stopping = True
            self._console.print("Stopping …", highlight=False)

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1))
        for change in self._changes.values():
            done = change.how in ("ready", "stopped")
            doing = _DOING.get(change.name, change.how) if change.how == "starting" else change.how
            mark = Text("✓", "green") if done else Spinner("dots", style="cyan")
            table.add_row(mark, f"{change.name:<18}", _result(change) if done else Text(doing, "dim"))
        return table

    def _print(self, change: Change) -> None:
        if change.how == "ready":
            self._console.print(Text("✓ ", "green"), f"{change.name:<18} ", _result(change), sep="")
        elif change.how == "restarting":
            self._console.print(f"[yellow]![/] {change.name:<18} {change.note}", highlight=False)


def _result(change: Change) -> Text:
    return Text(f"{change.how} in {change.seconds:.1f} s" if change.how == "ready" else change.how)
