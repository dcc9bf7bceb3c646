"""A person's review: read the facts, correct them, accept or reject them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from etter_common import etags
from etter_common.clock import utc_now
from etter_common.context import Context
from etter_extraction.documents import service as documents
from etter_extraction.extractions import acceptance, events
from etter_extraction.extractions.errors import (
    ColumnNotFound,
    ExtractionReviewed,
    FactNotFound,
    FactValueInvalid,
    PageNotFound,
)
from etter_extraction.extractions.models import Extraction
from etter_extraction.extractions.repository import ColumnChoiceRepository, ExtractionRepository
from etter_extraction.extractions.schemas import DocumentText, FactCorrection, PayValue, RoleValue, TableMapping
from etter_extraction.facts.people.fields import Field, normal

_SHAPES: dict[str, type[BaseModel]] = {"pay": PayValue, "role": RoleValue}


async def of_document(ctx: Context, document_id: UUID) -> Extraction:
    return await ExtractionRepository(ctx).of_document(document_id)


async def correct(
    ctx: Context, extraction_id: UUID, fact_id: UUID, data: FactCorrection, *, if_match: str | None
) -> Extraction:
    """Put a person's value in place of what was found; the found one is kept beside it."""
    extraction = await ExtractionRepository(ctx).get(extraction_id, for_update=True)
    etags.require_match(if_match, extraction.version)
    _require_open(extraction)
    facts = [dict(fact) for fact in extraction.facts]
    fact = next((fact for fact in facts if fact["id"] == str(fact_id)), None)
    if fact is None:
        raise FactNotFound
    _apply(fact, data)
    fact |= {"confidence": 1.0, "corrected_by": str(ctx.user_id), "corrected_at": utc_now().isoformat()}
    extraction.facts = facts
    await ctx.session.flush()
    return extraction


def _apply(fact: dict[str, Any], data: FactCorrection) -> None:
    if data.value is not None:
        shape = _SHAPES.get(fact["type"], str)
        if not isinstance(data.value, shape):
            raise FactValueInvalid(f"a {fact['type']} fact takes {'text' if shape is str else 'an object'}")
        fact["original"] = fact["original"] if fact.get("original") is not None else fact["value"]
        fact["value"] = data.value.model_dump(mode="json") if isinstance(data.value, BaseModel) else data.value
    if data.group is not None:
        fact["group"] = data.group
    if data.time_share is not None:
        fact["time_share"] = data.time_share


async def accept(ctx: Context, extraction_id: UUID, *, title: str | None, kind: str | None = None) -> Extraction:
    """The facts are right: core takes them over."""
    extraction, filename = await ExtractionRepository(ctx).get_with_filename(extraction_id)
    _require_open(extraction)
    roles = acceptance.roles_of(extraction, title, kind)
    documents.review(ctx, extraction.document_id, "accepted")
    _close(ctx, extraction, "accepted")
    await ctx.session.flush()
    for payload in acceptance.parts(extraction, filename, ctx.user_id, roles, kind):
        await ctx.publish(events.extraction_accepted(payload, ctx.company_id))
    return extraction


async def reject(ctx: Context, extraction_id: UUID) -> Extraction:
    """The facts are not worth correcting; nothing is taken over."""
    extraction = await ExtractionRepository(ctx).get(extraction_id, for_update=True)
    _require_open(extraction)
    documents.review(ctx, extraction.document_id, "rejected")
    _close(ctx, extraction, "rejected")
    await ctx.session.flush()
    return extraction


async def keep(ctx: Context, document_id: UUID, **found: Any) -> bool:
    """Store what a job found (`kind`, `facts`, `pages`, `report` …); accepted facts stay as they are."""
    return await ExtractionRepository(ctx).keep(document_id, **found)


async def text_of(ctx: Context, document_id: UUID, page: int) -> DocumentText:
    """One page of the text that the facts' offsets count in."""
    count, found = await ExtractionRepository(ctx).page_of_text(document_id, page)
    if found is None:
        raise PageNotFound(f"the document has {count} pages")
    return DocumentText(document_id=document_id, pages=count, **found)


async def mapping_of(ctx: Context, extraction_id: UUID) -> list[TableMapping]:
    """How the tables of a document were read."""
    _, _, mappings = await ExtractionRepository(ctx).mappings(extraction_id)
    return [TableMapping.model_validate(mapping) for mapping in mappings]


async def choose_columns(ctx: Context, extraction_id: UUID, choices: Mapping[str, Field]) -> UUID:
    """Remember fields that a person chose for headings of this document; its id, for reading it again."""
    document_id, status, mappings = await ExtractionRepository(ctx).mappings(extraction_id)
    if status != "ready":
        raise ExtractionReviewed(status=status)
    known = {normal(column["heading"]) for mapping in mappings for column in mapping["columns"]}
    if unknown := sorted(heading for heading in choices if normal(heading) not in known):
        raise ColumnNotFound(f"no column is headed {', '.join(unknown[:5])}")
    ColumnChoiceRepository(ctx).remember({normal(heading): field for heading, field in choices.items()})
    return document_id


async def column_choices(ctx: Context) -> dict[str, Field]:
    """The fields that people of the company have chosen, by normal heading."""
    return await ColumnChoiceRepository(ctx).by_heading()


def _require_open(extraction: Extraction) -> None:
    if extraction.status != "ready":
        raise ExtractionReviewed(status=extraction.status)


def _close(ctx: Context, extraction: Extraction, status: str) -> None:
    extraction.status, extraction.reviewed_by, extraction.reviewed_at = status, ctx.user_id, utc_now()
