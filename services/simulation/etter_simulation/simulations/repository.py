"""Every query about simulations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, insert, update
from sqlalchemy.orm import load_only

from etter_common import fieldsets
from etter_common.db.repository import Repository
from etter_common.ids import new_id
from etter_common.pagination import Listing
from etter_common.responses import Slice
from etter_simulation.simulations.errors import SimulationNotFound
from etter_simulation.simulations.models import COMPANY_POSITION, Series, Simulation
from etter_simulation.simulations.schemas import SimulationOut, SimulationQuery

LISTING = Listing(
    "simulations", {"created_at": Simulation.created_at}, default="-created_at", tie_breaker=Simulation.id
)
_COLUMNS: dict[str, Any] = {name: getattr(Simulation, name) for name in SimulationOut.model_fields}


class SimulationRepository(Repository[Simulation]):
    model = Simulation
    not_found = SimulationNotFound

    async def list_page(self, query: SimulationQuery) -> Slice:
        wanted = fieldsets.top_level(fieldsets.parse(query.fields, SimulationOut), SimulationOut)
        where = []
        if query.status is not None:
            where.append(Simulation.status == query.status)
        if query.source is not None:
            where.append(Simulation.source == query.source)
        return await self.page(LISTING, query, {name: _COLUMNS[name] for name in wanted}, where=where)

    async def read(self, simulation_id: UUID, wanted: Sequence[str]) -> dict[str, Any]:
        """The wanted columns of one simulation; raises `SimulationNotFound`."""
        columns = [_COLUMNS[name].label(name) for name in wanted]
        row = (await self.session.execute(self.select(*columns).where(Simulation.id == simulation_id))).one_or_none()
        if row is None:
            raise SimulationNotFound
        return dict(row._mapping)

    async def header(self, simulation_id: UUID) -> Row[Any]:
        """What the results begin with; raises `SimulationNotFound`."""
        columns = (
            Simulation.id, Simulation.status, Simulation.name, Simulation.mode, Simulation.automation_factor,
            Simulation.seed, Simulation.iterations, Simulation.steps, Simulation.roles, Simulation.currency,
            Simulation.engine_version, Simulation.summary, Simulation.left_out,
            Simulation.request.op("-")("roles").label("request"),  # the assumptions without a thousand roles
        )  # fmt: skip
        found = await self.session.execute(self.select(*columns).where(Simulation.id == simulation_id))
        row: Row[Any] | None = found.one_or_none()
        if row is None:
            raise SimulationNotFound
        return row

    async def task(self, simulation_id: UUID) -> tuple[dict[str, Any], list[str | None]]:
        """What the engine has to do: the request, and core's ids of its roles."""
        columns = self.select(Simulation.request, Simulation.role_ids).where(Simulation.id == simulation_id)
        row = (await self.session.execute(columns)).one_or_none()
        if row is None:
            raise SimulationNotFound
        return row.request, row.role_ids

    async def list_requests(self, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
        """What each of these assumed, as far as the company has them."""
        columns = (Simulation.id, Simulation.name, Simulation.currency, Simulation.request)
        found = await self.session.execute(self.select(*columns).where(Simulation.id.in_(ids)))
        rows: Sequence[Row[Any]] = found.all()
        return rows

    async def remove(self, simulation_id: UUID) -> None:
        """Raises `SimulationNotFound`; the series go with it."""
        statement = delete(Simulation).where(Simulation.id == simulation_id, Simulation.company_id == self.company_id)
        gone = await self.session.scalar(statement.returning(Simulation.id))
        if gone is None:
            raise SimulationNotFound

    async def with_summary(self, simulation_id: UUID, summary: dict[str, Any]) -> Simulation:
        """Write the summary and give the row back without its large parts."""
        statement = (
            update(Simulation)
            .where(Simulation.id == simulation_id, Simulation.company_id == self.company_id)
            .values(summary=summary)
            .returning(Simulation)
            .options(load_only(Simulation.name, Simulation.automation_factor, Simulation.steps, Simulation.company_id))
        )
        simulation: Simulation | None = await self.session.scalar(statement)
        if simulation is None:
            raise SimulationNotFound
        return simulation

    async def put_series(self, simulation_id: UUID, rows: list[dict[str, Any]]) -> None:
        owned = {"company_id": self.company_id, "simulation_id": simulation_id}
        await self.session.execute(insert(Series), [{"id": new_id(), **owned, **row} for row in rows])

    async def list_series(
        self, simulation_id: UUID, *, roles: Sequence[str] | None, with_roles: bool
    ) -> Sequence[Row[Any]]:
        """The company's series first, then the wanted roles' in the order of the request."""
        columns = (Series.position, Series.role, Series.role_id, Series.salary, Series.metrics, Series.values)
        statement = self.select(*columns).select_from(Series).join(Simulation, Simulation.id == Series.simulation_id)
        statement = statement.where(Series.simulation_id == simulation_id, Series.company_id == self.company_id)
        if not with_roles:
            statement = statement.where(Series.position == COMPANY_POSITION)
        elif roles is not None:
            statement = statement.where((Series.position == COMPANY_POSITION) | Series.role.in_(roles))
        rows: Sequence[Row[Any]] = (await self.session.execute(statement.order_by(Series.position))).all()
        return rows
