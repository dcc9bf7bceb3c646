"""The directory's table; all companies share it."""

from __future__ import annotations

from sqlalchemy import Index, func
from sqlalchemy.orm import Mapped

from etter_auth.tables import Base
from etter_common.db.models import IdMixin, TimestampMixin


class MasterCompany(IdMixin, TimestampMixin, Base):
    __tablename__ = "master_companies"

    name: Mapped[str]
    industry: Mapped[str]
    employees: Mapped[int | None]


Index("uq_master_companies_name", func.lower(MasterCompany.name), unique=True)
Index(None, MasterCompany.name, MasterCompany.id)
Index(
    "ix_master_companies_name_trgm",
    func.lower(MasterCompany.name).label("name_key"),
    postgresql_using="gin",
    postgresql_ops={"name_key": "gin_trgm_ops"},
)
