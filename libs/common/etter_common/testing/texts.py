"""A whole-surface test of texts that are none: half a character (a lone surrogate) in every string a request has."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, ClassVar
from uuid import UUID

from fastapi import FastAPI

from etter_common.context import Context
from etter_common.testing.client import CheckedClient
from etter_common.testing.service import ServiceUnderTest

Maker = Callable[[Context], Awaitable[UUID | str]]

HALF = "half \ud800 of one"
_HALF_IN_A_QUERY = "half%ED%A0%80"
_BRANCHES = ("anyOf", "oneOf", "allOf")
_DEEPEST = 8


class TextTests:
    """A part of `SurfaceTests`."""

    makers: ClassVar[Mapping[str, Maker]]

    async def test_half_a_character_is_refused_or_kept_but_never_our_fault(
        self, app: FastAPI, as_role: Callable[..., CheckedClient], ctx: Context, unit_under_test: ServiceUnderTest
    ) -> None:
        made = {name: str(await maker(ctx)) for name, maker in self.makers.items()}
        await ctx.finish()
        client, sent = as_role("super_admin", user=made.get("user_id")), 0
        for method, path, operation in _operations(app, f"/api/{unit_under_test.name}/v1"):
            url = path.format_map(_Ids(made))
            for name in _texts_of(operation):
                answer = await client.request(method, f"{url}?{name}={_HALF_IN_A_QUERY}", headers={"If-Match": "*"})
                assert answer.status_code < 500, f"{method} {path}?{name}"
            for body in bodies(operation, app.openapi()["components"]["schemas"]):
                headers = {"If-Match": "*", "content-type": "application/json"}
                answer = await client.request(method, url, content=json.dumps(body), headers=headers)
                assert answer.status_code < 500, f"{method} {path}: {body}"
                sent += 1
        assert sent > 0


def bodies(operation: Mapping[str, Any], components: Mapping[str, Any]) -> Iterator[Any]:
    """The operation's example body, each time with half a character in another of its strings."""
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        schema = content["application/json"]["schema"]
        yield from _spoilt(schema, _example(schema, components), components, 0)


def _spoilt(schema: Mapping[str, Any], value: Any, components: Mapping[str, Any], depth: int) -> Iterator[Any]:
    schema = _resolved(schema, components)
    branches = [branch for key in _BRANCHES for branch in schema.get(key, ())]
    if depth > _DEEPEST or schema.get("type") in ("null", "number", "integer", "boolean"):
        return
    for branch in branches:
        yield from _spoilt(branch, value, components, depth + 1)
    if schema.get("type") == "object":
        yield from _spoilt_object(schema, value if isinstance(value, dict) else {}, components, depth)
    elif schema.get("type") == "array":
        items = schema.get("items", {})
        first, *others = value if isinstance(value, list) and value else [_example(items, components)]
        for spoilt in _spoilt(items, first, components, depth + 1):
            yield [spoilt, *others]
    elif not branches:
        yield HALF


def _spoilt_object(
    schema: Mapping[str, Any], value: dict[str, Any], components: Mapping[str, Any], depth: int
) -> Iterator[Any]:
    for name, part in schema.get("properties", {}).items():
        inner = value.get(name, _example(part, components))
        for spoilt in _spoilt(part, inner, components, depth + 1):
            yield {**value, name: spoilt}
    if schema.get("additionalProperties", False) is not False:
        yield {**value, HALF: next(iter(value.values()), HALF)}


def _example(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Any:
    schema = _resolved(schema, components)
    return next(iter(schema.get("examples", ())), None)


def _resolved(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Mapping[str, Any]:
    return components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _operations(app: FastAPI, prefix: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in app.openapi()["paths"].items():
        for method, operation in item.items():
            is_stream = "text/event-stream" in operation["responses"].get("200", {}).get("content", {})
            if not is_stream:
                yield method.upper(), path.removeprefix(prefix), operation


def _texts_of(operation: Mapping[str, Any]) -> list[str]:
    return [p["name"] for p in operation.get("parameters", ()) if p["in"] == "query"]


class _Ids(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return str(UUID(int=0))
