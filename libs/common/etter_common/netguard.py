"""Connections to public addresses only, decided on the address that is really connected to."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Collection, Iterable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

import httpcore2
import httpx2

Resolve = Callable[[str, int], list[str]]

_NAT64: Final = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_RESOLVE_S: Final = 3.0


class NotPublic(Exception):
    """The name leads, at least partly, to an address inside some network."""


def resolve_host(host: str, port: int) -> list[str]:
    """All addresses of a name; blocks, so it runs in a thread."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet, also when it wraps an IPv4 address in an IPv6 one."""
    try:
        ip = ip_address(address.split("%")[0])
    except ValueError:
        return False
    return all(part.is_global and not part.is_multicast for part in (ip, *_wrapped(ip)))


def _wrapped(ip: IPv4Address | IPv6Address) -> Iterable[IPv4Address]:
    if isinstance(ip, IPv4Address):
        return
    if ip.ipv4_mapped:
        yield ip.ipv4_mapped
    if ip.sixtofour:
        yield ip.sixtofour
    if ip.teredo:
        yield from ip.teredo
    if any(ip in network for network in _NAT64):
        yield IPv4Address(int(ip) & 0xFFFFFFFF)


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Resolves, checks and pins; TLS still verifies the certificate against the name."""

    def __init__(self, *, allowed_hosts: Collection[str], resolve: Resolve) -> None:
        self._allowed = frozenset(allowed_hosts)
        self._resolve = resolve
        self._backend = httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        try:
            async with asyncio.timeout(timeout or _RESOLVE_S):
                addresses = await asyncio.to_thread(self._resolve, host, port)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise httpcore2.ConnectError(f"{host} cannot be resolved") from error
        if host.lower() not in self._allowed and not all(map(is_public, addresses)):
            raise NotPublic(host)
        return await self._connect(addresses, port, timeout, local_address, socket_options)

    async def _connect(
        self,
        addresses: list[str],
        port: int,
        timeout: float | None,
        local_address: str | None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None,
    ) -> httpcore2.AsyncNetworkStream:
        failure: Exception = httpcore2.ConnectError("the name has no address")
        for address in addresses:
            try:
                return await self._backend.connect_tcp(
                    address, port, timeout=timeout, local_address=local_address, socket_options=socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """httpx2's transport on a pool whose connections the guard makes; takes no proxy from the environment."""

    def __init__(self, *, allowed_hosts: Collection[str], resolve: Resolve, limits: httpx2.Limits) -> None:
        super().__init__(trust_env=False)
        # httpx2 takes no network backend, so the pool is replaced; test_netguard fails if it stops using it
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False),
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=GuardedBackend(allowed_hosts=allowed_hosts, resolve=resolve),
        )
