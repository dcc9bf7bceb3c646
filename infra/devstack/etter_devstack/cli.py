"""The `etter` command."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from etter_devstack import daemon, databases, dead_letters, runner, tenants
from etter_devstack.board import Board
from etter_devstack.demo.command import demonstrate, seeded, show_people
from etter_devstack.logs import follow, last_lines, readable
from etter_devstack.runner import AlreadyRunning
from etter_devstack.servers.identity import forget
from etter_devstack.servers.ports import answers
from etter_devstack.servers.process import StartError
from etter_devstack.services import PROGRAMS, SERVICES
from etter_devstack.stack import DATABASES, Plan
from etter_devstack.state import Home, Running

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Runs Etter on this machine.")
app.add_typer(dead_letters.app, name="dlq")
app.command()(tenants.export_company)
app.command()(tenants.erasure)
console = Console(highlight=False, soft_wrap=True)
complain = Console(stderr=True, highlight=False, soft_wrap=True)

PortOption = Annotated[
    int | None, typer.Option(min=1, max=65535, envvar="PORT", help="of the ingress; default 8080, or a free one")
]
JsonOption = Annotated[bool, typer.Option("--json", help="for programs")]
ServiceArgument = Annotated[str, typer.Argument(help="a name from `etter status`")]


@app.command()
def up(
    port: PortOption = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="leave it running in the background")] = False,
) -> None:
    """Start everything and stay until Ctrl-C."""
    home = Home.of_checkout()
    if detach:
        with Board(console) as board:
            state = daemon.start(home, port=port, report=board.tell)
        _show_urls(state.ingress_url, hint="stop it: make down")
    else:
        _run_here(home, port=port)


@app.command()
def run(port: PortOption = None) -> None:
    """Start everything, run the main job on the example documents, and stay until Ctrl-C."""

    async def main_job(_plan: Plan) -> None:
        await _beside("demo", "--reuse")

    _run_here(Home.of_checkout(), port=port, then=main_job)


@app.command()
def down(data: Annotated[bool, typer.Option(help="remove the databases and files too")] = False) -> None:
    """Stop everything of this folder, and what a killed runner left."""
    home = Home.of_checkout()
    console.print("Stopped." if daemon.stop(home) else "Nothing was running.")
    if data:
        forget(home.data / "postgres")
        shutil.rmtree(home.folder, ignore_errors=True)


@app.command()
def serve(
    service: Annotated[str, typer.Argument(help="auth, core, extraction or simulation")], port: PortOption = None
) -> None:
    """Start everything; restart this service when its code changes, and show its log."""
    if service not in {program.name for program in PROGRAMS if not program.is_worker}:
        raise StartError(f"there is no service {service!r} to serve")

    async def show_log(_plan: Plan) -> None:
        await _beside("logs", service, "--follow", "--lines", "0")

    _run_here(Home.of_checkout(), port=port, reload=service, then=show_log)


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Where each part is and how it is. Exit code 3 when nothing runs."""
    home = Home.of_checkout()
    state = home.running()
    if state is None:
        sys.stdout.write('{"running": false}\n') if as_json else console.print("Nothing is running; start it: make up")
        raise typer.Exit(3)
    with ThreadPoolExecutor() as pool:
        lines = list(pool.map(_line, state.parts.values()))
    if as_json:
        report = {"running": True, "ready": state.is_ready, "url": state.ingress_url, "parts": lines}
        sys.stdout.write(json.dumps(report) + "\n")
        return
    table = Table("part", "url", "pid", "health", "restarts", title=f"Etter at {state.ingress_url}")
    for line in lines:
        table.add_row(*(str(line[name]) for name in ("name", "url", "pid", "health", "restarts")))
    Console(highlight=False).print(table)
    console.print(f"Logs: {home.logs}, or: etter logs NAME")


@app.command()
def logs(
    service: ServiceArgument,
    following: Annotated[bool, typer.Option("--follow", "-f", help="go on until Ctrl-C")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0)] = 50,
    raw: Annotated[bool, typer.Option(help="structured lines as they are written")] = False,
) -> None:
    """Show a part's log."""
    folder = Home.of_checkout().logs
    names = sorted(path.stem for path in folder.glob("*.log"))
    if service not in names:
        raise StartError(f"there is no log of {service!r}; there are: {', '.join(names) or 'none yet'}")
    file = folder / f"{service}.log"
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        for line in chain(last_lines(file, lines), follow(file) if following else ()):
            sys.stdout.write((line if raw else readable(line)) + "\n")
            sys.stdout.flush()


@app.command()
def seed() -> None:
    """Make the demo company and its users in the running stack, and show how to sign in."""
    show_people(seeded(_running_plan()), console)


@app.command()
def demo(
    as_json: JsonOption = False,
    reuse: Annotated[bool, typer.Option(help="show an earlier run's result if there is one")] = False,
) -> None:
    """Run the main job against the running stack, through its ingress, as a client would."""
    demonstrate(_running_plan(), Console(highlight=False), as_json=as_json, reuse=reuse)


@app.command()
def migrate(service: Annotated[str | None, typer.Argument(help="one service; default all")] = None) -> None:
    """Bring databases up to date: the running stack's, or those in this folder."""

    async def bring_up(plan: Plan) -> None:
        targets = databases.targets(plan.home)
        wanted = {name: target for name, target in targets.items() if service in (None, name)}
        if not wanted:
            raise StartError(f"there is no service {service!r}; there are: {', '.join(targets)}")
        names = await databases.behind(plan.home.root, wanted, plan.admin_dsn)
        if names:
            await asyncio.to_thread(databases.migrate, plan.home.root, names, wanted, plan.admin_dsn)
        console.print(f"Migrated: {', '.join(names)}." if names else "Everything is up to date.")

    _with_postgres(bring_up, only=("postgres",))


@app.command()
def replay(companies: Annotated[list[UUID] | None, typer.Argument(help="their ids; default all")] = None) -> None:
    """Have auth and core tell their present state again, so that lost projections come back."""
    backbone = _running_plan().backbone()
    told = [str(company) for company in companies or ()]
    for service in ("auth", "core"):
        command = [sys.executable, "-m", f"etter_{service}.replay", *told]
        done = subprocess.run(
            command, env=backbone.environment(service), stdout=subprocess.PIPE, check=False, text=True
        )
        if done.returncode:
            raise StartError(f"{service} could not tell its state")
        told = done.stdout.split() or told
    console.print(f"Told again: {len(told)} companies.")


@app.command()
def migration(service: str, message: str) -> None:
    """Write a new revision of a service's schema from its models."""

    async def write(plan: Plan) -> None:
        if service not in SERVICES:
            raise StartError(f"there is no service {service!r}; there are: {', '.join(SERVICES)}")
        alembic = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "alembic", "revision", "--autogenerate", "-m", message,
            cwd=plan.home.root / "services" / service, env=plan.backbone().migration_environment(service),
        )  # fmt: skip
        if await alembic.wait() != 0:
            raise StartError("alembic could not write the revision")

    _with_postgres(write, only=DATABASES)


@app.command()
def import_onet(
    path: Annotated[Path, typer.Argument(exists=True, resolve_path=True, help="folder or zip of a release")],
) -> None:
    """Load a full O*NET release into core's reference occupations; scoring uses it at once."""
    environment = _running_plan().backbone().environment("core")
    command = [sys.executable, "-m", "etter_core.import_onet", str(path)]
    raise typer.Exit(subprocess.run(command, env=environment, check=False).returncode)


def _running_plan() -> Plan:
    home = Home.of_checkout()
    state = home.running()
    if state is None or not state.is_ready:
        raise StartError("Etter is not running here; start it first: make up")
    return Plan.running(home)


def _with_postgres(work: runner.WhenReady, *, only: tuple[str, ...]) -> None:
    """Do `work` with the running stack, or with these parts started for the moment."""
    home = Home.of_checkout()
    if home.running():
        asyncio.run(_awaited(work, Plan.running(home)))
    else:
        runner.run(home, report=lambda _: None, only=only, when_ready=work, stay=False)


async def _awaited(work: runner.WhenReady, plan: Plan) -> None:
    await work(plan)


def _run_here(home: Home, *, port: int | None, reload: str | None = None, then: runner.WhenReady | None = None) -> None:
    with Board(console) as board:

        async def ready(plan: Plan) -> None:
            board.settle()
            _show_urls(plan.ingress_url, hint="stop it: Ctrl-C")
            if then is not None:
                await then(plan)

        runner.run(home, report=board.tell, port=port, reload=reload, when_ready=ready)


async def _beside(*arguments: str) -> int:
    """Another command of ours in this terminal; it ends when we do."""
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "etter_devstack.cli", *arguments)
    try:
        return await child.wait()
    finally:
        if child.returncode is None:
            child.terminate()
            await child.wait()


def main() -> None:
    """The command, failing in words."""
    try:
        app()
    except AlreadyRunning as running:
        where = f"at {running.state.ingress_url}" if running.state else "and is still starting"
        console.print(f"Etter already runs in this folder, {where}   (stop it: make down)")
    except StartError as error:
        complain.print("[bold red]etter:[/]", Text(str(error)))
        sys.exit(1)


def _line(part: Running) -> dict[str, object]:
    alive = part.process is not None
    if alive and part.health:
        health = "ready" if answers(part.health) else "not ready"
    else:
        health = "running" if alive else "gone"
    return {
        "name": part.name, "url": part.url, "pid": part.pid, "health": health, "restarts": part.restarts,
        "log": part.log,
    }  # fmt: skip


def _show_urls(url: str, *, hint: str) -> None:
    console.print(f"\nEtter is up at [bold]{url}[/]   ({hint})")


if __name__ == "__main__":
    main()
