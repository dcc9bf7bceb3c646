"""Messages that a consumer has given up on: `python dead_letters.py list`, `show N`, `replay N…`, `drop N…`.

`etter dlq` for anywhere: it needs `etter_common`, so it runs in every image of ours, also from standard input
(docs/operations/dead-letters.md). NATS is asked as `operator`: `OPERATOR_NATS_URL`, the file of it, or `--nats`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import nats
from nats.aio.client import Client

from etter_common.events import dead_letters, streams
from etter_common.events.dead_letters import DeadLetter, DeadLetterNotFound


def nats_url(environ: Mapping[str, str]) -> str | None:
    """As a service in this environment would find it: `CORE_NATS_URL`, or the file that `CORE_NATS_URL_FILE` names."""
    for name, value in sorted(environ.items()):
        if name.endswith("_NATS_URL") and value:
            return value
        if name.endswith("_NATS_URL_FILE") and value:
            return Path(value).read_text(encoding="utf-8").strip()
    return None


def line(letter: DeadLetter) -> str:
    what = letter.event_type or letter.subject
    moment = letter.failed_at.isoformat(timespec="seconds")
    return f"{letter.sequence:>8}  {letter.consumer:<12} {what:<40} {moment}  {letter.tries} tries  {letter.reason}"


async def act(client: Client, asked: argparse.Namespace) -> None:
    if asked.what == "list":
        for letter in await dead_letters.list_letters(client, consumer=asked.consumer, limit=asked.limit):
            say(line(letter))
        return
    for number in asked.numbers:
        if asked.what == "show":
            letter = await dead_letters.show(client, number)
            told = {
                **vars(letter),
                "failed_at": letter.failed_at.isoformat(),
                "body": letter.body.decode(errors="replace"),
            }
            say(json.dumps(told, indent=2))
        elif asked.what == "replay":
            say(f"published again: {line(await dead_letters.replay(client, number))}")
        else:
            say(f"dropped: {line(await dead_letters.show(client, number))}")
            await client.jetstream().delete_msg(streams.DEAD_LETTERS, number)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


async def main(asked: argparse.Namespace) -> int:
    url = asked.nats or nats_url(os.environ)
    if url is None:
        sys.stderr.write("say where NATS is: --nats nats://host:4222\n")
        return 2
    client = await nats.connect(url.split(","), connect_timeout=5, allow_reconnect=False)
    try:
        await act(client, asked)
    except DeadLetterNotFound as error:
        sys.stderr.write(f"{error.detail}\n")
        return 1
    finally:
        await client.close()
    return 0


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="dead_letters", description=__doc__)
    root.add_argument("--nats", metavar="URL")
    commands = root.add_subparsers(dest="what", required=True)
    look = commands.add_parser("list", help="the oldest first")
    look.add_argument("--consumer")
    look.add_argument("--limit", type=int, default=100)
    for name, text in (("show", "whole"), ("replay", "publish again as it was"), ("drop", "nobody will miss it")):
        commands.add_parser(name, help=text).add_argument("numbers", type=int, nargs="+")
    return root


if __name__ == "__main__":
    sys.exit(asyncio.run(main(parser().parse_args())))
