"""What explanations read of simulations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from etter_common.db.repository import Repository
from etter_simulation.simulations.errors import SimulationNotFound
from etter_simulation.simulations.models import Series, Simulation


class ExplanationRepository(Repository[Simulation]):
    model = Simulation
    not_found = SimulationNotFound

    async def header(self, simulation_id: UUID) -> Row[Any]:
        """Raises `SimulationNotFound`."""
        columns = (
            Simulation.id, Simulation.status, Simulation.steps, Simulation.currency, Simulation.iterations,
            Simulation.engine_version, Simulation.quantiles, Simulation.left_out, Simulation.request,
        )  # fmt: skip
        found = await self.session.execute(self.select(*columns).where(Simulation.id == simulation_id))
        row: Row[Any] | None = found.one_or_none()
        if row is None:
            raise SimulationNotFound
        return row

    async def list_series(self, simulation_id: UUID) -> Sequence[Row[Any]]:
        """The company's series first, then all roles' in the order of the request."""
        columns = (Series.position, Series.role, Series.metrics, Series.values)
        statement = self.select(*columns).select_from(Series).join(Simulation, Simulation.id == Series.simulation_id)
        statement = statement.where(Series.simulation_id == simulation_id, Series.company_id == self.company_id)
        rows: Sequence[Row[Any]] = (await self.session.execute(statement.order_by(Series.position))).all()
        return rows
