"""Every query about role profiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.dialects.postgresql import insert

from etter_common.clock import utc_now
from etter_common.db.repository import Repository
from etter_simulation.role_profiles.models import PROFILE, PROFILE_ORDER, RoleProfile


class RoleProfileRepository(Repository[RoleProfile]):
    model = RoleProfile

    async def put(self, role_id: UUID, values: dict[str, Any]) -> None:
        """Keep `values` unless a newer version is known or the role is gone."""
        statement = insert(RoleProfile).values(id=role_id, company_id=self.company_id, is_deleted=False, **values)
        newer = statement.excluded.profile_version > RoleProfile.profile_version
        await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=[RoleProfile.id],
                set_={**values, "updated_at": utc_now()},
                where=newer & ~RoleProfile.is_deleted & (RoleProfile.company_id == self.company_id),
            )
        )

    async def mark_deleted(self, role_id: UUID) -> None:
        """For good, also when the role's profile has not arrived yet."""
        blank: dict[str, Any] = {"title": "", "headcount": 0, "currency": "", "workloads": [], "profile_version": 0}
        gone = {"is_deleted": True, "updated_at": utc_now()}
        statement = insert(RoleProfile).values(id=role_id, company_id=self.company_id, is_deleted=True, **blank)
        await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=[RoleProfile.id], set_=gone, where=RoleProfile.company_id == self.company_id
            )
        )

    async def list_current(self, limit: int) -> Sequence[Row[Any]]:
        """The company's roles in a stable order."""
        statement = self.select(*PROFILE).where(~RoleProfile.is_deleted).order_by(*PROFILE_ORDER).limit(limit)
        rows: Sequence[Row[Any]] = (await self.session.execute(statement)).all()
        return rows
