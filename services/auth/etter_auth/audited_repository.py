"""A change and its audit entry in one statement: neither can be there without the other, and it costs one query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import CTE, Delete, Insert, Update, func, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import aliased

from etter_auth.audit_events.entries import Entry
from etter_auth.audit_events.models import AuditEvent
from etter_auth.tables import Base
from etter_common.db.repository import Repository, SharedRepository

ModelT = TypeVar("ModelT", bound=Base)


@dataclass(frozen=True)
class Ending:
    """Rows about to end (sessions, API keys), as a part of another change's statement: it, and what to read from it."""

    statement: CTE
    ended: Any  # scalar subquery: {id: user id}

    @classmethod
    def of(cls, statement: CTE) -> Ending:
        """Of a statement that gives `id` and `user_id`."""
        pairs = func.jsonb_object_agg(statement.c.id, statement.c.user_id, type_=JSONB)
        return cls(statement, select(func.coalesce(pairs, literal({}, JSONB))).scalar_subquery())


def together(*endings: Ending) -> Any:
    """What all of them ended, as a list; `extra` of a change they are `beside`."""
    return func.jsonb_build_array(*(ending.ended for ending in endings), type_=JSONB)


@dataclass(frozen=True)
class Changed(Generic[ModelT]):
    """The row as it is after the change, and what the statements beside it gave back."""

    row: ModelT
    extra: Any = None


async def change(
    repository: SharedRepository[ModelT],
    statement: Insert | Update | Delete,
    entry: Entry,
    *,
    beside: Sequence[CTE] = (),
    extra: Any = None,
) -> Changed[ModelT] | None:
    """Carry out `statement` and, if it touched a row, write `entry`; `None` when it touched none.

    `beside` are further changes of the same statement, `extra` a scalar query over what they return.
    """
    changed = statement.returning(*repository.model.__table__.c).cte("changed")
    written = _written_if(changed, entry.values(repository.ctx))
    columns = [aliased(repository.model, changed), *([] if extra is None else [extra])]
    query = select(*columns).add_cte(written, *beside).execution_options(populate_existing=True)
    found = (await repository.session.execute(query)).first()
    if found is None:
        return None
    return Changed(found[0], extra=None if extra is None else found[1])


def _written_if(changed: CTE, values: dict[str, Any]) -> CTE:
    table = AuditEvent.__table__
    literals = [literal(value, JSONB() if name == "details" else table.c[name].type) for name, value in values.items()]
    return insert(AuditEvent).from_select(list(values), select(*literals).select_from(changed)).cte("audited")


class AuditedRepository(Repository[ModelT]):
    """Rows of one company whose changes are audited."""

    async def change(
        self, statement: Insert | Update | Delete, entry: Entry, *, beside: Sequence[CTE] = (), extra: Any = None
    ) -> Changed[ModelT] | None:
        return await change(self, statement, entry, beside=beside, extra=extra)
