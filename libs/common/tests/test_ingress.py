"""What a service says in the place of the ingress."""

from __future__ import annotations

from urllib.parse import quote

import httpx2
import pytest
from fastapi import FastAPI

from etter_common.testing.client import CheckedClient


@pytest.fixture
def anyone(app: FastAPI) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://etter.test")


class TestProblemOf:
    @pytest.mark.parametrize("path", ["/", "/metrics", "/api/core-internal/x", "/api/sample/v1/things"])
    @pytest.mark.parametrize("method", ["GET", "POST"])
    async def test_a_path_without_a_route(self, anyone: httpx2.AsyncClient, method: str, path: str) -> None:
        async with anyone:
            answer = await anyone.request(method, f"/ingress/404{path}")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["code"], answer.json()["instance"]) == ("NOT_FOUND", path)

    async def test_a_service_that_gave_no_answer(self, anyone: httpx2.AsyncClient) -> None:
        url = quote("http://etter.test/api/core/v1/roles?limit=3", safe="")
        async with anyone:
            answer = await anyone.get(f"/ingress/502?url={url}")
        assert (answer.status_code, answer.headers["retry-after"]) == (502, "2")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "SERVICE_UNREACHABLE"
        assert answer.json()["instance"] == "/api/core/v1/roles"
        assert answer.headers["x-request-id"] == answer.json()["request_id"]

    @pytest.mark.parametrize("path", ["/ingress/", "/ingress/500", "/ingress/502?url=//[", "/ingress/x/health/ready"])
    async def test_anything_else_is_not_found_or_unreachable(self, anyone: httpx2.AsyncClient, path: str) -> None:
        async with anyone:
            answer = await anyone.get(path)
        assert answer.status_code in (404, 502)
        assert answer.headers["content-type"] == "application/problem+json"

    async def test_only_the_exact_prefix_is_meant(self, client: CheckedClient) -> None:
        answer = await client.get("/ingress/404/x")
        assert answer.json()["instance"] == "/api/sample/v1/ingress/404/x"
