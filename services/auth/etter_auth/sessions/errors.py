"""What can go wrong with a session."""

from __future__ import annotations

from etter_common.errors import NotFound, Unauthenticated


class InvalidRefreshToken(Unauthenticated):
    """Never issued here, expired, or its session has ended: one answer for all."""

    code, title = "INVALID_REFRESH_TOKEN", "The refresh token is not valid; sign in again"


class RefreshTokenReused(Unauthenticated):
    """RFC 9700 §4.14.2: a token used twice, later than the grace, has leaked, so the whole family ends."""

    code, title, keep_writes = "REFRESH_TOKEN_REUSED", "The refresh token was used before; the session has ended", True


class SessionNotFound(NotFound):
    code, title = "SESSION_NOT_FOUND", "There is no such session, or it has ended"
