"""The tables of password hashes and of sign-in tries."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
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
    """Tries counted for one key: a user, a network, or a user from an address. Keys are MACs: no address is stored."""

    __tablename__ = "sign_in_tries"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    tries: Mapped[int]
    blocked_until: Mapped[datetime]
    was_refused: Mapped[bool]  # the last try's answer, so that counting and deciding are one statement
    succeeded_at: Mapped[datetime | None]
    last_at: Mapped[datetime] = mapped_column(index=True)
