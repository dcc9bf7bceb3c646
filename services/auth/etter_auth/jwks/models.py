"""The signing keys' table."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from etter_auth.tables import Base


class SigningKey(Base):
    """Signs from `active_from` on, until the next one does; stays published until `published_until`."""

    __tablename__ = "signing_keys"

    kid: Mapped[str] = mapped_column(primary_key=True)
    private_sealed: Mapped[bytes]
    public_jwk: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    active_from: Mapped[datetime | None]  # None: the next key, published ahead of use
    published_until: Mapped[datetime | None]  # None: current or next
