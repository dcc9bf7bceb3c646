"""Companies over HTTP: one's own, and all of them for who manages companies."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from etter_auth.companies import service
from etter_auth.companies.errors import CompanyNotFound, OwnCompany, UnknownMasterCompany
from etter_auth.companies.schemas import CompanyCreate, CompanyOut, CompanyQuery, CompanyUpdate
from etter_auth.representation import represent, tag_answer
from etter_common.context import Context
from etter_common.deps import IfMatch, json_response, requires
from etter_common.errors import (
    Forbidden,
    InvalidCursor,
    InvalidFields,
    InvalidSort,
    PreconditionFailed,
    PreconditionRequired,
    Unauthenticated,
    ValidationFailed,
)
from etter_common.fieldsets import Fields
from etter_common.responses import Data, Page, documented, encode_page

router = APIRouter(prefix="/companies", tags=["companies"])
_COMMON = (Unauthenticated, Forbidden, ValidationFailed)
_VERSIONED = (*_COMMON, CompanyNotFound, PreconditionFailed, PreconditionRequired)
_ALL = "companies:manage"


@router.get(
    "", response_model=Page[CompanyOut], responses=documented(*_COMMON, InvalidCursor, InvalidSort, InvalidFields)
)
async def list_companies(
    ctx: Annotated[Context, requires(_ALL, across=_ALL)], query: Annotated[CompanyQuery, Query()]
) -> Response:
    return json_response(encode_page(await service.list_page(ctx, query)))


@router.post("", status_code=201, responses=documented(*_COMMON, UnknownMasterCompany))
async def create_company(
    ctx: Annotated[Context, requires(_ALL, across=_ALL, signed_in=True)], data: CompanyCreate, response: Response
) -> Data[CompanyOut]:
    company = await service.create(ctx, data)
    response.headers["location"] = f"/api/auth/v1/companies/{company.id}"
    tag_answer(response, company)
    return Data[CompanyOut].of(company)


@router.get(
    "/{company_id}", response_model=Data[CompanyOut], responses=documented(*_COMMON, CompanyNotFound, InvalidFields)
)
async def get_company(
    ctx: Annotated[Context, requires("companies:read", across=_ALL)], company_id: UUID, fields: Fields = None
) -> Response:
    return represent(await service.get(ctx, company_id), CompanyOut, fields)


@router.patch("/{company_id}", responses=documented(*_VERSIONED, UnknownMasterCompany))
async def change_company(
    ctx: Annotated[Context, requires("companies:write", across=_ALL, signed_in=True)],
    company_id: UUID,
    data: CompanyUpdate,
    response: Response,
    if_match: IfMatch = None,
) -> Data[CompanyOut]:
    company = await service.update(ctx, company_id, data, if_match=if_match)
    tag_answer(response, company)
    return Data[CompanyOut].of(company)


@router.delete("/{company_id}", status_code=204, responses=documented(*_VERSIONED, OwnCompany))
async def delete_company(
    ctx: Annotated[Context, requires(_ALL, across=_ALL, signed_in=True)], company_id: UUID, if_match: IfMatch = None
) -> None:
    """End a tenant, for good: every service erases what it owns."""
    await service.delete(ctx, company_id, if_match=if_match)
