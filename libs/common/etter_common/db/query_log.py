"""What a piece of work asked the database: each statement with its time, for spans, metrics and tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event
from sqlalchemy.engine import Engine

from etter_common import metrics
from etter_common.clock import epoch_ns

if TYPE_CHECKING:
    from etter_common.tracing import Timing

_NS: Final = 1_000_000_000
_TABLE: Final = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+\"?(\w+)", re.IGNORECASE)
_names: dict[str, str] = {}
_MAX_NAMES: Final = 2000
MAX_STATEMENTS: Final = 1000
"""Of one piece of work that are kept; a job may send many more."""


@dataclass(slots=True)
class QueryLog:
    """Statements sent while it was active and when; transaction control is not counted.

    The first `MAX_STATEMENTS` are kept, all are counted. `outer` is told too: a test's log around a request that has
    its own.
    """

    statements: list[str] = field(default_factory=list)
    times: list[tuple[int, int]] = field(default_factory=list)
    outer: QueryLog | None = None
    count: int = 0

    def timings(self) -> list[Timing]:
        """As spans want them: the statement's verb and first table, began and ended in ns since 1970."""
        return [(name(text), began, ended) for text, (began, ended) in zip(self.statements, self.times, strict=True)]

    def add(self, statement: str, began_ns: int, ended_ns: int) -> None:
        self.count += 1
        if self.count <= MAX_STATEMENTS:
            self.statements.append(statement)
            self.times.append((began_ns, ended_ns))
        if self.outer is not None:
            self.outer.add(statement, began_ns, ended_ns)


_log: ContextVar[QueryLog | None] = ContextVar("query_log", default=None)


def begin() -> tuple[QueryLog, Token[QueryLog | None]]:
    """A log for all this task awaits from now on; ended by `end`."""
    log = QueryLog(outer=_log.get())
    return log, _log.set(log)


def current() -> QueryLog | None:
    """The log of the running piece of work."""
    return _log.get()


def end(token: Token[QueryLog | None]) -> None:
    _log.reset(token)


@contextmanager
def count_queries() -> Iterator[QueryLog]:
    """Collect the statements of everything awaited inside the block."""
    log, token = begin()
    try:
        yield log
    finally:
        end(token)


def name(statement: str) -> str:
    """`SELECT roles`: few enough for a trace's list of names, with no value of any row."""
    known = _names.get(statement)
    if known is None:
        verb = statement.lstrip("( \n")[:12].split(None, 1)[0].upper() if statement.strip() else "?"
        table = _TABLE.search(statement)
        known = f"{verb} {table[1]}" if table else verb
        if len(_names) < _MAX_NAMES:
            _names[statement] = known
    return known


def watch(engine: Engine) -> None:
    """Measure every statement of `engine`."""
    event.listen(engine, "before_cursor_execute", _begin_statement)
    event.listen(engine, "after_cursor_execute", _end_statement)
    event.listen(engine, "handle_error", _fail_statement)


# Any: the signatures of SQLAlchemy's events
def _begin_statement(
    _connection: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: Any
) -> None:
    context.began_ns = epoch_ns()


def _end_statement(_connection: Any, _cursor: Any, statement: str, _given: Any, context: Any, _many: Any) -> None:
    record(statement, context.began_ns)


def _fail_statement(failure: Any) -> None:
    began_ns = getattr(failure.execution_context, "began_ns", None)
    if began_ns is not None and failure.statement is not None:
        record(failure.statement, began_ns)


def record(statement: str, began_ns: int) -> None:
    """A statement that ends now."""
    ended_ns = epoch_ns()
    metrics.DB_QUERY_SECONDS.observe((ended_ns - began_ns) / _NS)
    log = _log.get()
    if log is not None:
        log.add(statement, began_ns, ended_ns)
