"""Every query about sign-in tries. Time is the database's alone: no replica's clock decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ARRAY, CTE, ColumnElement, DateTime, case, delete, func, literal, or_, select
from sqlalchemy.dialects.postgresql import Insert, insert

from etter_auth.passwords.models import SignInTries
from etter_auth.passwords.tries import (
    FORGOTTEN_AFTER,
    KNOWN_FOR,
    Buckets,
    Outcome,
    Reading,
    changes,
    wait_s,
)
from etter_common.db.repository import SharedRepository

_table = SignInTries
_NONE = literal([], ARRAY(DateTime(timezone=True)))


@dataclass(frozen=True)
class Hold:
    """A try in progress: it takes up room in its buckets from `began` until it is settled, or its time is over."""

    buckets: Buckets
    began: datetime
    is_known: bool
    wait_s: int

    def settled(self, outcome: Outcome) -> Insert:
        """The statement that ends it. Rows are locked in the order of their keys: no deadlock."""
        counts = 0 if outcome is Outcome.RIGHT else 1
        levels = sorted(changes(self.buckets, outcome, is_known=self.is_known).items())
        signed_in = {self.buckets.pair: func.now()} if outcome is Outcome.RIGHT else {}
        rows = [
            _row(key) | {"level": level, "tries": counts, "succeeded_at": signed_in.get(key)} for key, level in levels
        ]
        statement = insert(_table).values(rows)
        new = statement.excluded
        return statement.on_conflict_do_update(
            index_elements=[_table.key],
            set_={
                "level": func.greatest(_table.level + new.level, 0),
                "tries": _table.tries + new.tries,
                "holds": func.array_remove(_table.holds, self.began),
                "succeeded_at": func.coalesce(new.succeeded_at, _table.succeeded_at),
            },
        )

    def settled_right(self) -> CTE:
        return self.settled(Outcome.RIGHT).returning(_table.key).cte("settled")


class TriesRepository(SharedRepository[SignInTries]):
    model = SignInTries

    async def hold(self, buckets: Buckets, *, for_s: float) -> Hold:
        """Let the buckets drain up to now, and hold room in them for one try, `for_s` seconds at most."""
        rows = [_row(key) | {"holds": func.array_append(_NONE, func.now())} for key in sorted(buckets.limits())]
        statement = insert(_table).values(rows)
        now, longest = func.now(), timedelta(seconds=for_s)
        held = func.unnest(_table.holds).column_valued("held")
        live = select(func.array_agg(held)).where(held.between(now - longest, now + longest)).scalar_subquery()
        statement = statement.on_conflict_do_update(
            index_elements=[_table.key],
            set_={"level": _drained(buckets), "holds": func.array_append(live, now), "last_at": now},
        )
        is_known = func.coalesce(_table.succeeded_at > now - KNOWN_FOR, False)
        in_progress = func.cardinality(_table.holds)
        found = await self.session.execute(
            statement.returning(_table.key, _table.level, in_progress, is_known, func.now())
        )
        rows_found = found.all()
        readings = {key: Reading(level, count, known) for key, level, count, known, _ in rows_found}
        return Hold(
            buckets,
            began=rows_found[0][4],
            is_known=readings[buckets.pair].is_known,
            wait_s=wait_s(buckets, readings),
        )

    async def forget(self) -> None:
        """Drop empty buckets, but those of accounts that are known at a network."""
        unknown = or_(_table.succeeded_at.is_(None), _table.succeeded_at < func.now() - KNOWN_FOR)
        await self.session.execute(delete(_table).where(_table.last_at < func.now() - FORGOTTEN_AFTER, unknown))


def _row(key: bytes) -> dict[str, Any]:
    return {"key": key, "level": 0.0, "tries": 0, "holds": _NONE, "last_at": func.now(), "succeeded_at": None}


def _drained(buckets: Buckets) -> ColumnElement[float]:
    """The level as it is now; a clock that went back drains nothing."""
    elapsed_s = func.greatest(func.extract("epoch", func.now() - _table.last_at), 0)
    drain_s = case(*((_table.key == key, limit.drain_s) for key, limit in buckets.limits().items()))
    return func.greatest(_table.level - elapsed_s / drain_s, 0)
