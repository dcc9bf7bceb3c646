"""A whole-surface test of texts that are none: half a character (a lone surrogate) in every string a request has."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, ClassVar, Final
from uuid import UUID

from fastapi import FastAPI

from etter_common.context import Context
from etter_common.openapi_components import parameters_of
from etter_common.testing.client import CheckedClient
from etter_common.testing.exchange import Exchange
from etter_common.testing.service import ServiceUnderTest

Maker = Callable[[Context], Awaitable[UUID | str]]

HALF: Final = "half \ud800 of one"
_HALF_IN_A_QUERY: Final = "half%ED%A0%80"
_NO_TEXT: Final = ("null", "number", "integer", "boolean")
_HEADERS: Final = {"If-Match": "*", "content-type": "application/json"}


class TextTests:
    """A part of `SurfaceTests`."""

    makers: ClassVar[Mapping[str, Maker]]

    async def test_half_a_character_is_refused_or_kept_but_never_our_fault(
        self, app: FastAPI, as_role: Callable[..., CheckedClient], ctx: Context, unit_under_test: ServiceUnderTest
    ) -> None:
        made = {name: str(await maker(ctx)) for name, maker in self.makers.items()}
        await ctx.finish()
        client, sent = as_role("super_admin"), 0
        document = app.openapi()
        components = document["components"]["schemas"]
        spoil = Exchange(HALF, lambda schema: schema.get("type") not in _NO_TEXT, components, as_key=True)
        for method, path, operation in operations_but_streams(app, f"/api/{unit_under_test.name}/v1"):
            url = path.format_map(Ids(made))
            for name in (n for n, one in parameters_of(document, operation).items() if one["in"] == "query"):
                answer = await client.request(method, f"{url}?{name}={_HALF_IN_A_QUERY}", headers={"If-Match": "*"})
                assert answer.status_code < 500, f"{method} {path}?{name}"
            for body in spoil.bodies(operation):
                answer = await client.request(method, url, content=json.dumps(body), headers=_HEADERS)
                assert answer.status_code < 500, f"{method} {path}: {body}"
                sent += 1
        assert sent > 0


def operations_but_streams(app: FastAPI, prefix: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path below the prefix and operation of all that ends by itself."""
    for path, item in app.openapi()["paths"].items():
        for method, operation in item.items():
            if "text/event-stream" not in operation["responses"].get("200", {}).get("content", {}):
                yield method.upper(), path.removeprefix(prefix), operation


class Ids(dict[str, str]):
    """Ids for a path; one that was not made is nobody's."""

    def __missing__(self, key: str) -> str:
        return str(UUID(int=0))
