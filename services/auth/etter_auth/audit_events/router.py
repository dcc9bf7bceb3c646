"""The audit log over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from etter_auth.audit_events import service
from etter_auth.audit_events.schemas import AuditEventOut, AuditEventQuery
from etter_common.context import Context
from etter_common.deps import json_response, requires
from etter_common.errors import (
    Forbidden,
    InvalidCursor,
    InvalidFields,
    InvalidSort,
    Unauthenticated,
    ValidationFailed,
)
from etter_common.responses import Page, documented, encode_page

router = APIRouter(prefix="/audit-events", tags=["audit"])


@router.get(
    "",
    response_model=Page[AuditEventOut],
    responses=documented(Unauthenticated, Forbidden, ValidationFailed, InvalidCursor, InvalidSort, InvalidFields),
)
async def list_audit_events(
    ctx: Annotated[Context, requires("audit:read", replica=True)], query: Annotated[AuditEventQuery, Query()]
) -> Response:
    """The company's log, newest first."""
    return json_response(encode_page(await service.list_page(ctx, query)))
