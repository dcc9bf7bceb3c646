"""What an earlier reader left comes back in any order and is handled in the right one."""

from __future__ import annotations

import asyncio

from nats.aio.client import Client
from nats.aio.msg import Msg

from etter_common.clock import monotonic
from etter_common.events.lanes import Held, Lanes, Recovery


class Recorder:
    """Settles at once and remembers in which order."""

    def __init__(self) -> None:
        self.settled: list[int] = []
        self.lanes = Lanes(self._settle, on_room=lambda: None)

    async def _settle(self, held: Held) -> None:
        self.settled.append(held.sequence)

    async def deliver(self, *sequences: int, aggregate: str = "a") -> list[int]:
        for sequence in sequences:
            self.lanes.add(delivery(sequence, aggregate))
        for _ in range(20):  # turns of the loop, more than any lane here needs
            await asyncio.sleep(0)
        return self.settled


def delivery(sequence: int, aggregate: str = "a") -> Msg:
    reply = f"$JS.ACK.S.c.1.{sequence}.{sequence}.1700000000000000000.0"
    return Msg(Client(), subject=f"etter.probe.step.taken.v1.-.{aggregate}", reply=reply, headers={})


class TestRecovery:
    async def test_redeliveries_are_held_back_until_all_are_here_and_then_sorted(self) -> None:
        recorder = Recorder()
        recorder.lanes.recover(Recovery(expected=3, delivered_up_to=10, until=monotonic() + 60))
        assert await recorder.deliver(11, 9, 7) == []
        assert await recorder.deliver(8) == [7, 8, 9, 11]

    async def test_what_does_not_come_back_is_not_waited_for_past_its_time(self) -> None:
        recorder = Recorder()
        recorder.lanes.recover(Recovery(expected=3, delivered_up_to=10, until=monotonic() - 1))
        assert await recorder.deliver(9) == [9]

    async def test_a_delivery_of_what_is_here_already_is_not_handled_again(self) -> None:
        recorder = Recorder()
        recorder.lanes.recover(Recovery(expected=2, delivered_up_to=10, until=monotonic() + 60))
        await recorder.deliver(5, 5)
        assert await recorder.deliver(4) == [4, 5]
