"""Sessions over HTTP. They are started by `passwords` (POST /sessions)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from etter_auth.sessions import rotation, service
from etter_auth.sessions.errors import InvalidRefreshToken, RefreshTokenReused, SessionNotFound
from etter_auth.sessions.schemas import RefreshRequest, SessionOut, SessionQuery, TokensOut
from etter_common.context import Context
from etter_common.deps import Public, json_response, requires
from etter_common.errors import (
    Forbidden,
    InvalidCursor,
    InvalidFields,
    InvalidSort,
    Unauthenticated,
    ValidationFailed,
)
from etter_common.responses import Data, Page, documented, encode_page

router = APIRouter(prefix="/sessions", tags=["sessions"])
Person = Annotated[Context, requires(None, signed_in=True)]


@router.post("/refresh", responses=documented(InvalidRefreshToken, RefreshTokenReused, ValidationFailed))
async def refresh_session(ctx: Public, data: RefreshRequest) -> Data[TokensOut]:
    """Swap a refresh token for the next pair. Using one twice ends the session.

    Within 10 s it gives the same successor, so that a retry, a second tab, or a browser and its own server that refresh
    at once stay signed in.
    """
    return Data[TokensOut].of(await rotation.refresh(ctx, data.refresh_token))


@router.get(
    "",
    response_model=Page[SessionOut],
    responses=documented(Unauthenticated, Forbidden, ValidationFailed, InvalidCursor, InvalidSort, InvalidFields),
)
async def list_sessions(ctx: Person, query: Annotated[SessionQuery, Query()]) -> Response:
    return json_response(encode_page(await service.list_page(ctx, query)))


@router.delete("/current", status_code=204, responses=documented(Unauthenticated, SessionNotFound))
async def end_current_session(ctx: Person) -> None:
    """Sign out: the session's tokens stop working everywhere within a second."""
    await service.end_current(ctx)


@router.delete(
    "/{session_id}", status_code=204, responses=documented(Unauthenticated, SessionNotFound, ValidationFailed)
)
async def end_session(ctx: Person, session_id: UUID) -> None:
    await service.end(ctx, session_id)
