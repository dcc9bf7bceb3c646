"""One company's queue at the engine does not stand before another's one call."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from etter_simulation.simulations.turns import Turns

A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)


class Line:
    """Calls that hold the turn until they are told to end."""

    def __init__(self) -> None:
        self.turns = Turns()
        self.served: list[UUID] = []
        self._ends: list[asyncio.Event] = []

    async def call(self, company_id: UUID) -> None:
        async with self.turns.turn(company_id):
            self.served.append(company_id)
            end = asyncio.Event()
            self._ends.append(end)
            await end.wait()

    def end_first(self) -> None:
        self._ends.pop(0).set()

    async def end_one(self) -> None:
        self.end_first()
        await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


class TestTurn:
    async def test_companies_take_turns_and_within_one_the_first_goes_first(self) -> None:
        line = Line()
        tasks = [asyncio.create_task(line.call(company)) for company in (A, A, A, A, B, C, B)]
        await settle()
        for _ in range(6):
            await line.end_one()
        assert line.served == [A, A, B, C, A, B, A]
        await line.end_one()
        await asyncio.gather(*tasks)

    async def test_who_gives_up_while_waiting_is_passed_over(self) -> None:
        line = Line()
        holder, gone, last = [asyncio.create_task(line.call(company)) for company in (A, B, C)]
        await settle()
        gone.cancel()
        await settle()
        await line.end_one()
        assert line.served == [A, C]
        await line.end_one()
        await asyncio.gather(holder, last)

    async def test_who_is_cancelled_as_the_turn_comes_passes_it_on(self) -> None:
        line = Line()
        holder, gone, last = [asyncio.create_task(line.call(company)) for company in (A, B, C)]
        await settle()
        line.end_first()
        await asyncio.sleep(0)  # the holder has left; the next one has not run yet
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        await settle()
        assert line.served == [A, C]
        await line.end_one()
        await asyncio.gather(holder, last)

    async def test_a_failure_gives_the_turn_back(self) -> None:
        turns = Turns()
        with pytest.raises(LookupError):
            async with turns.turn(A):
                raise LookupError
        async with turns.turn(B):
            pass
