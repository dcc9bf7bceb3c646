"""Simulation's Alembic environment: its settings and its tables; the rest is shared."""

from __future__ import annotations

import etter_simulation.models  # noqa: F401 - all tables, so that autogenerate sees them
from etter_common.db import migrations
from etter_simulation.settings import SimulationSettings
from etter_simulation.tables import Base

migrations.run(SimulationSettings, Base.metadata)
