"""Keyset pagination: stable under concurrent writes, the same cost on page 1 and page 10,000.

A list declares its sorts once (`Listing`); the cursor holds the last row's sort values and is signed together with
the list's name, sort and filters, so that it opens no other list.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Select, SQLColumnExpression, and_, or_, true
from sqlalchemy.sql import coercions, roles
from sqlalchemy.sql.elements import UnaryExpression

from etter_common import crypto
from etter_common.errors import FieldError, InvalidCursor, InvalidSort

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
_PURPOSE = "cursor"


class PageParams(BaseModel):
    """Query parameters of every list; a slice subclasses it to add its typed filters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[int, Field(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT
    cursor: Annotated[str | None, Field(max_length=2000, description="`next_cursor` of the page before")] = None
    sort: Annotated[str | None, Field(max_length=200, examples=["title,-created_at"])] = None
    fields: Annotated[str | None, Field(max_length=2000, examples=["id,title"])] = None
    include_total: bool = False

    not_filters: ClassVar[frozenset[str]] = frozenset({"limit", "cursor", "include_total", "fields"})

    def filters(self) -> dict[str, Any]:
        """What the cursor is bound to: everything that decides which rows come in which order."""
        return self.model_dump(mode="json", exclude=set(self.not_filters), exclude_none=True)


@dataclass(frozen=True)
class SortKey:
    column: SQLColumnExpression[Any]
    descending: bool = False

    def ordered(self) -> UnaryExpression[Any]:
        return self.column.desc() if self.descending else self.column.asc()

    def after(self, value: Any) -> ColumnElement[bool]:
        later: ColumnElement[bool] = self.column < value if self.descending else self.column > value
        return later


@dataclass(frozen=True)
class Listing:
    """A list's name, the columns it may be sorted by (never null), its default sort and its unique tie-breaker."""

    name: str
    sorts: Mapping[str, SQLColumnExpression[Any]]
    default: str
    tie_breaker: SQLColumnExpression[Any]

    def keys(self, sort: str | None) -> list[SortKey]:
        """The declared sort keys for `sort`, ended by the tie-breaker; raises `InvalidSort`."""
        keys, seen = [], set()
        for part in (sort or self.default).split(","):
            name = part.strip().removeprefix("-")
            if name not in self.sorts or name in seen:
                valid = ", ".join(self.sorts)
                raise InvalidSort(
                    f"cannot sort by {part.strip()!r}; valid: {valid}",
                    errors=[FieldError("/query/sort", f"valid: {valid}", "unknown_sort")],
                )
            seen.add(name)
            keys.append(SortKey(self.sorts[name], descending=part.strip().startswith("-")))
        return [*keys, SortKey(self.tie_breaker, descending=keys[0].descending)]


class Cursor:
    """Reads and writes cursors of one listing for one set of filters."""

    def __init__(self, listing: Listing, filters: Mapping[str, Any], *, key: bytes) -> None:
        self._binding = listing.name.encode() + b"\0" + msgspec.json.encode(dict(sorted(filters.items())))
        self._key = key

    def write(self, values: Sequence[Any]) -> str:
        body = msgspec.msgpack.encode([_plain(value) for value in values])
        signature = crypto.sign(body + self._binding, key=self._key, purpose=_PURPOSE)
        return base64.urlsafe_b64encode(signature + body).rstrip(b"=").decode()

    def read(self, cursor: str) -> list[Any]:
        """Raises `InvalidCursor` for anything this list and these filters did not write."""
        try:
            raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        except (binascii.Error, ValueError, UnicodeEncodeError) as error:
            raise InvalidCursor from error
        signature, body = raw[:16], raw[16:]
        if not crypto.verify(body + self._binding, signature, key=self._key, purpose=_PURPOSE):
            raise InvalidCursor
        values: list[Any] = msgspec.msgpack.decode(body)
        return values


def seek(keys: Sequence[SortKey], values: Sequence[Any]) -> ColumnElement[bool]:
    """Rows strictly after `values` in the order of `keys`; ties go on to the next key."""
    alternatives = []
    for i, (key, value) in enumerate(zip(keys, values, strict=True)):
        same = [k.column == v for k, v in zip(keys[:i], values[:i], strict=True)]
        alternatives.append(and_(*same, key.after(value)))
    first, bound = keys[0], values[0]
    # the redundant bound on the leading column is what lets the planner start inside the index
    edge = first.column <= bound if first.descending else first.column >= bound
    return and_(edge, or_(*alternatives)) if alternatives else true()


def apply(statement: Select[Any], keys: Sequence[SortKey], values: Sequence[Any] | None, limit: int) -> Select[Any]:
    """Order, seek and take one row more than asked, to know whether there are more."""
    if values is not None:
        if len(values) != len(keys):
            raise InvalidCursor
        statement = statement.where(seek(keys, [_typed(k, v) for k, v in zip(keys, values, strict=True)]))
    return statement.order_by(*(key.ordered() for key in keys)).limit(limit + 1)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _typed(key: SortKey, value: Any) -> Any:
    wanted = coercions.expect(roles.ExpressionElementRole, key.column).type.python_type
    if value is None or isinstance(value, wanted):
        return value
    if wanted.__name__ == "UUID" or wanted is Decimal:
        return wanted(value)
    return value
