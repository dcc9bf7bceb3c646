"""Auth decides about its own callers by its own database: no hung server or forged bucket changes its mind."""

from __future__ import annotations

from etter_auth.callers import repository
from etter_common.auth import Principal
from etter_common.errors import Unauthenticated
from etter_common.permissions import ROLE_PERMISSIONS


class Callers:
    """Auth's `Authority`: each request of a caller begins its transaction by looking at the caller's own row."""

    def guard(self, principal: Principal) -> str:
        if not ROLE_PERMISSIONS.keys() >= set(principal.roles):
            raise Unauthenticated("the access token is not valid")  # auth has never given out such a role
        if principal.session_id is not None:
            return repository.live_session(principal, principal.session_id)
        if principal.key_id is None or principal.key_sha256 is None:
            raise Unauthenticated("the API key is not valid")
        return repository.live_key(principal, principal.key_id, principal.key_sha256)
