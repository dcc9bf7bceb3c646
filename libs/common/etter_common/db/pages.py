"""A list's statement: built and compiled once for each shape, then sent by the driver with new values.

Building a statement, finding its compiled form and wrapping its result cost a list of 50 rows more than reading them.
A shape is what SQLAlchemy's own cache goes by: the columns, the order, and the structure of every condition. The first
read of a shape goes SQLAlchemy's way and leaves a `Plan`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, Integer, Row, Select, SQLColumnExpression, bindparam, select
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.sql.cache_key import HasCacheKey
from sqlalchemy.sql.compiler import SQLCompiler

from etter_common.bounded import Bounded
from etter_common.pagination import SortKey

MAX_PLANS: Final = 1_000
_LIMIT: Final = "page_limit"

Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Shape:
    """`key` is equal for reads that differ in `values` alone: those of each condition, in its own order."""

    key: tuple[Any, ...]
    values: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class PageRead:
    """What a page asks for: `limit` rows of `columns` and of the sort's `keys`."""

    columns: Mapping[str, SQLColumnExpression[Any]]
    keys: Sequence[SortKey]
    where: Sequence[ColumnElement[bool]]
    source: FromClause | None
    backward: bool
    limit: int

    def statement(self) -> Select[Any]:
        chosen: list[Any] = [column.label(name) for name, column in self.columns.items()]
        chosen += [key.column.label(f"_key{i}") for i, key in enumerate(self.keys)]
        statement: Select[Any] = select(*chosen).where(*self.where)
        if self.source is not None:
            statement = statement.select_from(self.source)
        order = (key.ordered(backward=self.backward) for key in self.keys)
        return statement.order_by(*order).limit(bindparam(_LIMIT, self.limit, Integer()))

    @property
    def parts(self) -> Sequence[HasCacheKey]:
        """All that holds values of this request."""
        return self.where if self.source is None else [*self.where, self.source]

    def shape(self) -> Shape | None:
        """None where a part has no structure to compare by."""
        found = [part._generate_cache_key() for part in self.parts]
        if any(one is None for one in found):
            return None
        key = (
            tuple(map(id, self.columns.values())),
            tuple((id(key.column), key.descending, key.nullable) for key in self.keys),
            self.source is None,
            self.backward,
            *(one.key for one in found if one is not None),
        )
        values = (tuple(bound.effective_value for bound in one.bindparams) for one in found if one is not None)
        return Shape(key, tuple(values))


class Plan:
    """A shape's SQL, where each of its arguments comes from, and what is done to what comes back.

    It holds the columns that the shape names by identity, so that no other object can take their place.
    """

    def __init__(
        self, sql: str, arguments: Sequence[_Argument], results: Sequence[Process | None], held: Sequence[Any]
    ) -> None:
        self.sql = sql
        self._arguments = arguments
        self._results = results if any(results) else None
        self._held = held

    @classmethod
    def of(cls, read: PageRead, statement: Select[Any], dialect: Dialect, types: Sequence[Any]) -> Plan | None:
        """From a read that was answered with columns of these `types` (OIDs).

        None for SQL that depends on values (a list of any length).
        """
        compiled = statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - what a select compiles to
        if compiled.post_compile_params or compiled.literal_execute_params:
            return None
        arguments = _arguments(read, compiled)
        if arguments is None:
            return None
        results = [
            column.type._cached_result_processor(dialect, oid)
            for column, oid in zip(compiled._result_columns, types, strict=True)
        ]
        held = [*read.columns.values(), *(key.column for key in read.keys)]
        return cls(str(compiled), arguments, results, held)

    def arguments(self, shape: Shape, limit: int) -> list[Any]:
        return [argument.of(shape.values, limit) for argument in self._arguments]

    def rows(self, records: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Records of the driver as SQLAlchemy's rows would be."""
        results = self._results
        if results is None:
            return records
        return [
            tuple(value if process is None else process(value) for process, value in zip(results, record, strict=True))
            for record in records
        ]


@dataclass(frozen=True, slots=True)
class _Argument:
    """The `at[1]`th value of the `at[0]`th part; without `at` the page's limit, or a `constant` of the SQL."""

    at: tuple[int, int] | None = None
    constant: Any = None
    is_limit: bool = False
    process: Process | None = None

    def of(self, values: Sequence[Sequence[Any]], limit: int) -> Any:
        if self.at is None:
            return limit if self.is_limit else self.constant
        value = values[self.at[0]][self.at[1]]
        return value if self.process is None else self.process(value)


def _arguments(read: PageRead, compiled: SQLCompiler) -> list[_Argument] | None:
    """None if a value of the request cannot be found again in the SQL: it must not be taken for a constant."""
    names = {twin: name for bound, name in compiled.bind_names.items() for twin in bound._cloned_set}
    origins: dict[str, tuple[int, int]] = {}
    for i, part in enumerate(read.parts):
        key = part._generate_cache_key()
        for j, bound in enumerate(key.bindparams if key is not None else ()):
            name = names.get(bound)
            if name is None or name in origins:
                return None
            origins[name] = (i, j)
    processors, given = compiled._bind_processors, compiled.construct_params()
    found = []
    for name in compiled.positiontup or ():
        process = processors.get(name)
        if isinstance(process, Sequence):  # of a tuple's members
            return None
        if name in origins:
            found.append(_Argument(origins[name], process=process))
        elif name == _LIMIT:
            found.append(_Argument(is_limit=True))
        else:
            found.append(_Argument(constant=given[name] if process is None else process(given[name])))
    return found


class Plans:
    """Plans by shape, of one engine; without one where there can be none."""

    def __init__(self, dialect: Dialect, *, most: int = MAX_PLANS) -> None:
        self._dialect = dialect
        self._plans: Bounded[tuple[Any, ...], Plan | None] = Bounded(most)

    def find(self, shape: Shape | None) -> Plan | None:
        return self._plans.get(shape.key) if shape is not None else None

    def read(self, connection: Connection, read: PageRead, shape: Shape | None) -> Sequence[Row[Any]]:
        """SQLAlchemy's way, which leaves a plan where there can be one."""
        statement = read.statement()
        result = connection.execute(statement)
        description = getattr(result.cursor, "description", None)
        rows = result.all()
        if shape is not None and description is not None and shape.key not in self._plans:
            types = [column[1] for column in description]
            self._plans.put(shape.key, Plan.of(read, statement, self._dialect, types))
        return rows
