"""Extractions: a report in codes and counts instead of warnings, and how tables were read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "ext_2026_12_01_0430"
down_revision = "ext_2026_11_24_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("report", "mappings"):
        op.add_column("extractions", sa.Column(name, JSONB, nullable=False, server_default="[]"))
    op.alter_column("extractions", "warnings", server_default="[]")


def downgrade() -> None:
    op.alter_column("extractions", "warnings", server_default=None)
    for name in ("mappings", "report"):
        op.drop_column("extractions", name)
