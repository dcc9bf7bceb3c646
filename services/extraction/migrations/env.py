"""Extraction's Alembic environment: its settings and its tables; the rest is shared."""

from __future__ import annotations

import etter_extraction.models  # noqa: F401 - all tables, so that autogenerate sees them
from etter_common.db import migrations
from etter_extraction.settings import ExtractionSettings
from etter_extraction.tables import Base

migrations.run(ExtractionSettings, Base.metadata)
