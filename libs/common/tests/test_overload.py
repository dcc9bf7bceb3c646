from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from etter_common import metrics, overload
from etter_common.clock import monotonic
from etter_common.errors import Overloaded, TooManyAtOnce, Unavailable
from etter_common.overload import Gate, Place


def gate(concurrency: int = 1, queue: int = 1, wait_s: float = 60.0, per_caller: int = 2) -> Gate:
    return Gate(concurrency=concurrency, queue=queue, wait_s=wait_s, per_caller=per_caller)


async def settled(*tasks: asyncio.Task[None]) -> None:
    """Let the tasks come as far as they can by themselves."""
    for _ in range(5):
        await asyncio.sleep(0)


class TestEnter:
    async def test_as_many_as_there_are_places(self) -> None:
        doors = gate(concurrency=2, queue=0)
        await doors.enter()
        await doors.enter()
        with pytest.raises(Overloaded):
            await doors.enter()

    async def test_who_waits_gets_the_next_place_in_order(self) -> None:
        doors, order = gate(queue=3), []

        async def come(number: int) -> None:
            await doors.enter()
            order.append(number)

        await doors.enter()
        waiting = [asyncio.create_task(come(number)) for number in range(3)]
        await settled()
        for _ in range(3):
            doors.leave()
            await settled()
        await asyncio.gather(*waiting)
        assert order == [0, 1, 2]

    async def test_nobody_waits_longer_than_said(self) -> None:
        doors = gate(wait_s=0.01)
        await doors.enter()
        with pytest.raises(Overloaded) as refused:
            await doors.enter()
        assert refused.value.headers["Retry-After"] == "1"
        assert doors.inside == 1

    async def test_who_goes_while_waiting_takes_no_place(self) -> None:
        doors = gate(queue=2)
        await doors.enter()
        gone, stays = asyncio.create_task(doors.enter()), asyncio.create_task(doors.enter())
        await settled()
        gone.cancel()
        await settled()
        doors.leave()
        await stays
        assert doors.inside == 1

    async def test_a_place_given_to_one_who_is_just_leaving_is_not_lost(self) -> None:
        doors = gate()
        await doors.enter()
        waiting = asyncio.create_task(doors.enter())
        await settled()
        doors.leave()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert doors.inside == 0

    async def test_a_free_place_is_not_taken_past_those_who_wait(self) -> None:
        doors = gate(queue=2)
        await doors.enter()
        waiting = asyncio.create_task(doors.enter())
        await settled()
        assert not doors.enter_now()
        doors.leave()
        await waiting


class TestPermit:
    async def test_it_lasts_as_long_as_the_block(self) -> None:
        doors = gate()

        async def break_inside() -> None:
            async with doors.permit():
                assert doors.inside == 1
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await break_inside()
        assert doors.inside == 0

    async def test_a_gate_has_an_error_and_a_name_of_its_own(self) -> None:
        doors = Gate(concurrency=1, queue=0, wait_s=1, name="sample", error=lambda: Unavailable("full"))
        shed = metrics.HTTP_SHED.labels("sample_queue_full")
        before = shed._value.get()
        async with doors.permit():
            with pytest.raises(Unavailable, match="full"):
                await doors.enter()
        assert shed._value.get() == before + 1


class TestRefuseLate:
    def test_a_request_that_waited_in_the_loop_is_refused(self) -> None:
        doors = gate(wait_s=3600)
        doors.refuse_late(monotonic() - 1800)
        with pytest.raises(Overloaded):
            doors.refuse_late(monotonic() - 3601)


class TestHold:
    def test_one_caller_has_so_many_and_no_more(self) -> None:
        doors = gate(per_caller=2)
        doors.hold("maya")
        doors.hold("maya")
        with pytest.raises(TooManyAtOnce):
            doors.hold("maya")
        doors.hold("ines")
        doors.let_go("maya")
        doors.hold("maya")

    def test_nothing_is_kept_of_those_who_have_gone(self) -> None:
        doors = gate()
        doors.hold("maya")
        doors.let_go("maya")
        assert doors._callers == {}


class TestPlace:
    async def test_leaving_twice_frees_one_place(self) -> None:
        doors = gate(concurrency=2)
        first, second = Place(doors), Place(doors)
        first.leave()
        first.leave()
        assert doors.inside == 1
        await first.take()
        await second.take()
        assert doors.inside == 2


class VirtualTime(asyncio.SelectorEventLoop):
    """Nothing takes time but waiting, and waiting takes none of ours: the clock is moved to the next timer."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        select = self._selector.select  # type: ignore[attr-defined]  # of the base, which its stubs leave out

        def moved(timeout: float | None = None) -> object:
            self.now += timeout or 0.0
            return select(0)

        self._selector.select = moved  # type: ignore[attr-defined]

    def time(self) -> float:
        return self.now


@dataclass
class Load:
    """Requests that come at three times the rate that the places can bear, and how long each was let wait."""

    doors: Gate
    loop: VirtualTime
    works_s: float = 0.05
    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    async def request(self) -> None:
        came = self.loop.now
        try:
            await self.doors.enter()
        except Overloaded:
            self.refused.append(self.loop.now - came)
            return
        await asyncio.sleep(self.works_s)
        self.doors.leave()
        self.answered.append(self.loop.now - came)

    async def run(self, *, places: int, seconds: int) -> None:
        every = self.works_s / places / 3
        tasks = []
        for _ in range(int(seconds / every)):
            tasks.append(asyncio.create_task(self.request()))
            await asyncio.sleep(every)
        await asyncio.gather(*tasks)


def under_load(monkeypatch: pytest.MonkeyPatch, *, queue: int, wait_s: float) -> Load:
    loop = VirtualTime()
    monkeypatch.setattr(overload, "monotonic", loop.time)
    load = Load(gate(concurrency=4, queue=queue, wait_s=wait_s), loop)
    loop.run_until_complete(load.run(places=4, seconds=30))
    loop.close()
    return load


class TestThreeTimesTheLoad:
    PLACES, SECONDS = 4, 30

    @pytest.mark.parametrize(("queue", "wait_s"), [(200, 0.25), (8, 0.25), (200, 0.1)])
    def test_who_is_let_in_is_answered_in_bounded_time(
        self, monkeypatch: pytest.MonkeyPatch, queue: int, wait_s: float
    ) -> None:
        load = under_load(monkeypatch, queue=queue, wait_s=wait_s)
        assert max(load.answered) <= wait_s + load.works_s + 1e-6
        assert max(load.refused) <= wait_s + overload._SWEEP_S + 1e-6, "the others know soon, too"
        capacity = self.PLACES / load.works_s * self.SECONDS
        assert len(load.answered) >= 0.99 * capacity, "no place stands empty"

    def test_without_the_bounds_everybody_would_wait(self, monkeypatch: pytest.MonkeyPatch) -> None:
        load = under_load(monkeypatch, queue=10**9, wait_s=10**9)
        assert max(load.answered) > self.SECONDS
