"""The pool, its time limits, and the count of the queries a request makes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from etter_common import responses
from etter_common.settings import ServiceSettings


@dataclass
class QueryLog:
    """Statements sent while it was active; transaction control is not counted."""

    statements: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.statements)


_log: ContextVar[QueryLog | None] = ContextVar("query_log", default=None)


@contextmanager
def count_queries() -> Iterator[QueryLog]:
    """Collect the statements of everything awaited inside the block."""
    log = QueryLog()
    token = _log.set(log)
    try:
        yield log
    finally:
        _log.reset(token)


def make_engine(settings: ServiceSettings, *, url: str | None = None) -> AsyncEngine:
    """A pooled engine whose connections carry the service's name and its time limits."""
    engine = create_async_engine(
        url or settings.database_url,
        pool_size=settings.pool_size,
        max_overflow=settings.pool_overflow,
        pool_timeout=5,
        pool_recycle=1800,
        pool_use_lifo=True,
        json_serializer=lambda value: responses.encode(value).decode(),
        connect_args={
            "timeout": 5,
            "server_settings": {
                "application_name": f"etter-{settings.service}",
                "statement_timeout": str(settings.statement_timeout_ms),
                "lock_timeout": str(settings.lock_timeout_ms),
                "idle_in_transaction_session_timeout": "60000",
                "timezone": "UTC",
            },
        },
    )
    event.listen(engine.sync_engine, "before_cursor_execute", _record)
    return engine


def _record(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    if (log := _log.get()) is not None:
        log.statements.append(statement)
