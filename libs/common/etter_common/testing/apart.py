"""Whole-surface tests of what one caller learns of another: by a tag, or by a uniqueness that spans companies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import replace
from itertools import permutations
from typing import Any, ClassVar
from uuid import UUID

from fastapi import FastAPI
from httpx2 import Response
from sqlalchemy import text

from etter_common.context import Context
from etter_common.ids import new_id
from etter_common.openapi_components import parameters_of
from etter_common.platform import Platform
from etter_common.testing.client import CheckedClient
from etter_common.testing.exchange import Exchange
from etter_common.testing.service import ServiceUnderTest
from etter_common.testing.texts import Ids, operations_but_streams

Clients = Callable[..., CheckedClient]
Maker = Callable[[Context], Awaitable[UUID | str]]

_MATCHING = {"If-Match": "*"}
_UNIQUE = text(
    "SELECT i.relname AS name, a.attname AS first, x.indisprimary AND x.indnkeyatts = 1 AND a.attname = 'id' AS is_id"
    " FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid"
    " JOIN pg_namespace n ON n.oid = t.relnamespace LEFT JOIN pg_attribute a ON a.attrelid = t.oid"
    " AND a.attnum = x.indkey[0]"
    " WHERE x.indisunique AND n.nspname = 'public' AND EXISTS (SELECT FROM pg_attribute c"
    " WHERE c.attrelid = t.oid AND c.attname = 'company_id' AND NOT c.attisdropped)"
)

_WIDER = {"pk_inbox": "by the id of an event, which a service of ours made"}


class ApartTests:
    """A part of `SurfaceTests`. `wider` names unique indexes of owned rows that span companies, and why they may.

    `unread` are reads that the objects of `makers` cannot answer, and why.
    """

    makers: ClassVar[Mapping[str, Maker]]
    wider: ClassVar[Mapping[str, str]] = {}
    unread: ClassVar[Mapping[str, str]] = {}

    async def test_nobody_hears_not_modified_of_anothers_answer(
        self, app: FastAPI, as_role: Clients, platform: Platform, ctx: Context, unit_under_test: ServiceUnderTest
    ) -> None:
        """Two people of a company and one of another ask for the same URLs, each also with the others' tags."""
        assert ctx.principal is not None
        mine = await _made(self.makers, ctx)
        await ctx.finish()
        other = platform.context(origin=ctx.origin, principal=replace(ctx.principal, company_id=new_id()))
        await _made(self.makers, other)
        await other.finish()
        callers = [
            as_role("super_admin"),
            as_role("super_admin"),
            as_role("super_admin", company=other.company_id),
        ]
        answered = set()
        for path, operation in _reads(app, f"/api/{unit_under_test.name}/v1"):
            url = path.format_map(Ids({"company_id": str(ctx.company_id), **mine}))
            query = _required(app, operation)
            answers = [await caller.get(url, params=query) for caller in callers]
            answered |= {path} if answers[0].status_code == 200 else set()
            for answer in answers:
                _is_kept_apart(answer, path)
            for asking, asked in permutations(range(len(callers)), 2):
                if answers[asked].status_code == 200:
                    tag = {"if-none-match": answers[asked].headers["etag"]}
                    again = await callers[asking].get(url, params=query, headers=tag)
                    same = answers[asking].content == answers[asked].content
                    assert again.status_code != 304 or same, path
        silent = {path for path, _ in _reads(app, f"/api/{unit_under_test.name}/v1")} - answered
        assert silent == set(self.unread), f"no answer to compare, or one after all: {silent ^ set(self.unread)}"

    async def test_anothers_id_in_a_body_is_as_unknown_as_a_random_one(
        self, app: FastAPI, as_role: Clients, platform: Platform, ctx: Context, unit_under_test: ServiceUnderTest
    ) -> None:
        """A foreign key looks past row-level security: who names another's row must not hear that it is there."""
        assert ctx.principal is not None
        mine = {name: str(id_) for name, id_ in (await _made(self.makers, ctx)).items()}
        await ctx.finish()
        other = platform.context(origin=ctx.origin, principal=replace(ctx.principal, company_id=new_id()))
        theirs = {str(id_) for id_ in (await _made(self.makers, other)).values() if isinstance(id_, UUID)}
        await other.finish()
        client = as_role("super_admin")
        components = app.openapi()["components"]["schemas"]
        for method, path, operation in operations_but_streams(app, f"/api/{unit_under_test.name}/v1"):
            heard: dict[int, tuple[int, str | None]] = {}
            for id_ in (str(new_id()), *theirs):
                named = Exchange(id_, lambda schema: schema.get("format") == "uuid", components)
                for place, body in enumerate(named.bodies(operation)):
                    answer = await client.request(method, path.format_map(Ids(mine)), json=body, headers=_MATCHING)
                    told = answer.status_code, answer.json()["code"] if answer.is_error else None
                    assert heard.setdefault(place, told) == told, f"{method} {path}: {body}"

    async def test_what_is_unique_is_so_within_a_company(self, platform: Platform) -> None:
        """A refusal across companies would say what another one has. Ids are ours and random: nobody chooses one."""
        async with platform.db.engine.connect() as connection:
            rows = (await connection.execute(_UNIQUE)).all()
        spanning = {row.name for row in rows if row.first != "company_id" and not row.is_id}
        found = sorted(spanning ^ {*self.wider, *_WIDER})
        assert not found, f"begin it with company_id, or say in `wider` why it gives nothing away: {found}"


async def _made(makers: Mapping[str, Maker], ctx: Context) -> dict[str, Any]:
    return {name: await maker(ctx) for name, maker in makers.items()}


def _reads(app: FastAPI, prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Path and operation of every read that is not a stream."""
    for path, item in app.openapi()["paths"].items():
        read = item.get("get")
        if read is not None and "text/event-stream" not in read["responses"]["200"].get("content", {}):
            yield path.removeprefix(prefix), read


def _required(app: FastAPI, operation: dict[str, Any]) -> dict[str, Any]:
    parameters = parameters_of(app.openapi(), operation).values()
    wanted = [p for p in parameters if p["in"] == "query" and p.get("required")]
    return {p["name"]: next(iter(p.get("schema", {}).get("examples", ())), "a") for p in wanted}


def _is_kept_apart(answer: Response, path: str) -> None:
    if answer.status_code != 200 or answer.headers["cache-control"].startswith("public"):
        return
    assert answer.headers["cache-control"] in ("private, no-cache", "no-store"), path
    assert "Authorization" in [name.strip() for name in answer.headers["vary"].split(",")], path
