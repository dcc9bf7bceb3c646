"""Create comparisons."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from etter_common.db.migrations import enable_row_security
from etter_common.jobs import job_columns
from etter_common.jobs.migrations import add_fairness

revision = "sim_2026_11_25_1555"
down_revision = "sim_2026_11_24_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "comparisons",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String()),
        sa.Column("engine_version", sa.String(), nullable=False),
        sa.Column("request", JSONB(), nullable=False),
        sa.Column("result", JSONB()),
        sa.Column("alternatives", JSONB(), nullable=False),
        sa.Column("baseline", sa.Integer(), nullable=False),
        sa.Column("iterations", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        *job_columns(),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("ix_comparisons_company_id_created_at_id", "comparisons", ["company_id", "created_at", "id"])
    enable_row_security("comparisons", system=True)
    add_fairness("comparisons", concurrently=False)


def downgrade() -> None:
    op.drop_table("comparisons")
