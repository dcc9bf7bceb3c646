"""`etter dlq`: what was given up on can be listed, looked at and tried again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import nats
import pytest

from etter_common.events import dead_letters, streams
from etter_devstack.stack import Plan
from etter_devstack.state import Home

from .test_cli import etter
from .test_runner import running

HEADERS = {"ce-type": "core.role.changed.v1", "ce-id": "the-event", "ce-companyid": "the-company"}


async def bury_one(url: str) -> None:
    """One event that core has given up on."""
    client = await nats.connect(url)
    js = client.jetstream()
    for config in (streams.events_config(), streams.dead_letters_config()):
        await streams.ensure_stream(js, config)
    await js.publish("etter.core.role.changed.v1.c.a", b'{"version":3}', headers=HEADERS)
    subscription = await js.pull_subscribe("", durable="core", stream=streams.EVENTS)
    [message] = await subscription.fetch(1, timeout=30)
    await dead_letters.bury(client, message, consumer="core", reason="ValueError: no", tries=6)
    await client.close()


async def bodies(url: str) -> list[bytes | None]:
    """What is in the stream of events."""
    client = await nats.connect(url)
    js = client.jetstream()
    last = (await js.stream_info(streams.EVENTS)).state.last_seq
    found = [(await js.get_msg(streams.EVENTS, seq)).data for seq in range(1, last + 1)]
    await client.close()
    return found


@pytest.fixture
def stack(home: Home) -> Iterator[Home]:
    with running(home):
        asyncio.run(bury_one(Plan.running(home).operator_url()))
        yield home


class TestList:
    def test_a_table_for_people_and_json_for_programs(self, stack: Home) -> None:
        table = etter(stack, "dlq", "list").stdout
        assert all(text in table for text in ("core.role.changed.v1", "ValueError: no", " 6 "))
        [letter] = json.loads(etter(stack, "dlq", "list", "--json").stdout)
        assert (letter["sequence"], letter["consumer"], letter["tries"]) == (1, "core", 6)
        assert etter(stack, "dlq", "list", "--consumer", "simulation").stdout == "There are no dead letters.\n"


class TestShow:
    def test_one_message_whole(self, stack: Home) -> None:
        letter = json.loads(etter(stack, "dlq", "show", "1").stdout)
        assert (letter["subject"], letter["body"]) == ("etter.core.role.changed.v1.c.a", '{"version":3}')
        assert letter["headers"] == HEADERS

    def test_one_that_is_not_there(self, stack: Home) -> None:
        told = etter(stack, "dlq", "show", "99")
        assert (told.returncode, told.stderr) == (1, "etter: there is no dead letter 99\n")


class TestReplay:
    def test_the_message_is_published_again_and_the_letter_gone(self, stack: Home) -> None:
        assert etter(stack, "dlq", "replay", "1").stdout == "Published core.role.changed.v1 again.\n"
        assert etter(stack, "dlq", "list").stdout == "There are no dead letters.\n"
        assert asyncio.run(bodies(Plan.running(stack).operator_url())) == [b'{"version":3}'] * 2
