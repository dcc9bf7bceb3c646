"""Create simulation's tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from etter_common.db.migrations import create_platform_tables, drop_platform_tables, enable_row_security
from etter_common.jobs import job_columns

revision = "2026_11_23_1920"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_platform_tables()
    op.create_table(
        "role_profiles",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("department", sa.String()),
        sa.Column("headcount", sa.Integer(), nullable=False),
        sa.Column("salary", sa.Numeric()),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("workloads", JSONB(), nullable=False),
        sa.Column("profile_version", sa.Integer(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False, server_default=sa.text("false")),
        *_timestamps(),
    )
    op.create_index("ix_role_profiles_company_id_title", "role_profiles", ["company_id", "title"])
    op.create_table(
        "simulations",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String()),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("roles", sa.Integer(), nullable=False),
        sa.Column("automation_factor", sa.Double(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("iterations", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("engine_version", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("request", JSONB(), nullable=False),
        sa.Column("role_ids", JSONB(), nullable=False),
        sa.Column("left_out", JSONB(), nullable=False),
        sa.Column("summary", JSONB()),
        *job_columns(),
        *_timestamps(),
    )
    op.create_index("ix_simulations_company_id_created_at_id", "simulations", ["company_id", "created_at", "id"])
    op.create_index(
        "ix_simulations_status",
        "simulations",
        ["status", "queued_at"],
        postgresql_where=sa.text("status IN ('queued', 'running')"),
    )
    op.create_table(
        "simulation_series",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column(
            "simulation_id",
            sa.Uuid(),
            sa.ForeignKey("simulations.id", ondelete="CASCADE", name="fk_simulation_series_simulation_id_simulations"),
            nullable=False,
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.String()),
        sa.Column("role_id", sa.Uuid()),
        sa.Column("salary", sa.Double()),
        sa.Column("metrics", JSONB(), nullable=False),
        sa.Column("values", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint(
            "company_id", "simulation_id", "position", name="uq_simulation_series_company_id_simulation_id_position"
        ),
    )
    op.create_index("ix_simulation_series_simulation_id", "simulation_series", ["simulation_id"])
    enable_row_security("role_profiles", "simulation_series")
    enable_row_security("simulations", system=True)


def downgrade() -> None:
    op.drop_table("simulation_series")
    op.drop_table("simulations")
    op.drop_table("role_profiles")
    drop_platform_tables()


def _timestamps() -> tuple[sa.Column[object], sa.Column[object]]:
    return (
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
