"""How sign-in tries are counted and slowed down; no I/O.

Three counters: the user, the network the try comes from, and the user from that very address. Up to a free number
nothing happens; from then on each try holds back the next ones by a delay that doubles. The counters are raised before
the hash is looked at, so that tries in parallel do not slip under the limit (Zitadel's advisory 7h8m-vrxx-vr4m).
No malicious lockout (ASVS 6.1.1): where a user has signed in before, the user's counter does not hold them back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address, ip_network
from typing import Final

from etter_common import crypto

LONGEST_DELAY: Final = timedelta(minutes=15)
FORGOTTEN_AFTER: Final = timedelta(hours=24)
KNOWN_FOR: Final = timedelta(days=30)
_PURPOSE: Final = "sign-in-tries"


@dataclass(frozen=True)
class Counter:
    """`free` tries pass unhindered; the one after them delays the next by a second, then two, four …"""

    key: bytes
    free: int


@dataclass(frozen=True)
class Counters:
    user: Counter
    network: Counter
    pair: Counter

    def all(self) -> tuple[Counter, Counter, Counter]:
        return self.user, self.network, self.pair


def counters(email: str, client_ip: str | None, *, key: bytes) -> Counters:
    """The counters of one try; the same whether or not the address belongs to anybody."""

    def named(text: str) -> bytes:
        return crypto.sign(text.encode(), key=key, purpose=_PURPOSE)

    address = client_ip or "-"
    return Counters(
        user=Counter(named(f"user {email}"), free=20),
        network=Counter(named(f"network {network_of(address)}"), free=100),
        pair=Counter(named(f"pair {email} {address}"), free=5),
    )


def network_of(address: str) -> str:
    """The /24 of an IPv4 address, the /64 of an IPv6 one; what is no address stands for itself."""
    try:
        prefix = 24 if ip_address(address).version == 4 else 64
    except ValueError:
        return address
    return str(ip_network(f"{address}/{prefix}", strict=False))
