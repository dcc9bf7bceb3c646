"""Every query about scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, insert, or_, select, update

from etter_common import fieldsets
from etter_common.db.repository import Repository
from etter_common.ids import new_id
from etter_common.pagination import Listing, PageParams
from etter_common.responses import Slice
from etter_simulation.role_profiles.models import PROFILE, PROFILE_ORDER, RoleProfile
from etter_simulation.scenarios.errors import ScenarioNotFound
from etter_simulation.scenarios.models import Baseline, Scenario, ScenarioVersion
from etter_simulation.scenarios.schemas import ScenarioLine, ScenarioOut, ScenarioQuery, VersionLine

Wanted = tuple[UUID, int | None]
"""A scenario and a version of it; `None` is the latest."""

LISTING = Listing(
    "scenarios",
    {"created_at": Scenario.created_at, "updated_at": Scenario.updated_at, "name": Scenario.name},
    default="-created_at",
    tie_breaker=Scenario.id,
)
_CONTENT = ("version", "name", "description", "assumptions", "roles", "baseline_id", "baseline")
_ROLE_SET = (
    Baseline.roles.label("role_set"), Baseline.role_ids, Baseline.left_out, Baseline.currency.label("role_currency"),
)  # fmt: skip
VERSIONS = Listing(
    "scenario_versions", {"version": ScenarioVersion.version}, default="-version", tie_breaker=ScenarioVersion.id
)


class ScenarioRepository(Repository[Scenario]):
    model = Scenario
    not_found = ScenarioNotFound

    async def list_page(self, query: ScenarioQuery) -> Slice:
        wanted = fieldsets.top_level(fieldsets.parse(query.fields, ScenarioLine), ScenarioLine)
        where = [Scenario.roles == query.roles] if query.roles is not None else []
        return await self.page(LISTING, query, {name: getattr(Scenario, name) for name in wanted}, where=where)

    async def read(self, scenario_id: UUID, wanted: Sequence[str]) -> tuple[int, dict[str, Any]]:
        """The version and the wanted columns of one scenario; raises `ScenarioNotFound`."""
        columns = [getattr(Scenario, name) for name in wanted if name in ScenarioOut.model_fields]
        statement = self.select(Scenario.version.label("_version"), *columns).where(Scenario.id == scenario_id)
        row = (await self.session.execute(statement)).one_or_none()
        if row is None:
            raise ScenarioNotFound
        found = dict(row._mapping)
        return found.pop("_version"), found

    async def take(self, scenario_id: UUID, *, with_baseline: bool) -> tuple[Scenario, Row[Any]]:
        """A copy to change and hand to `put`; its row stays locked. Beside it the roles it rests on, if asked for."""
        names = [column.key for column in Scenario.__table__.columns]
        columns = [getattr(Scenario, name) for name in names]
        roles = _ROLE_SET if with_baseline else ()
        statement = self.select(*columns, *roles).select_from(Scenario).where(Scenario.id == scenario_id)
        if with_baseline:
            statement = statement.outerjoin(Baseline, Baseline.id == Scenario.baseline_id)
        row = (await self.session.execute(statement.with_for_update(of=Scenario))).one_or_none()
        if row is None:
            raise ScenarioNotFound
        return Scenario(**dict(zip(names, row, strict=False))), row

    def put(self, scenario: Scenario) -> None:
        """Write a changed copy, with the transaction's last statement."""
        values = {column.key: getattr(scenario, column.key) for column in Scenario.__table__.columns}
        for unchanged in ("id", "company_id", "created_at", "created_by"):
            del values[unchanged]
        self.ctx.append(update(Scenario).where(Scenario.id == scenario.id, self.visible()).values(values))

    def remember(self, scenario: Scenario) -> None:
        """Write a version for good, with the transaction's last statement."""
        content = {name: getattr(scenario, name) for name in _CONTENT}
        row = {"id": new_id(), "company_id": self.company_id, "scenario_id": scenario.id, **content}
        made = {"made_by": scenario.updated_by, "created_at": scenario.updated_at}
        self.ctx.append(insert(ScenarioVersion).values(**row, **made))

    def keep_roles(self, baseline: dict[str, Any]) -> None:
        """Write a role set, with the transaction's last statement."""
        self.ctx.append(insert(Baseline).values(company_id=self.company_id, **baseline))

    async def list_wanted(self, wanted: Sequence[Wanted]) -> Sequence[Row[Any]]:
        """Versions with their role sets, as far as the company has them; `is_latest` tells how they were found."""
        asked = [
            and_(Scenario.id == id_, ScenarioVersion.version == (Scenario.version if version is None else version))
            for id_, version in wanted
        ]
        columns = (
            ScenarioVersion.scenario_id, ScenarioVersion.version, ScenarioVersion.name, ScenarioVersion.assumptions,
            (ScenarioVersion.version == Scenario.version).label("is_latest"),
            *_ROLE_SET,
        )  # fmt: skip
        statement = self._versions(*columns).outerjoin(Baseline, Baseline.id == ScenarioVersion.baseline_id)
        rows: Sequence[Row[Any]] = (await self.session.execute(statement.where(or_(*asked)))).all()
        return rows

    async def with_profiles(self, scenario_id: UUID, version: int | None, *, limit: int) -> Sequence[Row[Any]]:
        """A version with its role set, in one row; with current roles a row for each that the company has."""
        wanted = ScenarioVersion.version == (Scenario.version if version is None else version)
        columns = (ScenarioVersion.version, ScenarioVersion.name, ScenarioVersion.assumptions, *_ROLE_SET)
        is_current = ScenarioVersion.baseline_id.is_(None) & ~RoleProfile.is_deleted
        statement = (
            self._versions(*columns, *PROFILE)
            .outerjoin(Baseline, Baseline.id == ScenarioVersion.baseline_id)
            .outerjoin(RoleProfile, is_current & (RoleProfile.company_id == self.company_id))
            .where(Scenario.id == scenario_id, wanted)
            .order_by(*PROFILE_ORDER)
            .limit(limit)
        )
        rows: Sequence[Row[Any]] = (await self.session.execute(statement)).all()
        return rows

    def _versions(self, *columns: Any) -> Select[Any]:
        joined = select(*columns).join_from(Scenario, ScenarioVersion, ScenarioVersion.scenario_id == Scenario.id)
        return joined.where(self.visible(), ScenarioVersion.company_id == self.company_id)


class VersionRepository(Repository[ScenarioVersion]):
    model = ScenarioVersion

    async def list_page(self, scenario_id: UUID, query: PageParams) -> Slice:
        wanted = fieldsets.top_level(fieldsets.parse(query.fields, VersionLine), VersionLine)
        columns = {name: getattr(ScenarioVersion, name) for name in wanted}
        return await self.page(VERSIONS, query, columns, where=[ScenarioVersion.scenario_id == scenario_id])

    async def find_version(self, scenario_id: UUID, version: int) -> ScenarioVersion | None:
        return await self.find(ScenarioVersion.scenario_id == scenario_id, ScenarioVersion.version == version)


class BaselineRepository(Repository[Baseline]):
    model = Baseline
