"""`python -m etter_simulation.export COMPANY_ID > simulation.zip`: all that simulation keeps of a company."""

from __future__ import annotations

import etter_simulation.models  # noqa: F401 - completes the metadata
from etter_common import tenant_export
from etter_common.tenant_export import Export
from etter_simulation.settings import SimulationSettings
from etter_simulation.tables import Base

EXPORT = Export("simulation", SimulationSettings, Base.metadata)

if __name__ == "__main__":
    tenant_export.run(EXPORT)
