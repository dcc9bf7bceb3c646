"""Routes called directly answer as they do through FastAPI, and those that need FastAPI get it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import APIRouter, BackgroundTasks, Cookie, Depends, FastAPI, Header, Query, Request, Response
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, ConfigDict

from etter_common.app import create_app
from etter_common.deps import Public, requires
from etter_common.direct import direct
from etter_common.errors import NotFound
from etter_common.settings import ServiceSettings


class Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size: int = 3
    names: list[str] = []


async def asked(request: Request) -> str:
    return request.method


async def read(
    kind: str,
    number: int,
    query: Annotated[Wanted, Query()],
    method: Annotated[str, Depends(asked)],
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    return Response(repr((kind, number, query.model_dump(), method, if_match)))


async def with_request(request: Request) -> Response:
    return Response(request.url.path)


async def missing() -> Response:
    raise NotFound("it is gone")


async def broken() -> Response:
    raise LookupError("a secret inner name")


def route_of(function: Callable[..., Any], path: str = "/x", **options: Any) -> Any:
    app, router = FastAPI(), APIRouter(prefix="/api")
    router.add_api_route(path, function, **options)
    app.include_router(router)
    return list(iter_route_contexts(app.routes))[-1]


async def to_model(size: int) -> Wanted:
    return Wanted(size=size)


async def with_body(wanted: Wanted) -> Response:
    return Response(str(wanted.size))


async def with_cookie(mark: Annotated[str, Cookie()] = "") -> Response:
    return Response(mark)


async def with_tasks(tasks: BackgroundTasks) -> Response:
    return Response(repr(tasks))


async def with_nested(value: Annotated[str, Depends(lambda: "from a thread")]) -> Response:
    return Response(value)


def in_a_thread() -> Response:
    return Response()


class TestDirect:
    @pytest.mark.parametrize("function", [with_request, missing])
    def test_routes_that_answer_by_themselves(self, function: Callable[..., Any]) -> None:
        assert direct(route_of(function)) is not None

    def test_parameters_and_simple_dependencies_too(self) -> None:
        assert direct(route_of(read, "/{kind}/{number}")) is not None

    @pytest.mark.parametrize(
        "function", [to_model, with_body, with_cookie, with_tasks, with_nested, in_a_thread], ids=lambda f: f.__name__
    )
    def test_whatever_needs_more_goes_fastapis_way(self, function: Callable[..., Any]) -> None:
        assert direct(route_of(function, methods=["POST"])) is None

    def test_our_own_dependencies_are_simple(self) -> None:
        async def open_route(_ctx: Public) -> Response:
            return Response()

        async def guarded(_ctx: Annotated[Any, requires("roles:read")]) -> Response:
            return Response()

        for function in (open_route, guarded):
            function.__annotations__ |= {"return": Response}
            assert direct(route_of(function)) is not None


async def answers(settings: ServiceSettings, path: str, headers: dict[str, str]) -> tuple[int, str, dict[str, Any]]:
    router = APIRouter()
    for template, function in (
        ("/read/{kind}/{number}", read), ("/missing", missing), ("/broken", broken), ("/plain", with_request),
    ):  # fmt: skip
        router.add_api_route(template, function)
    made = create_app(settings, title="Direct", routers=[router])
    transport = httpx2.ASGITransport(app=made)
    async with httpx2.AsyncClient(transport=transport, base_url="http://etter.test") as client:
        found = await client.get(f"/api/sample/v1{path}", headers={**headers, "x-request-id": "the-same-one"})
    return found.status_code, found.text, dict(found.headers)


class TestParity:
    @pytest.mark.parametrize(
        ("path", "headers", "status"),
        [
            ("/plain", {}, 200),
            ("/read/a/7", {}, 200),
            ("/read/a%20b/7?size=9&names=x&names=y", {"if-match": '"7"'}, 200),
            ("/read/a/seven?size=big&colour=red", {}, 422),
            ("/missing", {}, 404),
            ("/broken", {}, 500),
        ],
    )
    async def test_the_answer_is_what_fastapi_makes_of_it(
        self,
        settings: ServiceSettings,
        monkeypatch: pytest.MonkeyPatch,
        path: str,
        headers: dict[str, str],
        status: int,
    ) -> None:
        ours = await answers(settings, path, headers)
        monkeypatch.setattr("etter_common.dispatch.direct", lambda _route: None)
        assert ours == await answers(settings, path, headers)
        assert ours[0] == status
