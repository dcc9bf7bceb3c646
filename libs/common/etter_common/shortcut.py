"""A GET whose answer is in the first tier of the cache goes out before the router.

A route that answers through `deps.cached` names the cached value by a key, which is a function of the caller and of the
path and query. Once it has done so for a caller, the same caller's next request for the same path and query needs the
route no more: the token is checked, the limits are counted, the value is looked up under that key, and the bytes and
headers go out that the route sent. A value that was invalidated, or is past its time, is not found, and the request
takes the way through the route.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from etter_common import limits, metrics, outgoing
from etter_common.errors import TooManyRequests

if TYPE_CHECKING:
    from starlette.types import Scope, Send

    from etter_common.auth import Principal
    from etter_common.cache import CacheKey
    from etter_common.platform import Platform
    from etter_common.request_state import RequestState

MAX_PLANS: Final = 20_000
_READS: Final = ("GET", "HEAD")
_ANSWERED: Final = metrics.Tally(metrics.HTTP_SHORTCUTS.labels("200"))
_NOT_MODIFIED: Final = metrics.Tally(metrics.HTTP_SHORTCUTS.labels("304"))


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the route made of this caller's path and query."""

    key: CacheKey
    route: str | None
    roles: tuple[str, ...]


class Shortcut:
    """Plans by caller, path, query and accepted type; those learnt longest ago are forgotten first."""

    def __init__(self, *, max_plans: int = MAX_PLANS) -> None:
        self._max_plans = max_plans
        self._plans: OrderedDict[tuple[object, ...], _Plan] = OrderedDict()

    def __len__(self) -> int:
        return len(self._plans)

    async def answer(self, scope: Scope, state: RequestState, send: Send) -> bool:
        """Whether the request is answered; if not, the route answers it as if this had not been tried."""
        authorization = state.given.get(b"authorization")
        if authorization is None or scope["method"] not in _READS:
            return False
        platform: Platform = scope["app"].state.platform
        principal = platform.tokens.known(authorization)
        if principal is None:
            return False
        plan = self._plans.get(_name(scope, state, principal))
        if plan is None or plan.roles != principal.roles:
            return False
        answer = outgoing.kept(platform.cache.peek(plan.key), state)
        if answer is None or not await self._permitted(platform, principal, state):
            return False
        state.route = plan.route
        state.know(principal)
        (_NOT_MODIFIED if answer.status == HTTPStatus.NOT_MODIFIED else _ANSWERED).pending += 1
        await outgoing.send(answer, state, send, bodiless=scope["method"] == "HEAD")
        return True

    def learn(self, scope: Scope, state: RequestState) -> None:
        """Remember how a request was answered that the route answered out of the cache."""
        if state.found is None or state.principal is None or scope["method"] not in _READS:
            return
        if state.status not in (HTTPStatus.OK, HTTPStatus.NOT_MODIFIED):
            return
        key, _ = state.found
        self._plans[_name(scope, state, state.principal)] = _Plan(key, state.route, state.principal.roles)
        if len(self._plans) > self._max_plans:
            self._plans.popitem(last=False)

    async def _permitted(self, platform: Platform, principal: Principal, state: RequestState) -> bool:
        try:
            await limits.count_caller(platform.limiter, state, principal, platform.policies)
        except TooManyRequests:  # the route says so, in its own words
            return False
        return True


def _name(scope: Scope, state: RequestState, principal: Principal) -> tuple[object, ...]:
    accept = state.given.get(b"accept")
    return principal.user_id, principal.company_id, scope["path"], scope["query_string"], accept
