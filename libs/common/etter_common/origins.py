"""What an origin is: the scheme, host and port that a browser names a site by."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def check_origin(origin: str) -> str:
    """`https://app.example` as browsers write it; raises `ValueError` for anything else.

    Plain http is for sites on this machine, where an app is developed.
    """
    parts = urlsplit(origin)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port is not None else ""
    written = f"{parts.scheme}://{f'[{host}]' if ':' in host else host}{port}"
    default = {"https": 443, "http": 80}.get(parts.scheme)
    is_host = host and set(host) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-:")
    if not is_host or written != origin or default is None or parts.port == default:
        raise ValueError(f"{origin!r} is not an origin; write https://host or https://host:port, in small letters")
    if parts.scheme == "http" and not _is_this_machine(host):
        raise ValueError(f"{origin!r}: http is for localhost only; use https")
    return origin


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
