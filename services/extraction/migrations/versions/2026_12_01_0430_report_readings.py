"""Extractions: a report in codes and counts instead of warnings, and how tables were read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from etter_common.db.migrations import enable_row_security

revision = "ext_2026_12_01_0430"
down_revision = "ext_2026_11_24_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "column_choices",
        sa.Column("company_id", sa.Uuid, nullable=False),
        sa.Column("heading", sa.String, nullable=False),
        sa.Column("field", sa.String, nullable=False),
        sa.Column("chosen_by", sa.Uuid),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("company_id", "heading", name="pk_column_choices"),
    )
    enable_row_security("column_choices")
    for name in ("report", "mappings"):
        op.add_column("extractions", sa.Column(name, JSONB, nullable=False, server_default="[]"))
    op.alter_column("extractions", "warnings", server_default="[]")


def downgrade() -> None:
    op.drop_table("column_choices")
    op.alter_column("extractions", "warnings", server_default=None)
    for name in ("mappings", "report"):
        op.drop_column("extractions", name)
