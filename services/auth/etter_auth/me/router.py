"""The caller's own user over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from etter_auth.representation import represent, tag_answer
from etter_auth.users import service
from etter_auth.users.errors import UsernameTaken, UserNotFound
from etter_auth.users.schemas import MeOut, MeUpdate, UserOut
from etter_common.context import Context
from etter_common.deps import IfMatch, requires
from etter_common.errors import (
    InvalidFields,
    PreconditionFailed,
    PreconditionRequired,
    Unauthenticated,
    ValidationFailed,
)
from etter_common.fieldsets import Fields
from etter_common.responses import Data, documented

router = APIRouter(prefix="/me", tags=["me"])
Person = Annotated[Context, requires(None, signed_in=True)]
_COMMON = (Unauthenticated, UserNotFound, ValidationFailed)


@router.get("", response_model=Data[MeOut], responses=documented(*_COMMON, InvalidFields))
async def get_me(ctx: Person, fields: Fields = None) -> Response:
    user = UserOut.model_validate(await service.get(ctx, ctx.user_id))
    allowed = sorted(ctx.principal.permissions) if ctx.principal else []
    me = MeOut(**user.model_dump(), company_id=ctx.company_id, permissions=allowed)
    return represent(me, MeOut, fields)


@router.patch("", responses=documented(*_COMMON, UsernameTaken, PreconditionFailed, PreconditionRequired))
async def change_me(ctx: Person, data: MeUpdate, response: Response, if_match: IfMatch = None) -> Data[UserOut]:
    user = await service.update_me(ctx, data, if_match=if_match)
    tag_answer(response, user)
    return Data[UserOut].of(user)
