"""One valid call of every route of a service, made from its OpenAPI document, and what came of it."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import FastAPI

from etter_common.context import Context, Origin
from etter_common.ids import new_id
from etter_common.openapi_components import parameters_of
from etter_common.platform import Platform
from etter_common.testing.client import Caller, TokenMint
from etter_common.testing.service import ServiceUnderTest

Maker = Callable[[Context], Awaitable[UUID | str]]
"""Makes one object of a kind in the context's company and gives its id."""
Route = tuple[str, str]

_METHODS: Final = ("get", "post", "put", "patch", "delete")
_PARAMETER: Final = re.compile(r"\{([^}]+)\}")
_STREAM: Final = "text/event-stream"
_FORM: Final = "multipart/form-data; boundary=etter"


@dataclass(frozen=True)
class Outcome:
    """The first bytes of an answer; of an event stream, its head and what came first."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def is_unavailable(self, route: Route) -> bool:
        """Whether it is a 503 that says when to come back; any other server error is a failure."""
        assert self.status < 500 or self.status == 503, f"{route}: {self}"
        if self.status != 503:
            return False
        assert self.headers["content-type"] == "application/problem+json", f"{route}: {self}"
        assert int(self.headers["retry-after"]) > 0, f"{route}: {self}"
        return True


@dataclass(frozen=True)
class Call:
    route: Route
    path: str
    caller: Caller
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, app: FastAPI, mint: TokenMint) -> Outcome:
        """Call the application as a server would; the client leaves once a stream has begun."""
        path, _, query = self.path.partition("?")
        headers = {"authorization": f"Bearer {mint.token(self.caller)}", **self.headers}
        if self.body:
            headers["content-length"] = str(len(self.body))
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "root_path": "",
            "method": self.route[0], "path": path, "raw_path": path.encode(), "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        }  # fmt: skip
        exchange = _Exchange(self.body)
        await app(scope, exchange.receive, exchange.send)
        start = exchange.start
        named = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
        return Outcome(start["status"], named, bytes(exchange.body))


class _Exchange:
    def __init__(self, body: bytes) -> None:
        self._given: bytes | None = body
        self._left = asyncio.Event()
        self.start: dict[str, Any] = {}
        self.body = bytearray()

    async def receive(self) -> dict[str, Any]:
        if self._given is not None:
            body, self._given = self._given, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:  # Any: ASGI's messages
        if message["type"] == "http.response.start":
            self.start = message
        else:
            self.body += message.get("body", b"")
            if b"\n\n" in self.body or not message.get("more_body"):
                self._left.set()


async def calls(
    app: FastAPI,
    platform: Platform,
    unit: ServiceUnderTest,
    *,
    makers: Mapping[str, Maker],
    bodies: Mapping[Route, Any],
    values: Mapping[str, str],
) -> AsyncGenerator[Call]:
    """Each route once, by a caller who may, on an object made for it through `platform`.

    A parameter is made by its maker, or has its value of `values`, or the least its schema allows.
    """
    mint = TokenMint(platform.keys)
    prefix = f"/api/{unit.name}/v1"
    allowed = json.loads((unit.root / "tests" / "permissions.json").read_text(encoding="utf-8"))
    document = app.openapi()
    for path, item in document["paths"].items():
        for method in (method for method in item if method in _METHODS):
            route = method.upper(), path.removeprefix(prefix)
            role = (allowed.get(" ".join(route)) or ["super_admin"])[0]
            caller = Caller(new_id(), new_id(), role)
            ctx = platform.context(origin=Origin(request_id="outage"), principal=mint.principal(caller))
            given = {
                **values,
                **{name: str(await makers[name](ctx)) for name in _PARAMETER.findall(path) if name in makers},
            }
            await ctx.finish()
            filled = _filled(path, parameters_of(document, item[method]).values(), given, document)
            body, headers = _body(route, item[method], document, bodies)
            yield Call(route, filled, caller, body, headers)


def _filled(path: str, parameters: Iterable[Any], given: Mapping[str, str], document: Mapping[str, Any]) -> str:
    needed: dict[str, dict[str, str]] = {"path": {}, "query": {}, "header": {}}
    for parameter in parameters:
        if parameter["required"]:
            name = parameter["name"]
            needed[parameter["in"]][name] = given.get(name) or str(example(parameter["schema"], document))
    return f"{path.format_map(needed['path'])}?{urlencode(needed['query'])}"


def _body(
    route: Route, operation: dict[str, Any], document: dict[str, Any], bodies: Mapping[Route, Any]
) -> tuple[bytes, dict[str, str]]:
    headers = {}
    if "If-Match" in parameters_of(document, operation):
        headers["if-match"] = "*"
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        part = 'Content-Disposition: form-data; name="file"; filename="role.txt"\r\nContent-Type: text/plain'
        return f"--etter\r\n{part}\r\n\r\nJob title: {new_id()}\r\n--etter--\r\n".encode(), {"content-type": _FORM}
    if "application/json" not in content:
        return b"", headers
    headers["content-type"] = "application/json"
    if route[0] == "POST" and "security" in operation:
        headers["idempotency-key"] = str(new_id())
    given = bodies[route] if route in bodies else example(content["application/json"]["schema"], document)
    return json.dumps(given).encode(), headers


def example(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:  # Any: JSON
    """A value the schema allows, of its required parts only."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return example(document["components"]["schemas"][name], document)
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema and "properties" not in schema:
            return example(schema[choice][0], document)
    if "const" in schema or "enum" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type", "object")
    if kind == "object":
        properties = schema.get("properties", {})
        names = schema.get("required") or list(properties)[:1]
        return {name: example(properties[name], document) for name in names if name in properties}
    if kind == "array":
        return [example(schema["items"], document) for _ in range(schema.get("minItems", 0))]
    if kind == "string":
        return _text(schema)
    return False if kind == "boolean" else _number(schema)


def _number(schema: Mapping[str, Any]) -> Any:  # int or float
    low = schema.get("minimum", schema.get("exclusiveMinimum", 0))
    return low + 1 if "exclusiveMinimum" in schema else low


def _text(schema: Mapping[str, Any]) -> str:
    unique = str(new_id())
    by_format = {"uuid": unique, "email": f"{unique}@b.example", "date": "2026-01-01"}
    return by_format.get(str(schema.get("format")), unique[: schema.get("maxLength", len(unique))])
