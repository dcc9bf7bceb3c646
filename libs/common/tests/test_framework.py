"""What the newest versions of our libraries do unasked: each surprise has a test that fails if it comes back."""

from __future__ import annotations

import ast
import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import pytest
from fastapi import APIRouter
from pydantic import BaseModel, field_validator
from sqlalchemy.engine import make_url

from etter_common import metrics
from etter_common.app import create_app
from etter_common.context import Context
from etter_common.deps import requires
from etter_common.ids import new_id
from etter_common.responses import Data, documented
from etter_common.testing.client import Caller, CheckedClient, TokenMint
from etter_common.testing.sample import SampleSettings
from etter_common.testing.service import running

SECRET = "hunter2"


class Picky(BaseModel):
    word: str

    @field_validator("word")
    @classmethod
    def _never(cls, word: str) -> str:
        if word:
            raise ValueError("this word is not taken")  # its context holds the exception, which JSON cannot
        return word


def things(number: int) -> APIRouter:
    """The same path in each version of an API."""
    router = APIRouter(prefix=f"/version-{number}")

    @router.get("/things/{thing}", responses=documented(), name=f"get_{number}")
    async def get(_ctx: Annotated[Context, requires(None)], thing: str) -> Data[str]:
        return Data[str].of(thing)

    @router.post("/picky", responses=documented(), name=f"post_{number}")
    async def post(_ctx: Annotated[Context, requires(None)], data: Picky) -> Data[str]:
        return Data[str].of(data.word)

    @router.post("/large", responses=documented(), name=f"large_{number}")
    async def large(_ctx: Annotated[Context, requires(None)], data: list[str]) -> Data[int]:
        return Data[int].of(len(data[0]))

    return router


@pytest.fixture
async def versions(settings: SampleSettings) -> AsyncIterator[CheckedClient]:
    app = create_app(settings, title="Versions", routers=[things(1), things(2)], body_limits={"/large": 2_000_000})
    async with running(app):
        caller = Caller(new_id(), new_id(), "analyst")
        mint = TokenMint(app.state.platform.keys)
        async with CheckedClient(app, prefix="/api/sample/v1", caller=caller, token=mint.token(caller)) as client:
            yield client


def counted(route: str) -> float:
    labels = {"method": "GET", "route": route, "status": "2xx"}
    return metrics.REGISTRY.get_sample_value("etter_http_requests_total", labels) or 0


class TestFastAPI:
    async def test_its_own_telemetry_is_off(self) -> None:
        """On by itself since 0.142, as soon as a process has a provider: four spans a request beside ours."""
        probe = Path(__file__).with_name("framework_probe.py")
        process = await asyncio.create_subprocess_exec(sys.executable, probe, stdout=asyncio.subprocess.PIPE)
        out, _ = await process.communicate()
        found = re.search(rb"spans: \[(\d+), (\d+)\]", out)
        assert found, out
        assert int(found[1]) > 1, "a plain application makes them, so this would see ours"
        assert int(found[2]) == 0

    async def test_a_route_is_measured_by_its_whole_template(self, versions: CheckedClient) -> None:
        """Since 0.137 `scope["route"].path` lacks the prefixes: two versions of a path would be one."""
        templates = [f"/api/sample/v1/version-{number}/things/{{thing}}" for number in (1, 2)]
        before = [counted(template) for template in templates]
        for number in (1, 1, 2):
            assert (await versions.get(f"/version-{number}/things/x")).status_code == 200
        assert [counted(template) for template in templates] == [before[0] + 2, before[1] + 1]

    async def test_what_a_validator_was_given_goes_nowhere(self, versions: CheckedClient) -> None:
        """Its own 422 echoes `input` and `ctx`: secrets, and things JSON cannot hold."""
        response = await versions.post("/version-1/picky", json={"word": SECRET})
        assert (response.status_code, response.json()["code"]) == (422, "VALIDATION_FAILED")
        [error] = response.json()["errors"]
        assert error == {
            "pointer": "/body/word",
            "message": "Value error, this word is not taken",
            "code": "value_error",
        }
        assert SECRET not in response.text

    async def test_bodies_are_bounded_by_our_limits_alone(self, versions: CheckedClient) -> None:
        """`max_body_size` of the framework is not set; ours says what a route takes, and how much that is."""
        assert (await versions.post("/version-1/large", json=["x" * 1_500_000])).json() == {"data": 1_500_000}
        refused = await versions.post("/version-1/large", json=["x" * 2_000_001])
        assert (refused.status_code, refused.json()["limit_bytes"]) == (413, 2_000_000)


class TestStarlette:
    def test_nothing_of_what_1_0_removed_is_used(self, repository_root: Path) -> None:
        gone = {"on_event", "add_event_handler", "on_startup", "on_shutdown", "exception_handler", "middleware"}
        for file in repository_root.glob("*/*/etter_*/**/*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    assert not (node.func.attr in gone and ast.unparse(node.func.value).endswith("app")), file


class TestSQLAlchemy:
    def test_a_url_without_a_driver_means_another_one_now(self) -> None:
        """Why settings insist on `+asyncpg` (`test_settings`)."""
        assert make_url("postgresql://h/d").get_dialect().driver == "psycopg"
        assert make_url("postgresql+asyncpg://h/d").get_dialect().driver == "asyncpg"
