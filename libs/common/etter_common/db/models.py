"""Base of all tables: naming convention, identifiers, timestamps, the company, the version."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, MetaData, func
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, declared_attr, mapped_column

from etter_common.clock import utc_now
from etter_common.ids import new_id

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


COLUMN_TYPES: dict[Any, Any] = {
    datetime: DateTime(timezone=True),
    dict[str, Any]: JSONB,
    list[Any]: JSONB,
    list[str]: JSONB,
    list[dict[str, Any]]: JSONB,
}


class PlatformBase(DeclarativeBase):
    """Base of the tables every service has: outbox, inbox, idempotency keys.

    A service's own tables have a base of their own, `etter_<service>.tables.Base`, so that two services' models can
    live in one process (tests, tools) without sharing names.
    """

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = COLUMN_TYPES


class IdMixin:
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class TimestampMixin:
    created_at: Mapped[datetime] = mapped_column(default=utc_now, server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now, server_default=func.now())


class CompanyMixin:
    """Marks a table as owned by companies: the repository filters it and a test demands its row-level security."""

    company_id: Mapped[UUID] = mapped_column()


class VersionMixin:
    """A row version that every update raises; the resource's strong ETag is made of it."""

    version: Mapped[int] = mapped_column(default=1, server_default="1")

    @declared_attr.directive
    @classmethod
    def __mapper_args__(cls) -> dict[str, Any]:
        return {"version_id_col": cls.__table__.c.version}  # type: ignore[attr-defined]  # set by the declarative base
