from __future__ import annotations

import pytest

from etter_common.networks import Networks
from etter_common.request_state import RequestState


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True), ("127.0.0.2", False), ("172.20.3.4", True), ("172.21.0.1", False), ("fd00::7", True),
        ("fe80::1", False), ("testclient", False), (None, False),
    ],
)  # fmt: skip
def test_addresses_and_networks(address: str | None, expected: bool) -> None:
    networks = Networks(("127.0.0.1", "172.20.0.0/16", "fd00::/8"))
    assert (address in networks) is expected
    assert (address in networks) is expected


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("172.20.0.2", "203.0.113.9", "203.0.113.9"),
        ("172.20.0.2", "10.9.9.9, 203.0.113.9, 172.20.0.5", "203.0.113.9"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("172.20.0.2", "nonsense", "172.20.0.2"),
    ],
)
def test_only_a_trusted_network_tells_who_the_client_is(peer: str, forwarded: str, client: str) -> None:
    scope = {"type": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", forwarded.encode())]}
    assert RequestState(scope, Networks(("172.20.0.0/16",))).client_ip == client
