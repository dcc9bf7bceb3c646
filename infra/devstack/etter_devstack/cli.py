"""The `etter` command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from etter_devstack import supervisor
from etter_devstack.servers.ports import answers
from etter_devstack.servers.process import StartError
from etter_devstack.state import Home, Running, State

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Runs Etter on this machine.")
console = Console()
complain = Console(stderr=True)

PortOption = Annotated[int | None, typer.Option(help="of the ingress; default 8080, or a free one", envvar="PORT")]
JsonOption = Annotated[bool, typer.Option("--json", help="for programs")]


def home() -> Home:
    """The `.etter` folder of the checkout this command was installed from."""
    return Home(Path(os.environ.get("ETTER_ROOT") or Path(__file__).resolve().parents[3]))


def fail(message: str) -> typer.Exit:
    complain.print(f"[bold red]etter:[/] {message}", highlight=False, soft_wrap=True)
    return typer.Exit(1)


@app.command()
def up(
    port: PortOption = None,
    foreground: Annotated[bool, typer.Option(help="stay in this terminal until Ctrl-C")] = False,
) -> None:
    """Start everything and leave it running."""
    try:
        if foreground:
            supervisor.supervise(home(), port=port, report=_plain)
            return
        state = supervisor.start_detached(home(), port=port)
    except supervisor.AlreadyRunning as running:
        console.print(f"Etter runs already{_at(running.state)}")
        return
    except StartError as error:
        raise fail(str(error)) from None
    _show_urls(state.ingress_url)


@app.command()
def down() -> None:
    """Stop everything of this folder."""
    console.print("stopped" if supervisor.stop(home()) else "nothing was running")


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Where each part is and how it is. Exit code 3 when nothing runs."""
    state = home().read_state()
    if state is None or state.supervisor.process is None:
        if as_json:
            sys.stdout.write(json.dumps({"running": False}) + "\n")
        else:
            console.print("nothing is running; start it with `make up`")
        raise typer.Exit(3)
    lines = [_line(part) for part in state.parts]
    if as_json:
        sys.stdout.write(json.dumps({"running": True, "url": state.ingress_url, "parts": lines}) + "\n")
        return
    table = Table("part", "url", "pid", "health", "log", title=f"Etter at {state.ingress_url}")
    for line in lines:
        table.add_row(*(str(line[name]) for name in ("name", "url", "pid", "health", "log")))
    console.print(table)


@app.command()
def logs(
    service: Annotated[str, typer.Argument(help="a name from `etter status`")],
    follow: Annotated[bool, typer.Option("--follow", "-f")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=1)] = 50,
) -> None:
    """Show a part's log."""
    file = home().logs / f"{service}.log"
    if not file.is_file() or file.parent != home().logs:
        names = ", ".join(sorted(path.stem for path in home().logs.glob("*.log"))) or "none yet"
        raise fail(f"there is no log of {service!r}; there are: {names}")
    command = ["tail", "-n", str(lines), *(["-F"] if follow else []), str(file)]
    raise typer.Exit(subprocess.run(command, check=False).returncode)


def _line(part: Running) -> dict[str, object]:
    alive = part.process is not None
    if part.health:
        health = "ready" if alive and answers(part.health) else "not ready"
    else:
        health = "running" if alive else "gone"
    return {"name": part.name, "url": part.url, "pid": part.pid, "health": health, "log": part.log}


def _plain(name: str, how: str) -> None:
    console.print(f"{name:<18} {how}", highlight=False)


def _show_urls(url: str) -> None:
    console.print(f"\nEtter is up at [bold]{url}[/]   (stop it: make down)", highlight=False)


def _at(state: State | None) -> str:
    return f" at {state.ingress_url}" if state and state.ingress_url else "; it is still starting"


if __name__ == "__main__":
    app()
