"""A service small enough to read at a glance: things with a name. The library's own tests drive it like a real one."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, ClassVar
from uuid import UUID

from fastapi import APIRouter, FastAPI, Query
from pydantic import Field
from pydantic_settings import SettingsConfigDict
from sqlalchemy import MetaData, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from starlette.responses import Response

from etter_common import etags, fieldsets
from etter_common.app import Background, create_app
from etter_common.cache import CacheKey, tag
from etter_common.context import Context
from etter_common.db.models import COLUMN_TYPES, NAMING, CompanyMixin, IdMixin, TimestampMixin, VersionMixin
from etter_common.db.repository import Repository
from etter_common.deps import IfMatch, Public, cached, json_response, requires
from etter_common.errors import (
    Conflict,
    InvalidCursor,
    InvalidFields,
    InvalidSort,
    NotFound,
    PreconditionFailed,
    PreconditionRequired,
)
from etter_common.events.envelope import Event, EventPayload
from etter_common.pagination import Listing, PageParams, sortable
from etter_common.responses import Data, Page, Schema, documented, encode_data, encode_page
from etter_common.settings import ServiceSettings


class SampleSettings(ServiceSettings):
    model_config = SettingsConfigDict(env_prefix="SAMPLE_", frozen=True, extra="ignore")
    service: ClassVar[str] = "sample"


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = COLUMN_TYPES


class Thing(IdMixin, CompanyMixin, TimestampMixin, VersionMixin, Base):
    __tablename__ = "things"
    __table_args__ = (UniqueConstraint("company_id", "name"),)

    name: Mapped[str]
    size: Mapped[int] = mapped_column(default=0)
    rank: Mapped[int | None]


class ThingMade(EventPayload):
    type: ClassVar[str] = "sample.thing.made.v1"

    thing_id: UUID
    name: str


class ThingNotFound(NotFound):
    code, title = "THING_NOT_FOUND", "There is no such thing in this company"


class ThingExists(Conflict):
    code, title = "THING_EXISTS", "A thing of this name exists"
    constraint = "uq_things_company_id_name"


class Hesitated(Conflict):
    """A refusal that is still written down."""

    code, title, keep_writes = "HESITATED", "The thing was made, and then refused", True


class ThingIn(Schema):
    name: Annotated[str, Field(min_length=1, max_length=50)]
    size: int = 0
    price: Decimal | None = None


class ThingOut(Schema):
    id: UUID
    name: str
    size: int
    version: int


class ThingQuery(PageParams):
    sort: Annotated[str | None, sortable("name", "size", "rank", "created_at")] = None
    min_size: int | None = None


COLUMNS = {"id": Thing.id, "name": Thing.name, "size": Thing.size, "version": Thing.version}
SORTS = {name: getattr(Thing, name) for name in ("name", "size", "rank", "created_at")}
LISTING = Listing("things", SORTS, "name", Thing.id)


class ThingRepository(Repository[Thing]):
    model = Thing
    not_found = ThingNotFound


router = APIRouter(prefix="/things", tags=["things"])


@router.post("", status_code=201, responses=documented(ThingExists))
async def make_thing(ctx: Annotated[Context, requires("roles:write")], data: ThingIn) -> Data[ThingOut]:
    thing = ThingRepository(ctx).add(Thing(name=data.name, size=data.size))
    await ctx.session.flush()
    payload = ThingMade(thing_id=thing.id, name=thing.name)
    await ctx.publish(Event.of(payload, company_id=ctx.company_id, aggregate_id=thing.id))
    ctx.invalidate(tag(ctx.company_id, "things"))
    return Data[ThingOut].of(thing)


@router.post("/hesitant", status_code=201, responses=documented(Hesitated))
async def hesitate(ctx: Annotated[Context, requires("roles:write")], data: ThingIn) -> Data[ThingOut]:
    ThingRepository(ctx).add(Thing(name=data.name))
    raise Hesitated


@router.get("", response_model=Page[ThingOut], responses=documented(InvalidCursor, InvalidSort, InvalidFields))
async def list_things(
    ctx: Annotated[Context, requires("roles:read")], query: Annotated[ThingQuery, Query()]
) -> Response:
    async def load(own: Context) -> bytes:
        wanted = fieldsets.top_level(fieldsets.parse(query.fields, ThingOut), ThingOut)
        where = [Thing.size >= query.min_size] if query.min_size is not None else []
        columns: dict[str, Any] = {name: COLUMNS[name] for name in wanted}
        return encode_page(await ThingRepository(own).page(LISTING, query, columns, where=where))

    key = CacheKey.of(ctx.company_id, "things", query.model_dump(mode="json"))
    return await cached(ctx, key, load, ttl_s=300, tags=[tag(ctx.company_id, "things")])


@router.get("/{thing_id}", response_model=Data[ThingOut], responses=documented(ThingNotFound))
async def get_thing(ctx: Annotated[Context, requires("roles:read")], thing_id: UUID) -> Response:
    thing = await ThingRepository(ctx).get(thing_id)
    body = encode_data(ThingOut.model_validate(thing).model_dump())
    return json_response(body, version=thing.version)


@router.patch("/{thing_id}", responses=documented(ThingNotFound, PreconditionFailed, PreconditionRequired, ThingExists))
async def change_thing(
    ctx: Annotated[Context, requires("roles:write")], thing_id: UUID, data: ThingIn, if_match: IfMatch = None
) -> Data[ThingOut]:
    thing = await ThingRepository(ctx).get(thing_id, for_update=True)
    etags.require_match(if_match, thing.version)
    thing.name, thing.size = data.name, data.size
    ctx.invalidate(tag(ctx.company_id, "things"))
    await ctx.session.flush()
    return Data[ThingOut].of(thing)


@router.get("/public/answer", responses=documented())
async def public_answer(_ctx: Public) -> Data[str]:
    return Data[str].of("open")


@router.get("/broken/answer", responses=documented())
async def broken_answer(_ctx: Annotated[Context, requires(None)]) -> Data[str]:
    raise RuntimeError("a secret inner name")


def create(settings: SampleSettings | None = None, *, background: tuple[Background, ...] = ()) -> FastAPI:
    return create_app(settings or SampleSettings(), title="Sample", routers=[router], background=background)
