"""Routes called directly answer as they do through FastAPI, and those that need FastAPI get it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import APIRouter, BackgroundTasks, Cookie, Depends, FastAPI, Header, Query, Request, Response
from fastapi.dependencies.utils import request_params_to_args
from fastapi.routing import iter_route_contexts
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict
from pydantic import Field as PydanticField
from starlette.datastructures import QueryParams

from etter_common.app import create_app
from etter_common.deps import Public, requires
from etter_common.direct import QueryModel, direct
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


class Aliased(BaseModel):
    size: int = PydanticField(alias="how-large")


class Hard(BaseModel):
    model_config = ConfigDict(extra="forbid")
    limit: int = PydanticField(default=5, ge=1, le=9)
    name: str | None = None
    kinds: list[str] | None = None
    sizes: list[int] = []
    exact: bool


class Open(Hard):
    model_config = ConfigDict(extra="allow")


async def hard(query: Annotated[Hard, Query()]) -> Response:
    return Response(repr(query))


async def open_to_all(query: Annotated[Open, Query()]) -> Response:
    return Response(repr(query))


async def aliased(query: Annotated[Aliased, Query()]) -> Response:
    return Response(repr(query))


async def two(name: str, size: int = 1) -> Response:
    return Response(repr((name, size)))


NAMES = st.sampled_from(["limit", "name", "kinds", "sizes", "exact", "other", "Limit", ""])
VALUES = st.sampled_from(["", "1", "7", "99", "x", "true", "no", "1,2"])


class TestQueryModel:
    @pytest.mark.parametrize("function", [hard, open_to_all], ids=["forbids", "allows"])
    @given(pairs=st.lists(st.tuples(NAMES, VALUES), max_size=8))
    def test_it_reads_as_fastapi_does(self, function: Callable[..., Any], pairs: list[tuple[str, str]]) -> None:
        fields = route_of(function).dependant.query_params
        ours, received = QueryModel.of(fields), QueryParams(pairs)
        assert ours is not None
        assert ours.read(received) == request_params_to_args(fields, received)

    @pytest.mark.parametrize("function", [aliased, two])
    def test_what_follows_other_rules_is_left_to_it(self, function: Callable[..., Any]) -> None:
        assert QueryModel.of(route_of(function).dependant.query_params) is None
