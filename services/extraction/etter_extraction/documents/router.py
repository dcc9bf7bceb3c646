"""Documents over HTTP."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request
from starlette.responses import Response, StreamingResponse

from etter_common import etags, fieldsets
from etter_common.cache import LIFETIMES, CacheKey
from etter_common.context import Context
from etter_common.deps import IfMatch, cached, claim_upload, json_response, requires
from etter_common.errors import InvalidCursor, InvalidFields, InvalidSort, PreconditionFailed, PreconditionRequired
from etter_common.fieldsets import Fields
from etter_common.responses import Data, Page, documented, encode_data
from etter_extraction import objects
from etter_extraction.documents import events, filenames, service
from etter_extraction.documents.errors import DocumentInUse, DocumentNotFound, NoFileInForm
from etter_extraction.documents.form import FileInForm
from etter_extraction.documents.schemas import DocumentOut, DocumentQuery
from etter_extraction.objects import ObjectMissing, StoreAway
from etter_extraction.parsing.errors import (
    DocumentDamaged,
    DocumentEmpty,
    DocumentEncrypted,
    DocumentExpandsTooMuch,
    DocumentTooLarge,
    DocumentTooManyParts,
    DocumentTypeMismatch,
    DocumentTypeNotAllowed,
)

router = APIRouter(prefix="/documents", tags=["documents"])

_REFUSALS = (
    NoFileInForm, DocumentEmpty, DocumentTypeNotAllowed, DocumentTypeMismatch, DocumentTooLarge, DocumentEncrypted,
    DocumentDamaged, DocumentExpandsTooMuch, DocumentTooManyParts, StoreAway,
)  # fmt: skip
_DISPOSITION: dict[str, Any] = {
    "description": "the file's name; its ending says what the file is",
    "schema": {"type": "string"},
    "example": 'form-data; name="file"; filename="clerk.txt"',
}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                },
                "encoding": {"file": {"headers": {"Content-Disposition": _DISPOSITION}}},
            }
        },
    }
}
_CONTENT = {"description": "the file as it was uploaded", "content": {"application/octet-stream": {}}}


@router.post(
    "", status_code=201, response_model=Data[DocumentOut], openapi_extra=_FORM, responses=documented(*_REFUSALS)
)
async def upload_document(ctx: Annotated[Context, requires("documents:write")], request: Request) -> Response:
    form = FileInForm(request.headers.get("content-type", ""), request.stream())
    stored = await service.receive(ctx, await form.open(), form.chunks())
    try:
        await claim_upload(request, ctx, stored.sha256.encode())
        document = await service.create(ctx, stored)
    except BaseException:
        await service.discard(ctx, stored)
        raise
    body = encode_data(DocumentOut.model_validate(document).model_dump())
    response = json_response(body, version=document.version, status=201)
    response.headers["location"] = f"/api/extraction/v1/documents/{document.id}"
    return response


@router.get("", response_model=Page[DocumentOut], responses=documented(InvalidCursor, InvalidSort, InvalidFields))
async def list_documents(
    ctx: Annotated[Context, requires("documents:read")], query: Annotated[DocumentQuery, Query()]
) -> Response:
    key = CacheKey.of(ctx.company_id, "documents", query.model_dump(mode="json"))
    tags = [events.stale(ctx.company_id)]
    return await cached(ctx, key, lambda own: service.list_page(own, query), ttl_s=LIFETIMES["lists"], tags=tags)


@router.get("/{document_id}", response_model=Data[DocumentOut], responses=documented(DocumentNotFound, InvalidFields))
async def get_document(
    ctx: Annotated[Context, requires("documents:read")],
    document_id: UUID,
    fields: Fields = None,
) -> Response:
    tree = fieldsets.parse(fields, DocumentOut)
    document = await service.get(ctx, document_id)
    body = encode_data(DocumentOut.model_validate(document).model_dump(), tree)
    return json_response(body, version=document.version)


@router.get(
    "/{document_id}/content",
    response_class=StreamingResponse,
    responses={**documented(DocumentNotFound, ObjectMissing, StoreAway), 200: _CONTENT},
)
async def get_document_content(
    request: Request, ctx: Annotated[Context, requires("documents:read")], document_id: UUID
) -> Response:
    """Always as a download: a customer's file is never shown in the origin of the API."""
    document = await service.get(ctx, document_id)
    kept = {"cache-control": "private, no-cache", "etag": f'"{document.sha256}"'}
    if etags.matches(request.headers.get("if-none-match", ""), kept["etag"]):
        return Response(status_code=304, headers=kept)
    return StreamingResponse(
        await objects.of(ctx.platform).read(ctx.company_id, document_id),
        media_type="application/octet-stream",
        headers={
            "content-length": str(document.size_bytes),
            "content-disposition": filenames.attachment(document.filename),
            **kept,
        },
    )


@router.delete(
    "/{document_id}",
    status_code=204,
    responses=documented(DocumentNotFound, DocumentInUse, PreconditionFailed, PreconditionRequired, StoreAway),
)
async def delete_document(
    ctx: Annotated[Context, requires("documents:write")], document_id: UUID, if_match: IfMatch = None
) -> None:
    await service.delete(ctx, document_id, if_match=if_match)
