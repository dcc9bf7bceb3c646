"""Projections of auth's users and companies."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from etter_common.db.models import CompanyMixin
from etter_core.tables import Base


class Person(CompanyMixin, Base):
    """A user's name, to show beside what they did."""

    __tablename__ = "people"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    version: Mapped[int]


class Company(CompanyMixin, Base):
    __tablename__ = "companies"

    company_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    currency: Mapped[str]
