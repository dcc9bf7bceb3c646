"""Limits as a client meets them, on an application whose figures are small enough to reach."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import UUID

import pytest
from fastapi import APIRouter, Depends, FastAPI, Form, Request

from etter_common.app import Application, create_app
from etter_common.context import Context
from etter_common.deps import leave_gate, public, requires
from etter_common.ids import new_id
from etter_common.platform import Platform
from etter_common.ratelimit import Policy
from etter_common.responses import Data, Schema, documented
from etter_common.testing.client import Caller, CheckedClient, TokenMint, UnreadBody, plant_key
from etter_common.testing.sample import SampleSettings
from etter_common.testing.service import running

DAY_S = 86_400  # no unit comes back while a test runs
STRICT = Policy(f"strict-{new_id()}", limit=2, window_s=DAY_S)
GUESSES = Policy(f"guesses-{new_id()}", limit=1, window_s=DAY_S)


class Work:
    """What the slow route does: it says that it began, and goes on when it may."""

    def __init__(self) -> None:
        self.begun = 0
        self.may_end = asyncio.Event()


class Text(Schema):
    text: str


def routes(work: Work) -> APIRouter:
    router = APIRouter()

    @router.get("/quick", responses=documented())
    async def quick(_ctx: Annotated[Context, requires(None)]) -> Data[str]:
        return Data[str].of("done")

    @router.get("/strict", responses=documented())
    async def strict(_ctx: Annotated[Context, requires(None, limit=STRICT)]) -> Data[str]:
        return Data[str].of("done")

    @router.get("/slow", responses=documented())
    async def slow(_ctx: Annotated[Context, requires(None)]) -> Data[str]:
        work.begun += 1
        await work.may_end.wait()
        return Data[str].of("done")

    @router.get("/open", responses=documented())
    async def open_to_all(_ctx: Annotated[Context, public()]) -> Data[str]:
        return Data[str].of("done")

    @router.post("/write", responses=documented())
    async def write(_ctx: Annotated[Context, requires(None)], _words: list[str]) -> Data[str]:
        return Data[str].of("done")

    @router.post("/guess", responses=documented())
    async def guess(_ctx: Annotated[Context, public(limit=GUESSES)]) -> Data[str]:
        return Data[str].of("done")

    return router


def body_routes(work: Work) -> APIRouter:
    router = APIRouter()

    @router.post("/own-gate", responses=documented(), dependencies=[Depends(leave_gate)])
    async def own_gate(_ctx: Annotated[Context, public()], data: Text) -> Data[str]:
        work.begun += 1
        await work.may_end.wait()
        return Data[str].of(data.text)

    @router.post("/json", responses=documented())
    async def json_body(_ctx: Annotated[Context, public()], data: Text) -> Data[str]:
        return Data[str].of(data.text)

    @router.post("/form", responses=documented())
    async def form_body(_ctx: Annotated[Context, public()], text: Annotated[str, Form()]) -> Data[str]:
        return Data[str].of(text)

    @router.post("/raw", responses=documented())
    async def raw_body(request: Request, _ctx: Annotated[Context, public()]) -> Data[str]:
        return Data[str].of((await request.body()).decode())

    return router


class Site:
    """The application and clients for it."""

    def __init__(self, app: FastAPI, work: Work) -> None:
        self.app, self.work = app, work
        platform: Platform = app.state.platform
        platform.limiter._budget_s = 30.0  # a busy machine is not a dead Redis
        self._mint = TokenMint(platform.keys)
        self._known_keys = platform.api_keys

    def client(self, *, user: UUID | None = None, company: UUID | None = None, signed_in: bool = True) -> CheckedClient:
        caller = Caller(user or new_id(), company or new_id(), "analyst") if signed_in else None
        token = self._mint.token(caller) if caller else None
        return CheckedClient(self.app, prefix="/api/sample/v1", caller=caller, token=token)

    def with_key(self, *, user: UUID | None = None, company: UUID | None = None) -> CheckedClient:
        """A client with an API key of its own."""
        client = self.client(signed_in=False)
        key = plant_key(self._known_keys, Caller(user or new_id(), company or new_id(), "analyst"))
        client.headers["authorization"] = f"Bearer {key}"
        return client

    async def begun(self, number: int) -> None:
        async with asyncio.timeout(60):
            while self.work.begun < number:  # noqa: ASYNC110 - in this loop, no timer
                await asyncio.sleep(0)

    async def queued(self) -> None:
        """Somebody waits for a place."""
        assert isinstance(self.app, Application)
        async with asyncio.timeout(60):
            while not self.app._layer.gate._waiting:  # noqa: ASYNC110
                await asyncio.sleep(0)


Opening = Callable[..., Any]


@pytest.fixture
def site(settings: SampleSettings) -> Opening:
    """Opens a site with settings of its own; its counts are nobody else's."""

    @asynccontextmanager
    async def opened(**own: Any) -> AsyncIterator[Site]:
        work = Work()
        terms = settings.model_copy(update={"rate_limit_window_s": DAY_S, "rate_limit_company_requests": 10_000, **own})
        async with running(create_app(terms, title="Limits", routers=[routes(work), body_routes(work)])) as app:
            app.state.platform.limiter._prefix += f":{new_id()}"
            yield Site(app, work)

    return opened


async def statuses(client: CheckedClient, path: str, count: int) -> list[int]:
    return [(await client.get(path)).status_code for _ in range(count)]


class TestRates:
    async def test_a_user_has_a_quota_whatever_the_token(self, site: Opening) -> None:
        async with site(rate_limit_requests=3) as here:
            user, company = new_id(), new_id()
            first, second = (here.client(user=user, company=company) for _ in range(2))
            assert await statuses(first, "/quick", 2) == [200, 200]
            assert await statuses(second, "/quick", 2) == [200, 429]
            assert await statuses(here.client(company=company), "/quick", 1) == [200], "a colleague has their own"

    async def test_a_refusal_says_when_to_come_back(self, site: Opening) -> None:
        async with site(rate_limit_requests=1) as here:
            client = here.client()
            passed, refused = await client.get("/quick"), await client.get("/quick")
        assert passed.headers["ratelimit-policy"] == f'"default";q=1;w={DAY_S}'
        assert passed.headers["ratelimit"].startswith('"default";r=0;t=')
        assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_REQUESTS")
        assert DAY_S - 60 <= int(refused.headers["retry-after"]) <= DAY_S
        assert refused.headers["ratelimit"].startswith('"default";r=0;t=')

    async def test_a_company_has_one_too_over_all_its_callers(self, site: Opening) -> None:
        async with site(rate_limit_company_requests=3) as here:
            company = new_id()
            answers = [await here.client(company=company).get("/quick") for _ in range(4)]
            assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
            assert answers[-1].headers["ratelimit-policy"].startswith('"company";q=3;')
            assert await statuses(here.client(), "/quick", 1) == [200], "another company has its own"

    async def test_a_key_has_a_quota_of_its_own_beside_its_makers(self, site: Opening) -> None:
        async with site(rate_limit_requests=1, rate_limit_key_requests=2) as here:
            user, company = new_id(), new_id()
            key, other = (here.with_key(user=user, company=company) for _ in range(2))
            passed = await key.get("/quick")
            assert passed.headers["ratelimit-policy"] == f'"key";q=2;w={DAY_S}'
            assert passed.headers["ratelimit"].startswith('"key";r=1;t=')
            assert await statuses(key, "/quick", 2) == [200, 429]
            assert await statuses(other, "/quick", 1) == [200]
            assert await statuses(here.client(user=user, company=company), "/quick", 2) == [200, 429]
            assert await statuses(key, "/strict", 1) == [429]

    async def test_a_companys_keys_and_people_share_its_quota(self, site: Opening) -> None:
        async with site(rate_limit_company_requests=2) as here:
            company = new_id()
            assert await statuses(here.client(company=company), "/quick", 1) == [200]
            answers = [await here.with_key(company=company).get("/quick") for _ in range(2)]
            assert [answer.status_code for answer in answers] == [200, 429]
            assert answers[-1].headers["ratelimit-policy"].startswith('"company";q=2;')

    async def test_who_is_not_signed_in_is_counted_by_address(self, site: Opening) -> None:
        async with site(rate_limit_address_requests=2) as here:
            client = here.client(signed_in=False)
            answers = [
                (await client.get("/open", headers={"x-forwarded-for": address})).status_code
                for address in ("198.51.100.1", "198.51.100.1", "198.51.100.1", "198.51.100.2")
            ]
        assert answers == [200, 200, 429, 200]

    async def test_an_unknown_caller_is_counted_by_address_apart_from_public_routes(self, site: Opening) -> None:
        async with site(rate_limit_address_requests=2) as here:
            client = here.client(signed_in=False)
            client.headers["authorization"] = "Bearer no-token"
            assert await statuses(client, "/quick", 3) == [401, 401, 429]
            assert await statuses(client, "/open", 1) == [200], "who signs in from there still may"
            assert await statuses(here.client(), "/quick", 1) == [200]

    async def test_a_used_up_limit_refuses_before_the_body_is_read(self, site: Opening) -> None:
        async with site(rate_limit_requests=1) as here:
            client = here.client()
            assert await statuses(client, "/quick", 1) == [200]
            refused = await client.post("/write", content=UnreadBody(), headers={"content-type": "application/json"})
            assert refused.status_code == 429

    async def test_a_route_may_be_stricter(self, site: Opening) -> None:
        async with site() as here:
            client = here.client()
            assert await statuses(client, "/strict", 3) == [200, 200, 429]
            assert await statuses(client, "/quick", 1) == [200]
            assert await statuses(here.client(), "/strict", 1) == [200]

    async def test_a_public_route_may_be_stricter(self, site: Opening) -> None:
        async with site() as here:
            client = here.client(signed_in=False)
            assert [(await client.post("/guess")).status_code for _ in range(2)] == [200, 429]
            assert await statuses(client, "/open", 1) == [200]


class TestConcurrency:
    async def test_one_caller_has_so_many_open_and_no_more(self, site: Opening) -> None:
        async with site(max_concurrency_per_caller=2) as here:
            user = new_id()
            client = here.client(user=user)
            open_ones = [asyncio.create_task(client.get("/slow")) for _ in range(2)]
            await here.begun(2)
            refused = await client.get("/quick")
            assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_AT_ONCE")
            assert refused.headers["retry-after"] == "1"
            assert await statuses(here.client(), "/quick", 1) == [200]
            here.work.may_end.set()
            assert {task.status_code for task in await asyncio.gather(*open_ones)} == {200}
            assert await statuses(client, "/quick", 1) == [200], "their places are free again"

    async def test_a_key_is_a_caller_of_its_own(self, site: Opening) -> None:
        async with site(max_concurrency_per_caller=1) as here:
            user = new_id()
            key = here.with_key(user=user)
            open_one = asyncio.create_task(key.get("/slow"))
            await here.begun(1)
            assert (await key.get("/quick")).json()["code"] == "TOO_MANY_AT_ONCE"
            assert await statuses(here.client(user=user), "/quick", 1) == [200]
            here.work.may_end.set()
            assert (await open_one).status_code == 200

    async def test_past_the_places_and_the_queue_it_says_so_at_once(self, site: Opening) -> None:
        async with site(max_concurrency=1, max_queue=1, queue_timeout_s=3600) as here:
            working = asyncio.create_task(here.client().get("/slow"))
            await here.begun(1)
            waiting = asyncio.create_task(here.client().get("/quick"))
            await here.queued()
            refused = await here.client().get("/quick")
            assert (refused.status_code, refused.json()["code"]) == (503, "OVERLOADED")
            assert refused.headers["retry-after"] == "1"
            here.work.may_end.set()
            assert (await working).status_code == (await waiting).status_code == 200

    async def test_nobody_waits_in_the_queue_for_longer_than_said(self, site: Opening) -> None:
        async with site(max_concurrency=1, max_queue=5, queue_timeout_s=0.01) as here:
            working = asyncio.create_task(here.client().get("/slow"))
            await here.begun(1)
            assert (await here.client().get("/quick")).json()["code"] == "OVERLOADED"
            here.work.may_end.set()
            await working

    async def test_who_waits_at_a_gate_of_its_own_takes_no_place(self, site: Opening) -> None:
        async with site(max_concurrency=1, max_queue=0) as here:
            client = here.client(signed_in=False)
            waiting = []
            for number in range(1, 4):
                waiting.append(asyncio.create_task(client.post("/own-gate", json={"text": "a"})))
                await here.begun(number)
            assert await statuses(client, "/open", 2) == [200, 200]
            here.work.may_end.set()
            assert {task.status_code for task in await asyncio.gather(*waiting)} == {200}

    async def test_a_body_on_its_way_is_let_arrive_before_it_is_refused(self, site: Opening) -> None:
        async with site(max_concurrency=1, max_queue=0) as here:
            working = asyncio.create_task(here.client().get("/slow"))
            await here.begun(1)
            body = Parts(b'{"text": ', b'"a"}')
            refused = await here.client(signed_in=False).post("/json", content=body, headers=JSON)
            assert (refused.status_code, refused.json()["code"]) == (503, "OVERLOADED")
            assert body.left == []
            here.work.may_end.set()
            await working


JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
MULTIPART = {"content-type": "multipart/form-data; boundary=b"}
BODIES = pytest.mark.parametrize(
    ("path", "headers", "parts"),
    [
        ("/json", JSON, (b'{"text": ', b'"a"}')),
        ("/form", FORM, (b"text=", b"a")),
        ("/form", MULTIPART, (b"--b\r\n", b'Content-Disposition: form-data; name="text"\r\n\r\na\r\n--b--\r\n')),
        ("/raw", {}, (b"a", b"b")),
    ],
)


class Parts:
    """A body that comes in parts, once it may."""

    def __init__(self, *parts: bytes, may_come: bool = True) -> None:
        self.left = list(parts)
        self.may_come = asyncio.Event()
        self.is_awaited = asyncio.Event()
        if may_come:
            self.may_come.set()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.is_awaited.set()
        await self.may_come.wait()
        while self.left:
            yield self.left.pop(0)


@BODIES
class TestErrorsWhileABodyIsRead:
    """Each comes out as itself, however the route reads the body."""

    async def test_no_place_for_a_late_body(
        self, site: Opening, path: str, headers: dict[str, str], parts: tuple[bytes, ...]
    ) -> None:
        async with site(max_concurrency=1, max_queue=0) as here:
            body = Parts(*parts, may_come=False)
            late = asyncio.create_task(here.client(signed_in=False).post(path, content=body, headers=headers))
            await body.is_awaited.wait()
            working = asyncio.create_task(here.client().get("/slow"))
            await here.begun(1)
            body.may_come.set()
            refused = await late
            assert (refused.status_code, refused.json()["code"]) == (503, "OVERLOADED")
            assert refused.headers["retry-after"] == "1"
            here.work.may_end.set()
            await working

    async def test_too_large(self, site: Opening, path: str, headers: dict[str, str], parts: tuple[bytes, ...]) -> None:
        async with site(max_body_bytes=1024) as here:
            body = Parts(parts[0] + b"x" * 1024, *parts[1:])
            refused = await here.client(signed_in=False).post(path, content=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")

    async def test_too_slow(self, site: Opening, path: str, headers: dict[str, str], parts: tuple[bytes, ...]) -> None:
        async with site(body_idle_timeout_s=0.01) as here:
            body = Parts(*parts, may_come=False)
            refused = await here.client(signed_in=False).post(path, content=body, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (408, "REQUEST_TIMEOUT")


class TestTime:
    async def test_a_request_has_a_deadline(self, site: Opening) -> None:
        async with site(request_timeout_s=0.05) as here:
            late = await here.client().get("/slow")
        assert (late.status_code, late.json()["code"]) == (504, "DEADLINE_EXCEEDED")
