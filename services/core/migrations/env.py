"""Core's Alembic environment: its settings and its tables; the rest is shared."""

from __future__ import annotations

import etter_core.models  # noqa: F401 - all tables, so that autogenerate sees them
from etter_common.db import migrations
from etter_core.settings import CoreSettings
from etter_core.tables import Base

migrations.run(CoreSettings, Base.metadata)
