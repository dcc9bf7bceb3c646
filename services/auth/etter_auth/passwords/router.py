"""Signing in and changing one's password over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from etter_auth.hashing import TooManySignIns
from etter_auth.passwords import service
from etter_auth.passwords.errors import CompanyRequired, InvalidCredentials, SignInDelayed, WeakPassword, WrongPassword
from etter_auth.passwords.schemas import Credentials, PasswordChange
from etter_auth.sessions.schemas import TokensOut
from etter_common.context import Context
from etter_common.deps import Public, leave_gate, requires
from etter_common.errors import Unauthenticated, ValidationFailed
from etter_common.responses import Data, documented

router = APIRouter()


@router.post(
    "/sessions",
    status_code=201,
    tags=["sessions"],
    dependencies=[Depends(leave_gate)],
    responses=documented(InvalidCredentials, CompanyRequired, SignInDelayed, ValidationFailed, TooManySignIns),
)
async def sign_in(ctx: Public, data: Credentials) -> Data[TokensOut]:
    """Sign in with email and password; with `company_id` too where they fit several companies (409).

    Wrong tries make the next ones wait, 5 minutes at most.
    """
    return Data[TokensOut].of(await service.sign_in(ctx, data))


@router.post(
    "/me/password",
    status_code=204,
    tags=["me"],
    dependencies=[Depends(leave_gate)],
    responses=documented(Unauthenticated, WrongPassword, WeakPassword, SignInDelayed, ValidationFailed, TooManySignIns),
)
async def change_password(ctx: Annotated[Context, requires(None, signed_in=True)], data: PasswordChange) -> None:
    """Needs the current password; every other session of the caller ends."""
    await service.change(ctx, data)
