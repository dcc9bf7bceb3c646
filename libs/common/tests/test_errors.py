"""Whatever breaks, in whichever layer, is told as one problem document that holds nothing from inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from etter_common import fieldsets, idempotency, limits, pagination, responses
from etter_common.auth import TokenVerifier
from etter_common.cache import Cache
from etter_common.db.repository import Repository
from etter_common.dispatch import Dispatcher
from etter_common.events import outbox
from etter_common.events.envelope import Event
from etter_common.ids import new_id
from etter_common.overload import Gate
from etter_common.platform import Platform
from etter_common.ratelimit import RateLimiter
from etter_common.shortcut import Shortcut
from etter_common.testing import sample
from etter_common.testing.client import CheckedClient

pytestmark = pytest.mark.principal("analyst")

SECRET = "hunter2 /srv/etter/core.py SELECT * FROM things at 10.0.0.7"
MEMBERS = {"type", "title", "status", "detail", "instance", "code", "request_id", "errors"}


def broken(*_: object, **__: object) -> Any:
    raise RuntimeError(SECRET)


async def broken_later(*_: object, **__: object) -> Any:
    raise RuntimeError(SECRET)


async def broken_query(self: Repository[Any], *_: object, **__: object) -> Any:
    await self.ctx.session.execute(text("SELECT hunter2 FROM things"))


READS: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "dispatch": (Dispatcher, "__call__", broken_later),
    "token": (TokenVerifier, "verify", broken),
    "places of a caller": (Gate, "hold", broken),
    "rate limiter": (RateLimiter, "check_now", broken),
    "fields": (fieldsets, "parse", broken),
    "links": (responses, "links", broken),
    "authentication": (Platform, "context", broken),
    "limits": (limits, "count_caller", broken_later),
    "query": (Repository, "page", broken_query),
    "repository": (Repository, "page", broken_later),
    "cursor": (pagination, "seek", broken),
    "encoding": (sample, "encode_page", broken),
    "cache": (Cache, "get_or_load", broken_later),
}
WRITES: dict[str, tuple[object, str, Callable[..., Any]]] = {
    "repository": (Repository, "add", broken),
    "event": (Event, "of", broken),
    "outbox": (outbox, "write", broken_later),
    "response model": (responses.Data, "of", broken),
    "end of the transaction": (AsyncSession, "commit", broken_later),
    "idempotency": (idempotency, "claim", broken_later),
}


def check(response: Any) -> None:
    assert response.status_code == 500
    problem = response.json()
    assert set(problem) == MEMBERS
    assert (problem["code"], problem["detail"]) == ("INTERNAL_ERROR", "Internal error")
    assert "hunter2" not in response.text + str(response.headers)
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["x-request-id"] == problem["request_id"]


@pytest.mark.parametrize("layer", READS)
async def test_a_read_that_breaks_tells_nothing(
    client: CheckedClient, monkeypatch: pytest.MonkeyPatch, layer: str
) -> None:
    where, name, instead = READS[layer]
    for number in range(2):
        await client.post("/things", json={"name": f"thing {number}"})
    cursor = (await client.get("/things?limit=1")).json()["meta"]["next_cursor"]
    with monkeypatch.context() as patch:
        patch.setattr(where, name, instead)
        response = await client.get("/things?cursor=" + cursor if layer == "cursor" else "/things")
    check(response)
    assert (await client.get("/things")).status_code == 200


async def test_an_answer_at_hand_that_breaks_is_made_by_the_route(
    client: CheckedClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(2):
        assert (await client.get("/things")).status_code == 200
    for name in ("find", "is_permitted"):
        with monkeypatch.context() as patch:
            patch.setattr(Shortcut, name, broken)
            assert (await client.get("/things")).json()["data"] == []


@pytest.mark.parametrize("layer", WRITES)
async def test_a_write_that_breaks_tells_nothing_and_leaves_nothing(
    client: CheckedClient, monkeypatch: pytest.MonkeyPatch, layer: str
) -> None:
    where, name, instead = WRITES[layer]
    with monkeypatch.context() as patch:
        patch.setattr(where, name, instead)
        headers = {"Idempotency-Key": str(new_id())} if layer == "idempotency" else {}
        response = await client.post("/things", json={"name": "broken"}, headers=headers)
    check(response)
    assert (await client.get("/things")).json()["data"] == []


HOSTILE: dict[str, tuple[bytes, int]] = {
    "not a number": (b'{"name": "x", "size": NaN}', 422),
    "infinite": (b'{"name": "x", "size": Infinity}', 422),
    "past every float": (b'{"name": "x", "size": 1e400}', 422),
    "past the column": (b'{"name": "x", "size": 99999999999999999999999999}', 422),
    "many digits": (b'{"name": "x", "size": ' + b"9" * 5000 + b"}", 400),
    "not UTF-8": (b'{"name": "\xff\xfe"}', 400),
    "a NUL": (b'{"name": "a\\u0000b"}', 422),
    "half a surrogate": (b'{"name": "\\ud800"}', 422),
    "cut off": (b'{"name": "x"', 400),
    "no object": (b"[]", 422),
    "nothing": (b"", 422),
    "a name twice": (b'{"name": "one", "name": "two"}', 201),
    "too deep": (b'{"name": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
}


@pytest.mark.parametrize("body", HOSTILE)
async def test_a_hostile_body_gets_a_clear_answer(client: CheckedClient, body: str) -> None:
    content, expected = HOSTILE[body]
    response = await client.post("/things", content=content, headers={"content-type": "application/json"})
    assert response.status_code == expected, response.text
    if expected == 201:
        assert response.json()["data"]["name"] == "two"  # the last one counts, as in most parsers (RFC 8259 §4)
