"""The catalogue over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from starlette.responses import Response

from etter_auth.permissions.schemas import RoleOut
from etter_auth.permissions.service import catalogue
from etter_common import fieldsets
from etter_common.context import Context
from etter_common.deps import json_response, requires
from etter_common.errors import InvalidFields, Unauthenticated
from etter_common.fieldsets import Fields
from etter_common.responses import Data, documented, encode_data

router = APIRouter(prefix="/roles", tags=["permissions"])


@router.get("", response_model=Data[list[RoleOut]], responses=documented(Unauthenticated, InvalidFields))
async def list_roles(_ctx: Annotated[Context, requires(None)], fields: Fields = None) -> Response:
    """Every role and what it allows."""
    tree = fieldsets.parse(fields, RoleOut)
    return json_response(encode_data([role.model_dump() for role in catalogue()], tree))
