"""Addresses and networks as one set: is this address in it?"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Final

_KEPT: Final = 1024


class Networks:
    """A container of addresses; what was asked lately is answered without looking again."""

    def __init__(self, given: Iterable[str]) -> None:
        self._networks = tuple(ip_network(network) for network in given)
        self._known = lru_cache(_KEPT)(self._has)

    def __contains__(self, address: object) -> bool:
        return isinstance(address, str) and self._known(address)

    def _has(self, text: str) -> bool:
        try:
            address = ip_address(text)
        except ValueError:
            return False
        return any(address in network for network in self._networks)
