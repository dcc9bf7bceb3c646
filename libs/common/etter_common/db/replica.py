"""A read replica: asked only while it is known to be as fresh as promised."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import event, text
from sqlalchemy.ext.asyncio import AsyncEngine

from etter_common import metrics
from etter_common.clock import monotonic
from etter_common.db.engine import connect
from etter_common.logging import get_logger

MEASURE_S: Final = 1.0
_REMEMBERED: Final = 600
_POSITION: Final = text(
    "SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0')::bigint"
)
_log = get_logger(__name__)


class Lag:
    """How old the replica's data are at most, from positions in the log of both servers.

    The primary's position is noted with the moment before it was asked. Once the replica has replayed as far, it has
    everything committed before that moment. No clock of a server takes part, and an idle primary makes nobody stale.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._written: deque[tuple[float, int]] = deque(maxlen=_REMEMBERED)
        self._has_all_before = float("-inf")

    def seconds(self) -> float:
        """Infinite while nothing is known."""
        return self._clock() - self._has_all_before

    def wrote(self, asked_at: float, position: int) -> None:
        self._written.append((asked_at, position))

    def replayed(self, position: int) -> None:
        while self._written and self._written[0][1] <= position:
            self._has_all_before = self._written.popleft()[0]

    def unknown(self) -> None:
        self._has_all_before = float("-inf")


class Replica:
    """`engine` leads to the replica. It answers only while its lag is known to be `max_lag_s` at most."""

    def __init__(self, engine: AsyncEngine, *, max_lag_s: float, clock: Callable[[], float] = monotonic) -> None:
        self.engine = engine
        self._max_lag_s = max_lag_s
        self._clock = clock
        self.lag = Lag(clock)
        event.remove(engine.sync_engine, "do_connect", connect)
        event.listen(engine.sync_engine, "do_connect", self._connect)
        metrics.DB_REPLICA_LAG_S.labels("replica").set_function(self.lag.seconds)

    @property
    def is_fresh(self) -> bool:
        return self.lag.seconds() <= self._max_lag_s

    async def watch(self, primary: AsyncEngine) -> None:
        """Measure for ever. What cannot be measured ages, and is soon asked no more."""
        while True:
            try:
                async with asyncio.timeout(self._max_lag_s):
                    await self.measure(primary)
            except Exception as error:  # whatever it is, the next look tells
                _log.warning("replica_not_measured", error_type=type(error).__name__)
            await asyncio.sleep(MEASURE_S)

    async def measure(self, primary: AsyncEngine) -> None:
        began = self._clock()
        self.lag.wrote(began, await _position(primary))
        self.lag.replayed(await _position(self.engine))

    def _connect(self, dialect: Any, record: Any, given: Any, named: Any) -> Any:  # Any: SQLAlchemy's event
        try:
            return connect(dialect, record, given, named)
        except BaseException:
            self.lag.unknown()  # the next reads go to the primary at once
            raise


async def _position(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int((await connection.execute(_POSITION)).scalar_one())
