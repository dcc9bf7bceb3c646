"""The applications that are measured: ours with everything on, and the least that could do the same."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, ClassVar

import asyncpg
import msgspec
from fastapi import APIRouter, FastAPI, Query
from pydantic import BaseModel
from pydantic_settings import SettingsConfigDict
from redis.asyncio import Redis
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from etter_common.app import create_app
from etter_common.cache import CacheKey
from etter_common.clock import monotonic
from etter_common.context import Context
from etter_common.deps import Public, cached, json_response, requires
from etter_common.errors import InvalidFields
from etter_common.responses import Page, encode_page
from etter_common.settings import ServiceSettings
from etter_common.testing.sample import COLUMNS, LISTING, ThingOut, ThingQuery, ThingRepository

Reader = Annotated[Context, requires("roles:read")]
ROUTES = 150
LIST_SQL = "SELECT id, name, size, version FROM things WHERE company_id = $1 AND size >= $2 ORDER BY name, id LIMIT 51"


def _rows(count: int) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{n:032x}",
            "title": f"Role number {n}",
            "department": "Operations",
            "headcount": n % 90,
            "score": n / 7,
        }
        for n in range(count)
    ]


BODIES = {"1k": msgspec.json.encode({"data": _rows(9)}), "100k": msgspec.json.encode({"data": _rows(900)})}


def bare() -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """A bare ASGI callable: the same answers as ours, headers and all, made beforehand.

    Also `/redis` (one GET) and `/asyncpg` (one query, encoded by msgspec).
    """
    parts: dict[str, Any] = {}
    answers = {
        path: (status, [(k.encode(), v.encode()) for k, v in headers if k != "date"], body.encode())
        for path, status, headers, body in json.loads(Path(os.environ["BENCH_ANSWERS"]).read_text(encoding="utf-8"))
    }
    plain = [(b"content-type", b"application/json")]

    async def made(path: str) -> bytes:
        if path == "/redis":
            found: bytes = await parts["redis"].get("bench")
            return found
        if path != "/asyncpg":
            return b"{}"
        parts["number"] = number = parts.get("number", 0) + 1
        async with parts["pool"].acquire() as connection:
            rows = await connection.fetch(LIST_SQL, os.environ["BENCH_COMPANY"], -number)
        return msgspec.json.encode({"data": [dict(row) for row in rows[:50]]})

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(parts, receive, send)
            return
        answer = answers.get(scope["path"])
        if answer is None:
            body = await made(scope["path"])
            answer = 200, [*plain, (b"content-length", b"%d" % len(body))], body
        await send({"type": "http.response.start", "status": answer[0], "headers": answer[1]})
        await send({"type": "http.response.body", "body": answer[2]})

    return app


async def _lifespan(parts: dict[str, Any], receive: Receive, send: Send) -> None:
    await receive()
    parts["redis"] = Redis.from_url(os.environ["SAMPLE_REDIS_URL"])
    await parts["redis"].set("bench", BODIES["1k"])
    parts["pool"] = await asyncpg.create_pool(os.environ["BENCH_ADMIN_DSN"], min_size=10, max_size=10)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await parts["pool"].close()
    await parts["redis"].aclose()
    await send({"type": "lifespan.shutdown.complete"})


class Row(BaseModel):
    id: str
    title: str
    department: str
    headcount: int
    score: float


class Rows(BaseModel):
    data: list[Row]


def fastapi() -> FastAPI:
    """FastAPI as it comes: a route that returns bytes, one that returns dicts through a model, 150 more routes."""
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})
    rows = _rows(900)

    @app.get("/health/live")
    @app.get("/bytes")
    async def prebuilt() -> Response:
        return Response(BODIES["1k"], media_type="application/json")

    @app.get("/model", response_model=Rows)
    async def model() -> dict[str, Any]:
        return {"data": rows}

    for router in _many():
        app.include_router(router)
    return app


class BenchSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SAMPLE_", frozen=True, extra="ignore")
    service: ClassVar[str] = "sample"


router = APIRouter()


@router.get("/open")
async def open_route(_ctx: Public) -> Response:
    return json_response(BODIES["1k"])


@router.get("/signed")
async def signed(_ctx: Reader) -> Response:
    return json_response(BODIES["1k"])


@router.get("/cached/{size}")
async def cached_body(ctx: Reader, size: str) -> Response:
    async def load(_own: Context) -> bytes:
        return BODIES[size]

    return await cached(ctx, CacheKey.of(ctx.company_id, "bench", {"size": size}), load, ttl_s=300, tags=["bench"])


@router.get("/things", response_model=Page[ThingOut])
async def list_things(ctx: Reader, query: Annotated[ThingQuery, Query()]) -> Response:
    """Always past both tiers: every request asks for another `min_size`."""
    if query.fields is not None:
        raise InvalidFields

    async def load(own: Context) -> bytes:
        where = [COLUMNS["size"] >= (query.min_size or 0)]
        return encode_page(await ThingRepository(own).page(LISTING, query, COLUMNS, where=where))

    key = CacheKey.of(ctx.company_id, "things", query.model_dump(mode="json"))
    return await cached(ctx, key, load, ttl_s=300, tags=["things"])


@router.get("/work")
async def work(_ctx: Public) -> Response:
    """Five milliseconds of this core, in steps as between queries."""
    for _ in range(5):
        until = monotonic() + 0.001
        while monotonic() < until:
            pass
        await asyncio.sleep(0)
    return json_response(BODIES["1k"])


def _many() -> list[APIRouter]:
    """Fifteen routers of ten routes each."""
    routers = []
    for number in range(0, ROUTES, 10):
        many = APIRouter(prefix=f"/r{number}")
        for n in range(number, number + 10):
            many.add_api_route(f"/route-{n}/{{item_id}}", _item, methods=["GET"], name=f"route_{n}")
        routers.append(many)
    return routers


async def _item(item_id: str) -> Response:  # noqa: ARG001 - a route with a path parameter
    return Response(b"{}", media_type="application/json")


@asynccontextmanager
async def _nothing(_platform: object) -> AsyncIterator[None]:
    yield


def platform() -> FastAPI:
    """Ours, with everything on."""
    return create_app(BenchSettings(), title="Bench", routers=[router, *_many()], background=(_nothing,))
