"""A GET whose answer is in the cache goes out before the router.

A route that answers through `deps.cached` names the cached value by a key, which is a function of the caller and of the
path and query. Once it has done so for a caller, the same caller's next request for the same path and query needs the
route no more: the token is checked, the limits are counted, the value is looked up under that key, and the bytes and
headers go out that the route sent. Where the first tier has let go of it, the second may hold the very bytes (their tag
says so). A value that was invalidated, or is past its time, is not found, and the request takes the way through the
route.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from etter_common import limits, metrics, outgoing
from etter_common.bounded import Bounded
from etter_common.cache import CacheKey, Encoding, Terms
from etter_common.cache.fence import Mark
from etter_common.errors import TooManyRequests
from etter_common.outgoing import Kept
from etter_common.request_state import MAX_HEADERS, OVERSIZED

if TYPE_CHECKING:
    from starlette.types import Scope

    from etter_common.auth import Principal
    from etter_common.outgoing import Answer
    from etter_common.platform import Platform
    from etter_common.request_state import RequestState

MAX_PLANS: Final = 20_000
MAX_FORMS: Final = 5_000
_READS: Final = ("GET", "HEAD")
_ANSWERED: Final = metrics.Tally(metrics.HTTP_SHORTCUTS.labels("200"))
_NOT_MODIFIED: Final = metrics.Tally(metrics.HTTP_SHORTCUTS.labels("304"))


class _Plan(NamedTuple):
    """What the route made of this caller's path and query. `path` is as logs may show it."""

    key: CacheKey
    route: str | None
    path: str
    roles: tuple[str, ...]


class _Form(NamedTuple):
    """How a value went out in one content coding, without the bytes, and how it was kept then."""

    etag: str
    kept: Kept
    terms: Terms
    since: Mark


class Found(NamedTuple):
    """An answer at hand, and whose limits it counts against."""

    platform: Platform
    principal: Principal
    answer: Answer


class Recall(NamedTuple):
    """An answer that the second tier may have."""

    platform: Platform
    principal: Principal
    plan: _Plan


class Shortcut:
    """Plans by caller, path, query and accepted type; those learnt longest ago are forgotten first."""

    def __init__(self, *, max_plans: int = MAX_PLANS, max_forms: int = MAX_FORMS) -> None:
        self._plans: Bounded[tuple[object, ...], _Plan] = Bounded(max_plans)
        self._forms: Bounded[tuple[CacheKey, Encoding], _Form] = Bounded(max_forms)

    def __len__(self) -> int:
        return len(self._plans)

    def find(self, scope: Scope, state: RequestState) -> Found | None:
        """The answer at hand, if there is one; nothing is counted or sent yet."""
        authorization = state.given.get(b"authorization")
        if authorization is None or scope["method"] not in _READS or not _is_plain(scope, state):
            return None
        platform: Platform = scope["app"].state.platform
        principal = platform.tokens.known(authorization)
        if principal is None:
            return None
        plan = self._plans.get(_name(scope, state, principal))
        if plan is None or plan.roles != principal.roles:
            return None
        answer = outgoing.kept(platform.cache.peek(plan.key), state)
        if answer is None:
            state.recall = Recall(platform, principal, plan)
            return None
        return _found(platform, principal, plan, answer, state)

    async def recall(self, asked: Recall, state: RequestState) -> Found | None:
        """The answer out of the second tier: if it holds the bytes that the route has sent before."""
        coding = outgoing.coding(state)
        form = self._forms.get((asked.plan.key, coding))
        if form is None:
            return None
        entry = await asked.platform.cache.recall(asked.plan.key, form.terms, form.since)
        if entry is None or entry.etag != form.etag:
            return None
        if coding not in entry.answers:
            entry.answers[coding] = form.kept.carrying(entry.encoded(form.kept.coding))
        answer = outgoing.kept(entry, state)
        return answer and _found(asked.platform, asked.principal, asked.plan, answer, state)

    async def is_permitted(self, found: Found, state: RequestState) -> bool:
        """Count it against the limits. When one is used up the route says so, in its own words."""
        try:
            await limits.count_caller(found.platform.limiter, state, found.principal, found.platform.policies)
        except TooManyRequests:
            return False
        (_NOT_MODIFIED if found.answer.status == 304 else _ANSWERED).pending += 1
        return True

    def is_permitted_now(self, found: Found, state: RequestState) -> bool:
        """The same out of what is lent to this process; false where somebody has to be asked."""
        if not limits.count_caller_now(found.platform.limiter, state, found.principal, found.platform.policies):
            return False
        (_NOT_MODIFIED if found.answer.status == 304 else _ANSWERED).pending += 1
        return True

    def learn(self, scope: Scope, state: RequestState, path: str) -> None:
        """Remember how a request was answered that the route answered out of the cache."""
        if state.found is None or state.principal is None or scope["method"] not in _READS:
            return
        if state.status not in (200, 304):
            return
        key, entry, terms = state.found
        self._plans.put(_name(scope, state, state.principal), _Plan(key, state.route, path, state.principal.roles))
        coding = outgoing.coding(state)
        kept = entry.answers.get(coding)
        if isinstance(kept, Kept):
            since = scope["app"].state.platform.cache.mark(terms)
            self._forms.put((key, coding), _Form(entry.etag, kept.carrying(b""), terms, since))


def _is_plain(scope: Scope, state: RequestState) -> bool:
    """Whether nothing of the head has to be refused; else the layer before the route says what."""
    return len(scope["headers"]) <= MAX_HEADERS and OVERSIZED not in scope and b"content-encoding" not in state.given


def _found(platform: Platform, principal: Principal, plan: _Plan, answer: Answer, state: RequestState) -> Found:
    state.route, state.path, state.principal = plan.route, plan.path, principal
    return Found(platform, principal, answer)


def _name(scope: Scope, state: RequestState, principal: Principal) -> tuple[object, ...]:
    accept = state.given.get(b"accept")
    return principal.caller_key, principal.company_key, scope["path"], scope["query_string"], accept
