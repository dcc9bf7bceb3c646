"""Whose turn it is at the engine: companies take turns, however much each of them has waiting."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID


class Turns:
    """Lets one in at a time. Of those that wait, the company served longest ago goes first, then who came first."""

    def __init__(self) -> None:
        self._taken = False
        self._waiting: OrderedDict[UUID, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def turn(self, company_id: UUID) -> AsyncGenerator[None]:
        await self._enter(company_id)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, company_id: UUID) -> None:
        if not self._taken:
            self._taken = True
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(company_id, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was given the turn at the same moment
                self._leave()
            raise

    def _leave(self) -> None:
        """Give the turn to the next; a company that has more waiting goes to the end of the line."""
        while self._waiting:
            company_id, turns = self._waiting.popitem(last=False)
            while turns:
                turn = turns.popleft()
                if not turn.done():
                    if turns:
                        self._waiting[company_id] = turns
                    turn.set_result(None)
                    return
        self._taken = False
