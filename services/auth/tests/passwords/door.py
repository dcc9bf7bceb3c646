"""The buckets of sign-in tries in memory, in time that a test makes."""

from __future__ import annotations

from dataclasses import dataclass, field

from etter_auth.passwords.tries import KNOWN_FOR, Buckets, Outcome, Reading, buckets_of, changes, wait_s


@dataclass
class Door:
    """The buckets as the repository keeps them; `test_tries_repository.py` holds it to that."""

    levels: dict[bytes, tuple[float, float]] = field(default_factory=dict)  # level, and when it was that
    succeeded_at: dict[bytes, float] = field(default_factory=dict)

    def level(self, key: bytes, drain_s: int, now: float) -> float:
        level, at = self.levels.get(key, (0.0, now))
        return max(level - (now - at) / drain_s, 0.0)

    def knows(self, buckets: Buckets, now: float) -> bool:
        return self.succeeded_at.get(buckets.pair, float("-inf")) > now - KNOWN_FOR.total_seconds()

    def knock(self, buckets: Buckets, now: float, *, is_right: bool, at_once: int = 1) -> int:
        """Try, and be told how long to wait; 0: the hash was looked at."""
        is_known = self.knows(buckets, now)
        levels = {key: self.level(key, limit.drain_s, now) for key, limit in buckets.limits().items()}
        readings = {key: Reading(level, 1, is_known) for key, level in levels.items()}
        readings[buckets.network] = Reading(levels[buckets.network], at_once)
        wait = wait_s(buckets, readings)
        outcome = Outcome.DELAYED if wait else Outcome.RIGHT if is_right else Outcome.WRONG
        for key, change in changes(buckets, outcome, is_known=is_known).items():
            self.levels[key] = max(levels[key] + change, 0.0), now
        if outcome is Outcome.RIGHT:
            self.succeeded_at[buckets.pair] = now
        return wait


def at(email: str, ip: str = "192.0.2.44") -> Buckets:
    return buckets_of(email, ip, key=b"k")
