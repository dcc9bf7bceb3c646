"""Every query about the dashboard: one per page, two for the summary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    Numeric,
    Select,
    SQLColumnExpression,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import join

from etter_common import fieldsets
from etter_common.db.repository import Repository
from etter_common.pagination import Listing
from etter_common.responses import Slice
from etter_core.chro.models import RoleOutlook
from etter_core.chro.schemas import DashboardEntry, DashboardQuery
from etter_core.people.models import Company, Person
from etter_core.roles.models import Role
from etter_core.scores.scoring import PRODUCTIVE_HOURS
from etter_core.workflows.models import Workflow

DEFAULT_CURRENCY = "USD"
BANDS = 10
DECIMALS = 4


def _rounded(value: SQLColumnExpression[Any]) -> SQLColumnExpression[Any]:
    """As it is shown; sorts and sums go by the exact value."""
    return cast(func.round(cast(value, Numeric()), DECIMALS), Double())


_hours = cast(Role.headcount, BigInteger()) * PRODUCTIVE_HOURS
_freed_fte = Role.headcount * Workflow.freed_share
_cost = Role.headcount * Role.salary
_freed_cost = func.round(_cost * cast(Workflow.freed_share, Numeric()), 2)
_outlook = case(
    (RoleOutlook.role_id.is_(None), null()),
    else_=func.jsonb_build_object(
        "simulation_id", RoleOutlook.simulation_id, "name", RoleOutlook.simulation_name,
        "automation_factor", RoleOutlook.automation_factor, "simulated_at", RoleOutlook.simulated_at,
        "months", RoleOutlook.months,
    ),
)  # fmt: skip
COLUMNS: Mapping[str, SQLColumnExpression[Any]] = {
    "role_id": Role.id,
    "workflow_id": Workflow.id,
    **{
        name: getattr(Role, name)
        for name in ("title", "department", "occupation_code", "headcount", "salary", "currency")
    },
    **{
        name: getattr(Workflow, name)
        for name in (
            "status", "source", "etter_score", "validated_score", "scored_at", "validated_by", "validated_at",
            "automate_share", "augment_share",
        )
    },
    "validated_by_name": Person.name,
    "hours": _hours,
    "freed_hours": _rounded(_hours * Workflow.freed_share),
    "freed_fte": _rounded(_freed_fte),
    "cost": _cost,
    "freed_cost": _freed_cost,
    "outlook": _outlook,
}  # fmt: skip
LISTING = Listing(
    "dashboard",
    {
        "title": Role.title,
        "department": Role.department,
        "headcount": Role.headcount,
        "etter_score": func.coalesce(Workflow.etter_score, -1.0),
        "validated_score": func.coalesce(Workflow.validated_score, -1.0),
        "freed_fte": func.coalesce(_freed_fte, -1.0),
    },
    default="-etter_score",
    tie_breaker=Role.id,
)


class DashboardRepository(Repository[Role]):
    """The dashboard hangs on roles: a role nobody has described yet is a line without scores."""

    model = Role

    async def list_page(self, query: DashboardQuery) -> Slice:
        wanted = fieldsets.top_level(fieldsets.parse(query.fields, DashboardEntry), DashboardEntry)
        where: list[ColumnElement[bool]] = []
        if query.department is not None:
            where.append(Role.department == query.department)
        if query.status is not None:
            where.append(Workflow.status == query.status)
        if query.q is not None:
            where.append(func.lower(Role.title).contains(query.q.lower(), autoescape=True))
        columns = {name: COLUMNS[name] for name in wanted}
        return await self.page(LISTING, query, columns, where=where, joined=self._joined())

    async def summary(self) -> tuple[str, list[Mapping[str, Any]]]:
        """The company's currency, and one row of totals per department and currency and score band."""
        currency = select(Company.currency).where(Company.company_id == self.company_id).scalar_subquery()
        statement = self._grouped(func.coalesce(currency, literal(DEFAULT_CURRENCY)))
        rows: list[Mapping[str, Any]] = [dict(row._mapping) for row in await self.session.execute(statement)]
        return (rows[0]["company_currency"] if rows else DEFAULT_CURRENCY), rows

    def _grouped(self, currency: SQLColumnExpression[str]) -> Select[Any]:
        scored = Workflow.etter_score.is_not(None)
        band = case((scored, func.least(func.floor(Workflow.etter_score / BANDS), BANDS - 1)))
        known = case((scored, Role.headcount), else_=0)
        return (
            self.select(
                currency.label("company_currency"), Role.department, Role.currency, band.label("band"),
                func.count().label("roles"),
                func.count(Workflow.etter_score).label("scored_roles"),
                func.count(Workflow.validated_score).label("validated_roles"),
                func.sum(Role.headcount).label("headcount"),
                func.sum(known).label("scored_headcount"),
                func.sum(Role.headcount * Workflow.etter_score).label("etter_points"),
                func.sum(Role.headcount * Workflow.validated_score).label("validated_points"),
                func.sum(case((Workflow.validated_score.is_not(None), Role.headcount), else_=0)).label(
                    "validated_headcount"
                ),
                func.sum(_freed_fte).label("freed_fte"),
                func.sum(Role.headcount * Workflow.automate_share).label("automate_fte"),
                func.sum(Role.headcount * Workflow.augment_share).label("augment_fte"),
                func.sum(_cost).label("cost"),
                func.sum(_freed_cost).label("freed_cost"),
            )
            .select_from(join(Role, Workflow, self._own_workflow(), isouter=True))
            .group_by(Role.department, Role.currency, band)
            .order_by(Role.department)
        )  # fmt: skip

    def _joined(self) -> Any:
        with_workflow = join(Role, Workflow, self._own_workflow(), isouter=True)
        validator = and_(Person.company_id == self.company_id, Person.user_id == Workflow.validated_by)
        with_person = join(with_workflow, Person, validator, isouter=True)
        outlook = and_(RoleOutlook.role_id == Role.id, RoleOutlook.company_id == self.company_id)
        return join(with_person, RoleOutlook, outlook, isouter=True)

    def _own_workflow(self) -> ColumnElement[bool]:
        return and_(Workflow.role_id == Role.id, Workflow.company_id == self.company_id)


class OutlookRepository(Repository[RoleOutlook]):
    model = RoleOutlook

    async def keep_newest(self, rows: list[dict[str, Any]]) -> None:
        """Insert or replace; an older simulation never replaces a newer one, and deleted roles are skipped."""
        known = set(await self.session.scalars(select(Role.id).where(Role.company_id == self.company_id)))
        values = [{**row, "company_id": self.company_id} for row in rows if row["role_id"] in known]
        if not values:
            return
        statement = insert(RoleOutlook).values(values)
        fresh = {name: statement.excluded[name] for name in values[0] if name not in ("role_id", "company_id")}
        await self.session.execute(
            statement.on_conflict_do_update(
                index_elements=[RoleOutlook.role_id],
                set_=fresh,
                where=RoleOutlook.simulated_at < statement.excluded.simulated_at,
            )
        )
