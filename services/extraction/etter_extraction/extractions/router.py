"""Extractions over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from etter_common import fieldsets
from etter_common.context import Context
from etter_common.deps import IfMatch, json_response, requires
from etter_common.errors import InvalidFields, PreconditionFailed, PreconditionRequired
from etter_common.fieldsets import Fields
from etter_common.responses import Data, documented, encode_data
from etter_extraction.documents.errors import DocumentNotFound
from etter_extraction.extractions import service
from etter_extraction.extractions.errors import (
    ExtractionNotFound,
    ExtractionReviewed,
    FactNotFound,
    FactValueInvalid,
    NothingToAccept,
    PageNotFound,
    TitleMissing,
)
from etter_extraction.extractions.models import Extraction
from etter_extraction.extractions.schemas import Acceptance, DocumentText, ExtractionOut, FactCorrection, TableMapping

router = APIRouter(prefix="/extractions", tags=["extractions"])
documents_router = APIRouter(prefix="/documents", tags=["extractions"])


@documents_router.get(
    "/{document_id}/extraction",
    response_model=Data[ExtractionOut],
    responses=documented(DocumentNotFound, ExtractionNotFound, InvalidFields),
)
async def get_document_extraction(
    ctx: Annotated[Context, requires("documents:read")],
    document_id: UUID,
    fields: Fields = None,
) -> Response:
    tree = fieldsets.parse(fields, ExtractionOut)
    return _answer(await service.of_document(ctx, document_id), tree)


@documents_router.get(
    "/{document_id}/text",
    response_model=Data[DocumentText],
    responses=documented(DocumentNotFound, ExtractionNotFound, PageNotFound, InvalidFields),
)
async def get_document_text(
    ctx: Annotated[Context, requires("documents:read")],
    document_id: UUID,
    page: Annotated[int, Query(ge=1, le=100_000, description="number of the page, from 1")] = 1,
    fields: Fields = None,
) -> Response:
    """A page of the text that facts quote, so that a quote can be shown in its place."""
    tree = fieldsets.parse(fields, DocumentText)
    found = await service.text_of(ctx, document_id, page)
    return json_response(encode_data(found.model_dump(), tree))


@router.get(
    "/{extraction_id}/mapping",
    response_model=Data[list[TableMapping]],
    responses=documented(ExtractionNotFound, InvalidFields),
)
async def get_mapping(
    ctx: Annotated[Context, requires("documents:read")],
    extraction_id: UUID,
    fields: Fields = None,
) -> Response:
    """Which column of each table was read as which field, how sure that is, and what came second."""
    tree = fieldsets.parse(fields, TableMapping)
    found = await service.mapping_of(ctx, extraction_id)
    return json_response(encode_data([one.model_dump() for one in found], tree))


@router.patch(
    "/{extraction_id}/facts/{fact_id}",
    response_model=Data[ExtractionOut],
    responses=documented(
        ExtractionNotFound, FactNotFound, FactValueInvalid, ExtractionReviewed, PreconditionFailed, PreconditionRequired
    ),
)
async def correct_fact(
    ctx: Annotated[Context, requires("extractions:review")],
    extraction_id: UUID,
    fact_id: UUID,
    data: FactCorrection,
    if_match: IfMatch = None,
) -> Response:
    return _answer(await service.correct(ctx, extraction_id, fact_id, data, if_match=if_match))


@router.post(
    "/{extraction_id}/accept",
    response_model=Data[ExtractionOut],
    responses=documented(ExtractionNotFound, ExtractionReviewed, NothingToAccept, TitleMissing),
)
async def accept_extraction(
    ctx: Annotated[Context, requires("extractions:review")], extraction_id: UUID, data: Acceptance | None = None
) -> Response:
    return _answer(
        await service.accept(ctx, extraction_id, title=data.title if data else None, kind=data.kind if data else None)
    )


@router.post(
    "/{extraction_id}/reject",
    response_model=Data[ExtractionOut],
    responses=documented(ExtractionNotFound, ExtractionReviewed),
)
async def reject_extraction(ctx: Annotated[Context, requires("extractions:review")], extraction_id: UUID) -> Response:
    return _answer(await service.reject(ctx, extraction_id))


def _answer(extraction: Extraction, tree: fieldsets.Tree | None = None) -> Response:
    body = encode_data(ExtractionOut.model_validate(extraction).model_dump(), tree)
    return json_response(body, version=extraction.version)
