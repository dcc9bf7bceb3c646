"""How sign-in tries are limited; no I/O.

Three leaky buckets of refused tries: the account's at one network, the account's at all networks where it is not known,
and the network's for all accounts that are not known there. A bucket drains evenly, by the database's clock. A try is
admitted when there is room for it; it holds that room while the hash is checked, so that tries in parallel do not slip
under the limit (Zitadel's advisory 7h8m-vrxx-vr4m). Only an answered refusal stays in a bucket.

No malicious lockout (ASVS 6.1.1): an account is known at a network where it has signed in. There its own bucket decides
alone, whatever others try elsewhere, or on other accounts. See docs/decisions/0016-sign-in-limits.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from ipaddress import ip_address, ip_network
from math import ceil
from typing import Final

from etter_common import crypto

KNOWN_FOR: Final = timedelta(days=30)
"""How long an account stays known at a network after its last sign-in there."""
FORGOTTEN_AFTER: Final = timedelta(hours=24)
"""A bucket that nobody has touched for so long is empty."""
FIRST_SIGN_IN_CREDIT: Final = 5
"""Refused tries that leave a network's bucket when an account becomes known there: people sign in at that network."""
_PURPOSE: Final = "sign-in-tries"


@dataclass(frozen=True)
class Limit:
    """Room for `capacity` tries; one drains in `drain_s` seconds."""

    capacity: int
    drain_s: int


PAIR: Final = Limit(capacity=10, drain_s=300)
ACCOUNT: Final = Limit(capacity=20, drain_s=300)
NETWORK: Final = Limit(capacity=100, drain_s=120)
LONGEST_WAIT_S: Final = max(limit.drain_s for limit in (PAIR, ACCOUNT, NETWORK))


class Outcome(Enum):
    """How an admitted or refused try ended. One that ended in neither (a 5xx) leaves nothing behind."""

    RIGHT = "right"
    WRONG = "wrong"
    DELAYED = "delayed"


@dataclass(frozen=True)
class Buckets:
    """The keys of one try's buckets; the same whether or not the address belongs to an account."""

    pair: bytes
    account: bytes
    network: bytes

    def limits(self) -> dict[bytes, Limit]:
        return {self.pair: PAIR, self.account: ACCOUNT, self.network: NETWORK}


@dataclass(frozen=True)
class Reading:
    """A bucket as a try found it: refused tries that have not drained, and tries in progress with this one."""

    level: float
    in_progress: int
    is_known: bool = False  # of a pair: it has signed in


def buckets_of(email: str, client_ip: str | None, *, key: bytes) -> Buckets:
    def named(text: str) -> bytes:
        return crypto.sign(text.encode(), key=key, purpose=_PURPOSE)

    network = network_of(client_ip or "-")
    return Buckets(
        pair=named(f"pair/ {email} {network}"), account=named(f"account/ {email}"), network=named(f"network/ {network}")
    )


def network_of(address: str) -> str:
    """The /24 of an IPv4 address, the /64 of an IPv6 one; what is no address is a network of its own."""
    try:
        prefix = 24 if ip_address(address).version == 4 else 64
    except ValueError:
        return address
    return str(ip_network(f"{address}/{prefix}", strict=False))


def wait_s(buckets: Buckets, readings: Mapping[bytes, Reading]) -> int:
    """Whole seconds until there is room for this try; 0 when there is."""
    deciding = {buckets.pair: PAIR} if readings[buckets.pair].is_known else buckets.limits()
    return max(_wait_s(readings[key], limit) for key, limit in deciding.items())


def _wait_s(found: Reading, limit: Limit) -> int:
    """Until enough has drained; where only tries in progress are in the way, they end soon."""
    if found.level + found.in_progress <= limit.capacity:
        return 0
    return min(max(ceil((found.level + 1 - limit.capacity) * limit.drain_s), 1), limit.drain_s)


def changes(buckets: Buckets, outcome: Outcome, *, is_known: bool) -> dict[bytes, int]:
    """By how much each level changes when the try ends; no level falls below zero."""
    pair, account, network = {
        Outcome.RIGHT: (-PAIR.capacity, 0, -FIRST_SIGN_IN_CREDIT),
        Outcome.WRONG: (1, 1, 1),
        Outcome.DELAYED: (0, 0, 0),
    }[outcome]
    if is_known:
        account = network = 0
    return {buckets.pair: pair, buckets.account: account, buckets.network: network}
