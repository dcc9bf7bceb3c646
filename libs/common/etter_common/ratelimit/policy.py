"""What a limit allows, and what it decided."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec

_LENT_SHARE: Final = 100  # a process holds a hundredth of the quota at most, so five of them stay within 5 %


@dataclass(frozen=True, slots=True)
class Policy:
    """`limit` units per `window_s`. `name` is a fixed word of the code: it labels metrics and the headers."""

    name: str
    limit: int
    window_s: int
    when_redis_is_away: Literal["local", "allow", "refuse"] = "local"
    interval_us: float = field(init=False, repr=False, compare=False)
    window_us: int = field(init=False, repr=False, compare=False)
    header: str = field(init=False, repr=False, compare=False)
    raw: tuple[tuple[bytes, bytes], bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.limit < 1 or self.window_s < 1:
            raise ValueError("a policy allows at least one unit in at least one second")
        object.__setattr__(self, "window_us", self.window_s * 1_000_000)
        object.__setattr__(self, "interval_us", self.window_us / self.limit)
        header = f'"{self.name}";q={self.limit};w={self.window_s}'
        object.__setattr__(self, "header", header)
        object.__setattr__(self, "raw", ((b"ratelimit-policy", header.encode()), f'"{self.name}"'.encode()))

    @property
    def most_lent(self) -> int:
        """Units one process may hold unspent; none of a small quota, which is counted one by one."""
        return self.limit // _LENT_SHARE


DEFAULT: Final = Policy("default", limit=1000, window_s=60)


class Decision(msgspec.Struct, frozen=True):
    """`reset_s`: until the whole quota is back. `retry_after_s`: until this request would pass; 0 if it did."""

    policy: Policy
    allowed: bool
    remaining: int
    reset_s: int
    retry_after_s: int

    @property
    def limit(self) -> int:
        return self.policy.limit

    def raw_headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """`headers()` of an allowed request as an ASGI server takes them."""
        policy, name = self.policy.raw
        return policy, (b"ratelimit", b"%s;r=%d;t=%d" % (name, self.remaining, self.reset_s))

    def headers(self) -> dict[str, str]:
        """`RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-10), `Retry-After` if refused."""
        headers = {
            "RateLimit-Policy": self.policy.header,
            "RateLimit": f'"{self.policy.name}";r={self.remaining};t={self.reset_s}',
        }
        if not self.allowed:
            headers["Retry-After"] = str(self.retry_after_s)
        return headers


def decide(policy: Policy, allowed: bool, until_full_us: float, *, cost: int, unspent: int = 0) -> Decision:
    """`until_full_us`: until the whole quota is back; `unspent` units are lent to this process and still there."""
    remaining = int((policy.window_us - until_full_us) / policy.interval_us + 1e-6) + unspent
    wait_us = until_full_us + policy.interval_us * cost - policy.window_us
    return Decision(
        policy,
        allowed,
        remaining=max(0, min(remaining, policy.limit)),
        reset_s=math.ceil(until_full_us / 1_000_000),
        retry_after_s=0 if allowed else max(1, math.ceil(wait_us / 1_000_000)),
    )


def without_count(policy: Policy) -> Decision:
    """What holds when nobody can be asked and the policy does not count locally."""
    allowed = policy.when_redis_is_away == "allow"
    return Decision(policy, allowed, policy.limit if allowed else 0, reset_s=1, retry_after_s=0 if allowed else 1)
