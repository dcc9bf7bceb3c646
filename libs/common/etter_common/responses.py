"""The only bodies: `Data`, `Page`, `Problem`; and their encoding without a detour through dicts of dicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl, quote, urlencode

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from etter_common.errors import UNIVERSAL, AppError
from etter_common.exact import Exact
from etter_common.fieldsets import Tree, narrow

T = TypeVar("T")

PROBLEM_MEDIA_TYPE = "application/problem+json"
PROBLEM_TYPE_BASE = "https://etter.example/problems/"


class Schema(Exact):
    """Base of everything that crosses the wire: unknown input is refused, rows of the database are accepted."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Data(BaseModel, Generic[T]):
    """One thing."""

    data: T

    @classmethod
    def of(cls, value: Any) -> Data[T]:  # the route's return annotation tells FastAPI what T is and validates it
        return cls.model_construct(data=value)


class PageMeta(BaseModel):
    next_cursor: str | None = Field(description="pass it as `cursor` to get the next page; null on the last")
    prev_cursor: str | None = Field(description="the same for the page before; null on the first")
    has_more: bool
    limit: int
    total: int | None = Field(default=None, description="only with `include_total=true`")


class Page(BaseModel, Generic[T]):
    """One page of a list."""

    data: list[T]
    meta: PageMeta


@dataclass(frozen=True)
class Slice:
    """What a repository hands out for one page: rows as mappings (already narrowed to the wanted fields)."""

    rows: Sequence[Mapping[str, Any]]
    next_cursor: str | None
    limit: int
    total: int | None = None
    prev_cursor: str | None = None


class ProblemError(BaseModel):
    pointer: str = Field(description="JSON pointer to the wrong part", examples=["/body/title"])
    message: str
    code: str


class Problem(BaseModel):
    """RFC 9457 problem details."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=[PROBLEM_TYPE_BASE + "not-found"])
    title: str
    status: int
    detail: str
    instance: str
    code: str = Field(description="stable, UPPER_SNAKE", examples=["NOT_FOUND"])
    request_id: str
    errors: list[ProblemError] = Field(default_factory=list)


PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}  # of a document that `openapi.complete` has seen

_encoder = msgspec.json.Encoder(decimal_format="string", uuid_format="canonical")


def encode(value: Any) -> bytes:
    """JSON bytes of plain values, UUIDs, datetimes and Decimals (as strings), msgspec Structs and dataclasses."""
    return _encoder.encode(value)


def encode_page(page: Slice) -> bytes:
    """A `Page` body straight from rows. Tests hold that it validates against the route's declared model."""
    meta: dict[str, Any] = {
        "next_cursor": page.next_cursor,
        "prev_cursor": page.prev_cursor,
        "has_more": page.next_cursor is not None,
        "limit": page.limit,
        "total": page.total,
    }
    return _encoder.encode({"data": [dict(row) for row in page.rows], "meta": meta})


def links(path: str, query: bytes, body: bytes) -> str | None:
    """The `Link` header (RFC 8288) of a list: its neighbours by the cursors its body names; `None` for other bodies.

    Read from the body's end, so that a list out of the cache has it too.
    """
    at = body.rfind(_META, -_META_LENGTH)
    if at < 0:
        return None
    try:
        meta = msgspec.json.decode(body[at + len(_META) - 1 : -1], type=_Cursors)
    except msgspec.MsgspecError:  # somebody else's meta
        return None
    given = [(name, value) for name, value in parse_qsl(query.decode("latin-1")) if name != "cursor"]
    found = [
        f'<{quote(path)}?{urlencode([*given, ("cursor", cursor)])}>; rel="{relation}"'
        for relation, cursor in (("next", meta.next_cursor), ("prev", meta.prev_cursor))
        if cursor is not None
    ]
    return ", ".join(found) or None


class _Cursors(msgspec.Struct):
    next_cursor: str | None
    prev_cursor: str | None


_META = b'"meta":{'
_META_LENGTH = 6_000  # two cursors of 2,000 characters at most, and the rest


def encode_data(value: Mapping[str, Any] | Sequence[Mapping[str, Any]], fields: Tree | None = None) -> bytes:
    """A `Data` body straight from one row or a few, with the wanted `fields` (`fieldsets`) of each."""
    return _encoder.encode({"data": narrow(value, fields)})


def problem_type(code: str) -> str:
    return PROBLEM_TYPE_BASE + code.lower().replace("_", "-")


def problem_body(error: AppError, *, instance: str, request_id: str) -> dict[str, Any]:
    """The one place a problem document is made; holds nothing the error's author did not mean to show."""
    return {
        **error.facts,
        "type": problem_type(error.code),
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": instance,
        "code": error.code,
        "request_id": request_id,
        "errors": [{"pointer": e.pointer, "message": e.message, "code": e.code} for e in error.errors],
    }


def documented(*errors: type[AppError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: its own errors by status, each with its codes as examples."""
    by_status: dict[int, list[type[AppError]]] = {}
    for error in (*errors, *UNIVERSAL):
        kinds = by_status.setdefault(error.status, [])
        if error not in kinds:
            kinds.append(error)
    return {status: _documented_status(kinds) for status, kinds in sorted(by_status.items())}


def _documented_status(kinds: Sequence[type[AppError]]) -> dict[str, Any]:
    examples = {
        kind.code: {
            "summary": kind.title,
            "value": problem_body(kind(), instance="/…", request_id="0198f3c2-…"),
        }
        for kind in kinds
    }
    return {
        "description": "; ".join(f"`{kind.code}` {kind.title}" for kind in kinds),
        "content": {PROBLEM_MEDIA_TYPE: {"schema": PROBLEM_SCHEMA, "examples": examples}},
    }
