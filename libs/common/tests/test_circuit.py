from __future__ import annotations

import pytest

from etter_common.circuit import Circuit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> Circuit:
    return Circuit(trips_after=3, first_s=5, longest_s=15, clock=clock)


def fail(circuit: Circuit, times: int) -> None:
    for _ in range(times):
        circuit.note(ok=False)


class TestCircuit:
    def test_it_opens_after_failures_in_a_row(self, circuit: Circuit) -> None:
        fail(circuit, 2)
        circuit.note(ok=True)
        fail(circuit, 2)
        assert circuit.refusal_s() is None
        fail(circuit, 1)
        assert circuit.refusal_s() == 5

    def test_after_the_pause_one_call_probes_and_the_others_wait_for_it(self, circuit: Circuit, clock: Clock) -> None:
        fail(circuit, 3)
        clock.now = 5
        assert circuit.refusal_s() is None
        assert circuit.refusal_s() == 5
        circuit.note(ok=True)
        assert circuit.refusal_s() is None
        assert circuit.refusal_s() is None

    def test_a_failed_probe_opens_it_for_longer_up_to_a_bound(self, circuit: Circuit, clock: Clock) -> None:
        fail(circuit, 3)
        pauses = []
        for _ in range(4):
            clock.now += 1000
            assert circuit.refusal_s() is None
            circuit.note(ok=False)
            pauses.append(circuit.refusal_s())
        assert pauses == [10, 15, 15, 15]

    def test_a_probe_that_never_returns_is_followed_by_another(self, circuit: Circuit, clock: Clock) -> None:
        fail(circuit, 3)
        clock.now = 5
        assert circuit.refusal_s() is None
        clock.now = 10
        assert circuit.refusal_s() is None

    def test_after_it_closed_the_first_pause_is_short_again(self, circuit: Circuit, clock: Clock) -> None:
        fail(circuit, 3)
        clock.now = 1000
        circuit.refusal_s()
        circuit.note(ok=False)
        clock.now = 2000
        circuit.refusal_s()
        circuit.note(ok=True)
        fail(circuit, 3)
        assert circuit.refusal_s() == 5
