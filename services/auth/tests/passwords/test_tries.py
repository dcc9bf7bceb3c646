"""Which network a try comes from."""

from __future__ import annotations

import pytest

from etter_auth.passwords.tries import counters, network_of


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


def test_counters_of_other_users_and_addresses_differ() -> None:
    tries = [counters(email, ip, key=b"k") for email in ("a", "b") for ip in ("192.0.2.1", "198.51.100.1", None)]
    assert len({t.pair.key for t in tries}) == 6
    assert len({t.user.key for t in tries}) == 2
    assert len({t.network.key for t in tries}) == 3
