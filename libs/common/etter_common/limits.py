"""Which limits every request meets: those of its user or API key and its company, or of its address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etter_common.errors import TooManyRequests
from etter_common.ratelimit import Policy

if TYPE_CHECKING:
    from etter_common.auth import Principal
    from etter_common.ratelimit import RateLimiter
    from etter_common.request_state import RequestState
    from etter_common.settings import ServiceSettings


@dataclass(frozen=True, slots=True)
class Policies:
    """The limits of a service, by what they count; their figures are settings."""

    user: Policy
    key: Policy
    company: Policy
    address: Policy

    @classmethod
    def of(cls, settings: ServiceSettings) -> Policies:
        window_s = settings.rate_limit_window_s
        return cls(
            user=Policy("default", settings.rate_limit_requests, window_s),
            key=Policy("key", settings.rate_limit_key_requests, window_s),
            company=Policy("company", settings.rate_limit_company_requests, window_s),
            address=Policy("address", settings.rate_limit_address_requests, window_s),
        )

    def of_caller(self, principal: Principal) -> Policy:
        return self.user if principal.key_id is None else self.key


async def count(limiter: RateLimiter, state: RequestState, key: str, policy: Policy) -> None:
    """Count this request against `key`; raises `TooManyRequests`. The answer carries the limit's headers either way."""
    decision = limiter.check_now(key, policy) or await limiter.check(key, policy)
    state.limit = decision
    if not decision.allowed:
        raise TooManyRequests(headers=decision.headers())


async def count_caller(limiter: RateLimiter, state: RequestState, principal: Principal, policies: Policies) -> None:
    """Count against the caller's company, then the caller, whose limit the headers tell unless the company's is up."""
    if not limiter.spend_now(principal.company_key, policies.company):
        await count(limiter, state, principal.company_key, policies.company)
    await count(limiter, state, principal.caller_key, policies.of_caller(principal))


def count_caller_now(limiter: RateLimiter, state: RequestState, principal: Principal, policies: Policies) -> bool:
    """The same without a wait; false, and nothing of the caller's used, where Redis has to be asked."""
    if not limiter.spend_now(principal.company_key, policies.company):
        return False
    state.limit = limiter.check_now(principal.caller_key, policies.of_caller(principal))
    return state.limit is not None
