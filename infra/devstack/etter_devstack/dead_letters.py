"""`etter dlq`: messages that a consumer has given up on, with the reason; tried again by `replay`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

import nats
import typer
from nats.aio.client import Client
from rich.console import Console
from rich.table import Table

from etter_common.events import dead_letters
from etter_common.events.dead_letters import DeadLetter
from etter_devstack.servers.process import StartError
from etter_devstack.stack import Plan
from etter_devstack.state import Home

T = TypeVar("T")
app = typer.Typer(no_args_is_help=True, help="Messages that a consumer has given up on.")
_console = Console(highlight=False, soft_wrap=True)
Number = Annotated[int, typer.Argument(min=1, help="from `etter dlq list`")]


@app.command("list")
def list_letters(
    consumer: Annotated[str | None, typer.Option(help="of this service alone")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """The oldest first, 100 at most."""
    letters = _ask(lambda client: dead_letters.list_letters(client, consumer=consumer))
    if as_json:
        sys.stdout.write(json.dumps([_shown(letter) for letter in letters]) + "\n")
        return
    if not letters:
        _console.print("There are no dead letters.")
        return
    table = Table("number", "consumer", "event", "failed at", "tries", "reason")
    for letter in letters:
        moment = letter.failed_at.isoformat(timespec="seconds")
        event = letter.event_type or letter.subject
        table.add_row(str(letter.sequence), letter.consumer, event, moment, str(letter.tries), letter.reason)
    Console(highlight=False).print(table)


@app.command()
def show(number: Number) -> None:
    """One message whole, as JSON."""
    sys.stdout.write(json.dumps(_shown(_ask(lambda client: dead_letters.show(client, number))), indent=2) + "\n")


@app.command()
def replay(number: Number) -> None:
    """Publish a message again and drop the letter; who has handled it does nothing."""
    letter = _ask(lambda client: dead_letters.replay(client, number))
    _console.print(f"Published {letter.event_type or letter.subject} again.")


def _ask(work: Callable[[Client], Awaitable[T]]) -> T:
    home = Home.of_checkout()
    if home.running() is None:
        raise StartError("Etter is not running here; start it first: make up")
    url = Plan.running(home).operator_url()

    async def ask() -> T:
        client = await nats.connect(url, connect_timeout=2, max_reconnect_attempts=0)
        try:
            return await work(client)
        except dead_letters.DeadLetterNotFound as error:
            raise StartError(str(error.detail)) from None
        finally:
            await client.close()

    return asyncio.run(ask())


def _shown(letter: DeadLetter) -> dict[str, Any]:  # Any: JSON
    body = letter.body.decode("utf-8", errors="replace")
    return {**asdict(letter), "failed_at": letter.failed_at.isoformat(), "body": body}
