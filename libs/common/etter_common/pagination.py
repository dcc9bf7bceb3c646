"""Keyset pagination: stable under concurrent writes, the same cost on page 1 and page 10,000, forward and back.

A list declares its sorts once (`Listing`); a cursor holds a row's sort values and the direction to read from there,
and is signed together with the list's name, sort and filters, so that it opens no other list. Rows without a value
come last, whichever way a column is sorted.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, or_, tuple_
from sqlalchemy.sql import coercions, roles
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.types import TypeEngine

from etter_common import crypto
from etter_common.errors import FieldError, InvalidCursor, InvalidSort
from etter_common.fieldsets import Fields

DEFAULT_LIMIT = 50
MAX_LIMIT = 200
MAX_NARROWED_LIMIT = 1_000
MAX_SORT_LENGTH = 200
_PURPOSE = "cursor"


class PageParams(BaseModel):
    """Query parameters of every list; a slice subclasses it to add its typed filters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    limit: Annotated[
        int, Field(ge=1, le=MAX_NARROWED_LIMIT, description=f"above {MAX_LIMIT} only together with `fields`")
    ] = DEFAULT_LIMIT
    cursor: Annotated[
        str | None,
        Field(
            max_length=2000,
            json_schema_extra={"pattern": "^[A-Za-z0-9_-]+$"},
            description="`next_cursor` or `prev_cursor` of a page",
        ),
    ] = None
    sort: Annotated[str | None, Field(max_length=MAX_SORT_LENGTH)] = None
    fields: Fields = None
    include_total: bool = False

    not_filters: ClassVar[frozenset[str]] = frozenset({"limit", "cursor", "include_total", "fields"})

    @model_validator(mode="after")
    def _many_only_narrowed(self) -> Self:
        if self.limit > MAX_LIMIT and self.fields is None:
            raise PydanticCustomError("limit_needs_fields", f"a limit above {MAX_LIMIT} needs fields")
        return self

    def filters(self) -> dict[str, Any]:
        """What the cursor is bound to: everything that decides which rows come in which order."""
        return self.model_dump(mode="json", exclude=set(self.not_filters), exclude_none=True)


def sortable(*names: str) -> Any:
    """The field of a list's `sort`, which the document shows with the columns of its `Listing`."""

    def show(schema: dict[str, Any]) -> None:
        schema.clear()
        schema.update(_sorted_by(names))

    return Field(max_length=MAX_SORT_LENGTH, json_schema_extra=show)


def _sorted_by(names: Sequence[str]) -> dict[str, Any]:
    """Each of these columns at most once, `-` before a name for descending."""
    schema: dict[str, Any] = {
        "type": "array",
        "items": {"type": "string", "enum": [form for name in names for form in (name, f"-{name}")]},
        "minItems": 1,
        "maxItems": len(names),
    }
    if len(names) > 1:
        both = [{"allOf": [{"contains": {"const": form}} for form in (name, f"-{name}")]} for name in names]
        schema |= {"uniqueItems": True, "not": {"anyOf": both}}
    return schema


@dataclass(frozen=True)
class SortKey:
    """One column of a sort. Read `backward`, everything turns round, the place of the rows without a value too."""

    column: SQLColumnExpression[Any]
    descending: bool = False
    nullable: bool = False

    def ordered(self, *, backward: bool) -> UnaryExpression[Any]:
        key = self.column.desc() if self.descending != backward else self.column.asc()
        if not self.nullable:
            return key
        return key.nulls_first() if backward else key.nulls_last()

    def beyond(self, value: Any, *, backward: bool) -> ColumnElement[bool]:
        """Rows that come after `value` in the direction of reading."""
        if value is None:
            return self.column.is_not(None) if backward else false()
        later = self.column < value if self.descending != backward else self.column > value
        return or_(later, self.column.is_(None)) if self.nullable and not backward else later

    def same(self, value: Any) -> ColumnElement[bool]:
        return self.column.is_(None) if value is None else self.column == value


@dataclass(frozen=True)
class Listing:
    """A list's name, the columns it may be sorted by, its default sort and its unique tie-breaker, never null.

    A mapped column says itself whether it may be null; `nullable` names those that cannot: expressions, and columns
    of an outer join.
    """

    name: str
    sorts: Mapping[str, SQLColumnExpression[Any]]
    default: str
    tie_breaker: SQLColumnExpression[Any]
    nullable: frozenset[str] = frozenset()

    def keys(self, sort: str | None) -> list[SortKey]:
        """The declared sort keys for `sort`, ended by the tie-breaker; raises `InvalidSort`."""
        keys, seen = [], set()
        for part in (self.default if sort is None else sort).split(","):
            name = part.strip().removeprefix("-")
            if name not in self.sorts or name in seen:
                valid = ", ".join(self.sorts)
                raise InvalidSort(
                    f"cannot sort by {part.strip()!r}; valid: {valid}",
                    errors=[FieldError("/query/sort", f"valid: {valid}", "unknown_sort")],
                )
            seen.add(name)
            column = self.sorts[name]
            nullable = name in self.nullable or bool(getattr(column, "nullable", False))
            keys.append(SortKey(column, descending=part.strip().startswith("-"), nullable=nullable))
        return [*keys, SortKey(self.tie_breaker, descending=keys[0].descending)]


@dataclass(frozen=True)
class Position:
    """Where a page begins: beyond the row with these sort values, read forward or back."""

    values: Sequence[Any]
    backward: bool = False


class Cursor:
    """Reads and writes cursors of one listing for one set of filters."""

    def __init__(self, listing: Listing, filters: Mapping[str, Any], *, keys: Sequence[bytes]) -> None:
        """The first of `keys` signs what is written, each counts for what is read."""
        bound = listing.name.encode() + b"\0" + msgspec.json.encode(dict(sorted(filters.items())))
        self._binding = hashlib.sha256(bound).digest()  # of one length, so that nothing of it passes for the body's
        self._keys = keys

    def write(self, position: Position) -> str:
        body = msgspec.msgpack.encode([position.backward, *position.values])
        signature = crypto.sign(self._binding + body, key=self._keys[0], purpose=_PURPOSE)
        return base64.urlsafe_b64encode(signature + body).rstrip(b"=").decode()

    def read(self, cursor: str) -> Position:
        """Raises `InvalidCursor` for anything this list and these filters did not write."""
        try:
            raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        except (binascii.Error, ValueError, UnicodeEncodeError) as error:
            raise InvalidCursor from error
        signature, body = raw[:16], raw[16:]
        if not crypto.verify(self._binding + body, signature, keys=self._keys, purpose=_PURPOSE):
            raise InvalidCursor
        backward, *values = msgspec.msgpack.decode(body)
        return Position(values, backward)


def seek(keys: Sequence[SortKey], position: Position) -> ColumnElement[bool]:
    """Rows strictly beyond `position` in the order of `keys`; ties go on to the next key."""
    values, backward = position.values, position.backward
    if len({key.descending for key in keys}) == 1 and not any(key.nullable for key in keys):
        # a comparison of rows is what lets the planner start inside the index
        here = tuple_(*(key.column for key in keys))
        there = tuple_(*values, types=[_type(key) for key in keys])
        return here < there if keys[0].descending != backward else here > there
    alternatives = []
    for i, (key, value) in enumerate(zip(keys, values, strict=True)):
        same = [k.same(v) for k, v in zip(keys[:i], values[:i], strict=True)]
        alternatives.append(and_(*same, key.beyond(value, backward=backward)))
    first, bound = keys[0], values[0]
    if first.nullable:
        return or_(*alternatives)
    edge = first.column <= bound if first.descending != backward else first.column >= bound
    return and_(edge, or_(*alternatives))


def beyond(keys: Sequence[SortKey], position: Position) -> ColumnElement[bool]:
    """`seek` by a position as a cursor holds it; raises `InvalidCursor` for one of another sort."""
    if len(position.values) != len(keys):
        raise InvalidCursor
    pairs = zip(keys, position.values, strict=True)
    typed = [None if value is None else msgspec.convert(value, _type(key).python_type) for key, value in pairs]
    return seek(keys, Position(typed, position.backward))


def _type(key: SortKey) -> TypeEngine[Any]:
    found: TypeEngine[Any] = coercions.expect(roles.ExpressionElementRole, key.column).type
    return found
