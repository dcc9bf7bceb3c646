"""Every query about simulations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, insert, inspect, literal, select, true, update
from sqlalchemy.orm import undefer
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from etter_common import fieldsets
from etter_common.clock import utc_now
from etter_common.db.repository import Repository
from etter_common.ids import new_id
from etter_common.jobs import JobStatus
from etter_common.pagination import Listing
from etter_common.responses import Slice
from etter_simulation.simulations.errors import SimulationNotFound
from etter_simulation.simulations.meaning import ACTIVE, Meaning, RunKey
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

    async def header(self, simulation_id: UUID, *, with_roles: bool) -> Row[Any]:
        """What the results begin with; raises `SimulationNotFound`. Roles are thousands: only where they are needed."""
        request = Simulation.request if with_roles else Simulation.request.op("-")("roles")
        columns = (
            Simulation.id, Simulation.status, Simulation.name, Simulation.mode, Simulation.automation_factor,
            Simulation.seed, Simulation.iterations, Simulation.steps, Simulation.roles, Simulation.currency,
            Simulation.engine_version, Simulation.summary, Simulation.left_out, Simulation.quantiles,
            func.coalesce(Simulation.iterations_used, Simulation.iterations).label("iterations_used"),
            request.label("request"),
        )  # fmt: skip
        found = await self.session.execute(self.select(*columns).where(Simulation.id == simulation_id))
        row: Row[Any] | None = found.one_or_none()
        if row is None:
            raise SimulationNotFound
        return row

    def append(self, simulation: Simulation) -> None:
        """Add it at the end of this work, with all its columns: defaults are not filled in there."""
        now, columns = utc_now(), inspect(Simulation).columns
        constants = ((column.key, column.default) for column in columns)
        defaults = {name: default.arg for name, default in constants if isinstance(default, ScalarElementColumnDefault)}
        moments = dict.fromkeys(("created_at", "updated_at", "queued_at"), now)
        given = {column.key: value for column in columns if (value := getattr(simulation, column.key)) is not None}
        self.ctx.append(insert(Simulation).values({**defaults, **moments, **given, "company_id": self.company_id}))

    async def task(self, simulation_id: UUID) -> Row[Any]:
        """What there is to do; raises `SimulationNotFound`."""
        columns = (
            Simulation.id, Simulation.request, Simulation.role_ids, Simulation.fingerprint, Simulation.engine_version,
            Simulation.chunk_iterations, Simulation.quantiles, Simulation.source, Simulation.currency,
        )  # fmt: skip
        found = await self.session.execute(self.select(*columns).where(Simulation.id == simulation_id))
        row: Row[Any] | None = found.one_or_none()
        if row is None:
            raise SimulationNotFound
        return row

    async def list_requests(self, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
        """What each of these assumed, as far as the company has them."""
        columns = (Simulation.id, Simulation.name, Simulation.currency, Simulation.request)
        found = await self.session.execute(self.select(*columns).where(Simulation.id.in_(ids)))
        rows: Sequence[Row[Any]] = found.all()
        return rows

    async def find_key(self, simulation_id: UUID) -> RunKey | None:
        columns = self.select(Simulation.fingerprint, Simulation.engine_version).where(Simulation.id == simulation_id)
        row = (await self.session.execute(columns)).one_or_none()
        return RunKey(row.fingerprint, row.engine_version) if row is not None else None

    async def set_engine_version(self, simulation_id: UUID, version: str) -> None:
        own = (Simulation.id == simulation_id, Simulation.company_id == self.company_id)
        await self.session.execute(update(Simulation).where(*own).values(engine_version=version))

    async def room(self, run: Meaning) -> Row[Any]:
        """How many simulations the company has `active` and `stored`, and what `run` can be given, see `find_reusable`.

        Null where there is nothing to be given.
        """
        counts = self.select(
            func.count().filter(Simulation.status.in_(ACTIVE)).label("active"), func.count().label("stored")
        ).subquery()  # fmt: skip
        found = self._reusable(run).subquery()
        statement = select(counts, found).select_from(counts.outerjoin(found, true()))
        row: Row[Any] = (await self.session.execute(statement)).one()
        return row

    async def find_reusable(self, run: Meaning) -> Row[Any] | None:
        """The simulation whose results are those of `run`, to the byte, and still fresh; it stays while we work."""
        row: Row[Any] | None = (await self.session.execute(self._reusable(run))).one_or_none()
        return row

    def _reusable(self, run: Meaning) -> Select[Any]:
        columns = (
            Simulation.id.label("reused_from"), Simulation.summary, Simulation.outlook, Simulation.iterations_used,
            Simulation.reusable_until,
        )  # fmt: skip
        statement = self.select(*columns).where(
            Simulation.fingerprint == run.key.fingerprint, Simulation.engine_version == run.key.engine_version,
            Simulation.status == JobStatus.SUCCEEDED.value, Simulation.reusable_until > utc_now(),
            Simulation.quantiles == run.quantiles, Simulation.source == run.source,
            Simulation.currency == run.currency, Simulation.role_ids == run.role_ids,
        )  # fmt: skip
        return statement.order_by(Simulation.finished_at.desc()).limit(1).with_for_update(read=True, key_share=True)

    def copy_series(self, source_id: UUID, simulation_id: UUID) -> None:
        """Written at the end of this work."""
        columns = (Series.position, Series.role, Series.role_id, Series.salary, Series.metrics, Series.values)
        own = (func.gen_random_uuid(), literal(self.company_id), literal(simulation_id))
        copied = select(*own, *columns).where(
            Series.simulation_id == source_id, Series.company_id == self.company_id
        )  # fmt: skip
        names = ["id", "company_id", "simulation_id", *(column.key for column in columns)]
        self.ctx.append(insert(Series).from_select(names, copied))

    async def drop_reusable(self, role_id: UUID) -> None:
        """Results that came from the role's profile are not used again."""
        statement = update(Simulation).where(
            Simulation.company_id == self.company_id, Simulation.reusable_until > utc_now(),
            Simulation.role_ids.contains([str(role_id)]),
        )  # fmt: skip
        await self.session.execute(
            statement.values(reusable_until=None), execution_options={"synchronize_session": False}
        )

    async def remove(self, simulation_id: UUID) -> RunKey:
        """Raises `SimulationNotFound`; the series go with it."""
        statement = delete(Simulation).where(Simulation.id == simulation_id, Simulation.company_id == self.company_id)
        returned = statement.returning(Simulation.fingerprint, Simulation.engine_version)
        gone = (await self.session.execute(returned)).one_or_none()
        if gone is None:
            raise SimulationNotFound
        return RunKey(gone.fingerprint, gone.engine_version)

    async def finished(self, simulation_id: UUID, values: dict[str, Any]) -> Simulation:
        """Write what the run yielded and give the row back without its large parts, but with its outlook."""
        statement = (
            update(Simulation)
            .where(Simulation.id == simulation_id, Simulation.company_id == self.company_id)
            .values(values)
            .returning(Simulation)
            .options(undefer(Simulation.outlook))
        )
        options = {"populate_existing": True, "synchronize_session": False}
        simulation: Simulation | None = await self.session.scalar(statement, execution_options=options)
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
