"""Create redeployment plans and automation roadmaps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from etter_common.db.migrations import enable_row_security
from etter_common.jobs import job_columns
from etter_common.jobs.migrations import add_fairness

revision = "sim_2026_11_25_1650"
down_revision = "sim_2026_11_25_1640"
branch_labels = None
depends_on = None

TABLES = ("redeployment_plans", "automation_roadmaps")


def upgrade() -> None:
    for table in TABLES:
        op.create_table(
            table,
            sa.Column("id", sa.Uuid(), primary_key=True),
            sa.Column("company_id", sa.Uuid(), nullable=False),
            sa.Column("requested_by", sa.Uuid(), nullable=False),
            sa.Column("name", sa.String()),
            sa.Column("engine_version", sa.String(), nullable=False),
            sa.Column("request", JSONB(), nullable=False),
            sa.Column("result", JSONB()),
            sa.Column("simulation_id", sa.Uuid()),
            sa.Column("iterations", sa.Integer(), nullable=False),
            sa.Column("steps", sa.Integer(), nullable=False),
            sa.Column("seed", sa.BigInteger(), nullable=False),
            sa.Column("currency", sa.String(), nullable=False),
            *job_columns(),
            sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
            sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        )
        op.create_index(f"ix_{table}_company_id_created_at_id", table, ["company_id", "created_at", "id"])
        enable_row_security(table, system=True)
        add_fairness(table, concurrently=False)


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
