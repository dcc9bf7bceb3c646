"""What one process decides by itself: from units lent to it, or alone while Redis is away."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from etter_common.ratelimit.policy import Decision, Policy, decide

_LOCAL_KEYS: Final = 20_000


@dataclass(slots=True)
class Loan:
    """Units taken from the shared quota and not spent yet. All of them count as used until `full_at_us`."""

    units: int
    ends_us: float
    full_at_us: float


class Loans:
    """Units lent to this process by key; a loan ends with its policy's window, when its units are back anyway."""

    def __init__(self, clock: Callable[[], float], *, max_keys: int = _LOCAL_KEYS) -> None:
        self._clock = clock
        self._max_keys = max_keys
        self._loans: OrderedDict[tuple[str, str], Loan] = OrderedDict()

    def __len__(self) -> int:
        return len(self._loans)

    def spend(self, key: str, policy: Policy, cost: int) -> Loan | None:
        """The loan after `cost` units of it were spent, without asking anybody; `None` when it does not hold them."""
        loan = self._loans.get((policy.name, key))
        if loan is None or loan.units < cost:
            return None
        if self._clock() * 1_000_000 >= loan.ends_us:
            del self._loans[policy.name, key]
            return None
        loan.units -= cost
        return loan

    def decision(self, loan: Loan, policy: Policy, cost: int) -> Decision:
        until_full_us = max(0.0, loan.full_at_us - self._clock() * 1_000_000)
        return decide(policy, True, until_full_us, cost=cost, unspent=loan.units)

    def take_back(self, key: str, policy: Policy) -> int:
        """End the loan; the units that were left and still count."""
        loan = self._loans.pop((policy.name, key), None)
        return loan.units if loan is not None and self._clock() * 1_000_000 < loan.ends_us else 0

    def lend(self, key: str, policy: Policy, units: int, until_full_us: float) -> None:
        now = self._clock() * 1_000_000
        self._loans[policy.name, key] = Loan(units, now + policy.window_us, now + until_full_us)
        if len(self._loans) > self._max_keys:
            self._loans.popitem(last=False)


class LocalLimits:
    """The same algorithm in this process; the keys used longest ago are forgotten first."""

    def __init__(self, clock: Callable[[], float], *, max_keys: int = _LOCAL_KEYS) -> None:
        self._clock = clock
        self._max_keys = max_keys
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, name: str, policy: Policy, cost: int) -> tuple[bool, float]:
        """Whether the units were there, and the µs until the whole quota is back."""
        now = self._clock() * 1_000_000
        full_at = max(self._full_at.get(name, now), now)
        after = full_at + policy.interval_us * cost
        if after - now > policy.window_us:
            return False, full_at - now
        self._full_at[name] = after
        self._full_at.move_to_end(name)
        if len(self._full_at) > self._max_keys:
            self._full_at.popitem(last=False)
        return True, after - now
