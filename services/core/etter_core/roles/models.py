"""Tables of roles."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, Numeric, false, func
from sqlalchemy.orm import Mapped, mapped_column

from etter_common.db.models import CompanyMixin, IdMixin, TimestampMixin, VersionMixin
from etter_core.tables import Base


class Role(IdMixin, CompanyMixin, TimestampMixin, VersionMixin, Base):
    """A job in the company. `salary` is the average annual salary of one person, null when nobody said."""

    __tablename__ = "roles"

    title: Mapped[str]
    department: Mapped[str] = mapped_column(default="", server_default="")
    level: Mapped[str | None]
    location: Mapped[str | None]
    headcount: Mapped[int] = mapped_column(default=0, server_default="0")
    salary: Mapped[Decimal | None] = mapped_column(Numeric(14, 2))
    currency: Mapped[str] = mapped_column(default="USD", server_default="USD")
    occupation_code: Mapped[str | None]
    occupation_similarity: Mapped[float | None]
    occupation_chosen: Mapped[bool] = mapped_column(default=False, server_default=false())

    __table_args__ = (
        CheckConstraint("headcount >= 0", name="headcount_not_negative"),
        CheckConstraint("salary IS NULL OR salary >= 0", name="salary_not_negative"),
    )


Index(
    "uq_roles_company_id_title_department",
    Role.company_id,
    func.lower(Role.title),
    func.lower(Role.department),
    unique=True,
)
Index("ix_roles_company_id_title_id", Role.company_id, Role.title, Role.id)
Index("ix_roles_company_id_department_id", Role.company_id, Role.department, Role.id)
Index("ix_roles_company_id_headcount_id", Role.company_id, Role.headcount, Role.id)
Index("ix_roles_company_id_created_at_id", Role.company_id, Role.created_at, Role.id)
Index("ix_roles_company_id_occupation_code", Role.company_id, Role.occupation_code)
