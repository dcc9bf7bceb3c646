"""Browsers on other origins: what they may send and read, on every answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import UUID

import pytest
from fastapi import FastAPI

from etter_common.app import create_app
from etter_common.cors import EXPOSED_HEADERS
from etter_common.ids import new_id
from etter_common.testing.client import Caller, CheckedClient, TokenMint
from etter_common.testing.sample import SampleSettings, router
from etter_common.testing.service import running

SITE = "https://app.example"
PREFLIGHT = {
    "origin": SITE,
    "access-control-request-method": "PATCH",
    "access-control-request-headers": "authorization",
}


@pytest.fixture(scope="module", name="site")
async def _site(settings: SampleSettings) -> AsyncIterator[FastAPI]:
    own = settings.model_copy(update={"cors_origins": (SITE, "https://other.example")})
    async with running(create_app(own, title="Sites", routers=[router])) as app:
        yield app


@pytest.fixture(name="browser")
async def _browser(site: FastAPI, company_id: UUID) -> AsyncIterator[CheckedClient]:
    mint = TokenMint(site.state.platform.keys)
    caller = Caller(new_id(), company_id, "analyst")
    async with CheckedClient(site, prefix="/api/sample/v1", caller=caller, token=mint.token(caller)) as client:
        yield client


def allowed(headers: dict[str, str], origin: str = SITE) -> bool:
    return headers.get("access-control-allow-origin") == origin and "Origin" in headers["vary"]


class TestPreflight:
    async def test_it_is_answered_without_a_token(self, browser: CheckedClient) -> None:
        del browser.headers["authorization"]
        answer = await browser.options("/things", headers=PREFLIGHT)
        assert (answer.status_code, answer.content) == (204, b"")
        assert allowed(dict(answer.headers))
        assert "PATCH" in answer.headers["access-control-allow-methods"]
        for name in ("Authorization", "Content-Type", "If-Match", "Idempotency-Key"):
            assert name in answer.headers["access-control-allow-headers"]
        assert "access-control-allow-credentials" not in answer.headers

    async def test_an_unknown_site_is_not_let_in(self, browser: CheckedClient) -> None:
        for origin in ("https://evil.example", "null", "https://app.example.evil.example", "http://app.example"):
            answer = await browser.options("/things", headers={**PREFLIGHT, "origin": origin})
            assert answer.status_code == 405
            assert "access-control-allow-origin" not in answer.headers

    async def test_a_plain_options_is_no_preflight(self, browser: CheckedClient) -> None:
        assert (await browser.options("/things", headers={"origin": SITE})).status_code == 405


class TestAnswers:
    async def test_each_kind_of_answer_may_be_read(self, browser: CheckedClient) -> None:
        answers = [
            await browser.post("/things", json={"name": "box"}, headers={"origin": SITE}),
            await browser.post("/things", json={}, headers={"origin": SITE}),
            await browser.post("/things", content=b"{", headers={"origin": SITE, "content-type": "application/json"}),
            await browser.get("/nowhere", headers={"origin": SITE}),
            await browser.get("/things", headers={"origin": SITE, "authorization": ""}),
            await browser.post("/things", content=b"x", headers={"origin": SITE, "content-encoding": "gzip"}),
            await browser.get("/things/broken/answer", headers={"origin": SITE}),
        ]
        assert [answer.status_code for answer in answers] == [201, 422, 400, 404, 401, 415, 500]
        for answer in answers:
            assert allowed(dict(answer.headers)), answer.status_code
            assert answer.headers["access-control-expose-headers"].split(", ") == list(EXPOSED_HEADERS)

    async def test_cached_answers_too_each_to_its_own_site(self, browser: CheckedClient, site: FastAPI) -> None:
        for _ in range(2):  # by the route, then before it
            for origin in (SITE, "https://other.example"):
                answer = await browser.get("/things", headers={"origin": origin})
                assert allowed(dict(answer.headers), origin)
                again = await browser.get(
                    "/things", headers={"origin": origin, "if-none-match": answer.headers["etag"]}
                )
                assert again.status_code == 304
                assert allowed(dict(again.headers), origin)

    async def test_caches_keep_answers_to_others_apart(self, browser: CheckedClient) -> None:
        for headers in ({}, {"origin": "https://evil.example"}):
            for _ in range(2):
                answer = await browser.get("/things", headers=headers)
                assert "access-control-allow-origin" not in answer.headers
                assert "Origin" in answer.headers["vary"]
                assert "Accept-Encoding" in answer.headers["vary"]


@pytest.mark.principal("analyst")
async def test_without_the_setting_there_is_none_of_it(client: CheckedClient) -> None:
    preflight = await client.options("/things", headers=PREFLIGHT)
    answer = await client.get("/things", headers={"origin": SITE})
    assert (preflight.status_code, answer.status_code) == (405, 200)
    for got in (preflight, answer):
        assert not [name for name in got.headers if name.startswith("access-control")]
        assert "Origin" not in got.headers.get("vary", "")
