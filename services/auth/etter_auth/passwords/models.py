"""The tables of password hashes and of sign-in tries."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from etter_auth.tables import Base
from etter_common.db.models import CompanyMixin


class Password(CompanyMixin, Base):
    """A user who signs in elsewhere has none."""

    __tablename__ = "passwords"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("companies.id", ondelete="CASCADE"), index=True)
    hash: Mapped[str]
    changed_at: Mapped[datetime]


class SignInTries(Base):
    """A leaky bucket of refused tries: of an account, a network, or both. Keys are MACs: no address is stored."""

    __tablename__ = "sign_in_tries"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    level: Mapped[float] = mapped_column(server_default="0")  # as it was at `last_at`
    holds: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)), server_default="{}")
    tries: Mapped[int] = mapped_column(server_default="0")  # all that were refused or delayed
    succeeded_at: Mapped[datetime | None]
    last_at: Mapped[datetime] = mapped_column(index=True)
    # of the release before, which counts under keys of its own; the next release drops them
    blocked_until: Mapped[datetime] = mapped_column(server_default=func.now())
    was_refused: Mapped[bool] = mapped_column(server_default="false")
