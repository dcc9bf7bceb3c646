"""Auth's Alembic environment: its settings and its tables; the rest is shared."""

from __future__ import annotations

import etter_auth.models  # noqa: F401 - all tables, so that autogenerate sees them
from etter_auth.settings import AuthSettings
from etter_auth.tables import Base
from etter_common.db import migrations

migrations.run(AuthSettings, Base.metadata)
