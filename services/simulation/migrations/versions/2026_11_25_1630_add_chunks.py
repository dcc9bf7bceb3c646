"""Simulations: played in chunks by any worker, results that may be used again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from etter_common.db.migrations import enable_row_security
from etter_common.jobs import job_columns
from etter_common.jobs.migrations import add_fairness

revision = "sim_2026_11_25_1630"
down_revision = "sim_2026_11_25_1620"
branch_labels = None
depends_on = None

_BY_FINGERPRINT = "ix_simulations_company_id_fingerprint"


def upgrade() -> None:
    _add_columns()
    op.create_table(
        "simulation_chunks",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("engine_version", sa.String(), nullable=False),
        sa.Column("first_iteration", sa.Integer(), nullable=False),
        sa.Column("last_iteration", sa.Integer(), nullable=False),
        sa.Column("sums", JSONB()),
        *job_columns(),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
        sa.UniqueConstraint(
            "company_id", "fingerprint", "engine_version", "first_iteration", "last_iteration",
            name="uq_simulation_chunks_range",
        ),
    )  # fmt: skip
    op.create_table(
        "simulation_chunk_parts",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column(
            "chunk_id",
            sa.Uuid(),
            sa.ForeignKey(
                "simulation_chunks.id", ondelete="CASCADE", name="fk_simulation_chunk_parts_chunk_id_simulation_chunks"
            ),
            nullable=False,
        ),
        sa.Column("window", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("chunk_id", "window", name="uq_simulation_chunk_parts_chunk_id_window"),
    )
    op.execute("ALTER TABLE simulation_chunk_parts ALTER COLUMN data SET STORAGE EXTERNAL")  # compressed already
    enable_row_security("simulation_chunks", system=True)
    enable_row_security("simulation_chunk_parts")
    add_fairness("simulation_chunks", concurrently=False)
    with op.get_context().autocommit_block():
        op.create_index(
            _BY_FINGERPRINT,
            "simulations",
            ["company_id", "fingerprint"],
            postgresql_concurrently=True,
            if_not_exists=True,
        )


def _add_columns() -> None:
    for column in (
        sa.Column("chunk_iterations", sa.Integer()),
        sa.Column("quantiles", sa.String(), nullable=False, server_default="exact"),
        sa.Column("iterations_used", sa.Integer()),
        sa.Column("reused_from", sa.Uuid()),
        sa.Column("reusable_until", sa.DateTime(timezone=True)),
        sa.Column("outlook", JSONB()),
    ):
        op.add_column("simulations", column)


def downgrade() -> None:
    op.drop_index(_BY_FINGERPRINT, "simulations")
    op.drop_table("simulation_chunk_parts")
    op.drop_table("simulation_chunks")
    for name in ("outlook", "reusable_until", "reused_from", "iterations_used", "quantiles", "chunk_iterations"):
        op.drop_column("simulations", name)
