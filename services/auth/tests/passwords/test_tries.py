"""The limits on sign-in tries, played in time that the tests make."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etter_auth.passwords.tries import (
    ACCOUNT,
    FIRST_SIGN_IN_CREDIT,
    FORGOTTEN_AFTER,
    LONGEST_WAIT_S,
    NETWORK,
    PAIR,
    Reading,
    network_of,
    wait_s,
)

from .door import Door, at

DAY_S = 86_400
AT_ONCE = 24  # sign-ins of one network in progress: of eight replicas, three each


class TestOffice:
    def test_ten_thousand_people_behind_one_address_never_wait(self) -> None:
        """2 % of all tries are wrong, a quarter of them in the address; everybody signs in within an hour, 30 days."""
        people = [(at(f"{n}@brightwater.example"), at(f"{n}@brightwatr.example")) for n in range(10_000)]
        door, chance, waits = Door(), Random(1), 0
        for day in range(30):
            chance.shuffle(people)
            for number, (mine, mistyped) in enumerate(people):
                now = day * DAY_S + number * 3600 / len(people)
                while (typo := chance.random()) < 0.02:
                    door.knock(mistyped if typo < 0.005 else mine, now, is_right=False, at_once=AT_ONCE)
                waits += door.knock(mine, now, is_right=True, at_once=AT_ONCE) > 0
        assert waits == 0

    def test_five_typos_a_day_in_unknown_addresses_never_add_up(self) -> None:
        door = Door()
        waits = [
            door.knock(at(f"colleague{day}-{k}@beta.example"), day * 16 * 3600, is_right=False)
            for day in range(1000)
            for k in range(5)
        ]
        assert set(waits) == {0}

    def test_who_is_known_does_not_wait_while_the_network_is_full(self) -> None:
        door, maya = Door(), at("maya@brightwater.example")
        door.knock(maya, 0, is_right=True)
        for n in range(NETWORK.capacity + 1):
            full = door.knock(at(f"{n}@x.example"), 1, is_right=False)
        assert full
        assert door.knock(at("new@brightwater.example"), 1, is_right=True)
        assert not door.knock(maya, 1, is_right=True)


class TestAttackers:
    def test_stuffing_from_one_network_is_held_to_the_networks_limit(self) -> None:
        door = Door()
        hashed = sum(not door.knock(at(f"{n}@x.example"), n, is_right=False) for n in range(DAY_S))
        assert hashed <= NETWORK.capacity + DAY_S / NETWORK.drain_s + 1

    def test_signing_in_with_an_own_account_makes_room_once(self) -> None:
        door, own = Door(), at("mallory@x.example")
        hashed = 0
        for n in range(1000):
            door.knock(own, 0, is_right=True)
            hashed += not door.knock(at(f"{n}@x.example"), 0, is_right=False)
        assert hashed <= NETWORK.capacity + FIRST_SIGN_IN_CREDIT

    def test_guessing_at_one_account_from_many_networks_is_held_to_the_accounts_limit(self) -> None:
        door = Door()
        tries = (at("maya@x.example", f"10.{n % 250}.{n // 250 % 250}.1") for n in range(20_000))
        hashed = sum(not door.knock(there, n * 4, is_right=False) for n, there in enumerate(tries))
        assert hashed <= ACCOUNT.capacity + 20_000 * 4 / ACCOUNT.drain_s + 1

    def test_the_victim_is_not_locked_out_where_they_sign_in(self) -> None:
        door, home = Door(), at("maya@x.example")
        door.knock(home, 0, is_right=True)
        for n in range(1000):
            door.knock(at("maya@x.example", f"10.0.{n % 250}.1"), n, is_right=False)
            assert not door.knock(home, n, is_right=True)

    def test_guessing_from_the_victims_own_network_is_held_to_the_pairs_limit(self) -> None:
        door, home = Door(), at("maya@x.example")
        door.knock(home, 0, is_right=True)
        hashed = sum(not door.knock(home, n, is_right=False) for n in range(DAY_S))
        assert hashed <= PAIR.capacity + DAY_S / PAIR.drain_s + 1


class TestWait:
    @given(
        st.lists(st.tuples(st.floats(0, 400), st.sampled_from("abc"), st.integers(1, 3), st.booleans()), max_size=200)
    )
    def test_it_is_bounded_and_honest(self, tries: list[tuple[float, str, int, bool]]) -> None:
        """Whoever waits as long as they are told is let in, if no other try comes in between."""
        door, now = Door(), 0.0
        for pause_s, email, network, is_right in tries:
            now += pause_s
            buckets = at(email, f"10.0.{network}.1")
            wait = door.knock(buckets, now, is_right=is_right)
            assert 0 <= wait <= LONGEST_WAIT_S
            if wait:
                now += wait
                assert door.knock(buckets, now, is_right=is_right) == 0

    @given(st.integers(1, 50))
    def test_no_more_than_the_capacity_is_admitted_at_once(self, at_once: int) -> None:
        buckets = at("maya@x.example")
        readings = {key: Reading(0.0, at_once) for key in buckets.limits()}
        assert (wait_s(buckets, readings) == 0) is (at_once <= PAIR.capacity)

    def test_tries_in_progress_alone_are_waited_for_shortly(self) -> None:
        buckets = at("maya@x.example")
        assert wait_s(buckets, {key: Reading(0.0, PAIR.capacity + 1) for key in buckets.limits()}) == 1

    def test_an_empty_bucket_may_be_forgotten(self) -> None:
        assert all(n.capacity * n.drain_s <= FORGOTTEN_AFTER.total_seconds() for n in (PAIR, ACCOUNT, NETWORK))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("-", "-"),
        ("testclient", "testclient"),
    ],
)
def test_neighbours_are_counted_together(address: str, network: str) -> None:
    assert network_of(address) == network


def test_buckets_of_other_accounts_and_networks_differ() -> None:
    found = [at(email, ip) for email in ("a", "b") for ip in ("192.0.2.1", "192.0.2.9", "198.51.100.1")]
    assert len({each.pair for each in found}) == 4
    assert len({each.account for each in found}) == 2
    assert len({each.network for each in found}) == 2
    assert len({key for each in found for key in each.limits()}) == 8
