"""Create scenarios."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from etter_common.db.migrations import enable_row_security

revision = "sim_2026_11_25_1640"
down_revision = "sim_2026_11_25_1630"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "scenarios",
        *_content(),
        sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("updated_by", sa.Uuid(), nullable=False),
        _moment("created_at"),
        _moment("updated_at"),
    )
    op.create_index("uq_scenarios_company_id_name", "scenarios", ["company_id", sa.text("lower(name)")], unique=True)
    for column in ("created_at", "updated_at"):
        op.create_index(f"ix_scenarios_company_id_{column}_id", "scenarios", ["company_id", column, "id"])
    op.create_table(
        "scenario_versions",
        *_content(),
        _scenario("scenario_versions"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        _moment("created_at"),
        sa.UniqueConstraint(
            "company_id", "scenario_id", "version", name="uq_scenario_versions_company_id_scenario_id_version"
        ),
    )
    op.create_table(
        "scenario_baselines",
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        _scenario("scenario_baselines"),
        sa.Column("roles", JSONB(), nullable=False),
        sa.Column("role_ids", JSONB(), nullable=False),
        sa.Column("left_out", JSONB(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
    )
    for table in ("scenario_versions", "scenario_baselines"):
        op.create_index(f"ix_{table}_scenario_id", table, ["scenario_id"])
    enable_row_security("scenarios", "scenario_versions", "scenario_baselines")


def downgrade() -> None:
    for table in ("scenario_baselines", "scenario_versions", "scenarios"):
        op.drop_table(table)


def _content() -> list[sa.Column[object]]:
    return [
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String()),
        sa.Column("assumptions", JSONB(), nullable=False),
        sa.Column("roles", sa.String(), nullable=False),
        sa.Column("baseline_id", sa.Uuid()),
        sa.Column("baseline", JSONB()),
    ]


def _scenario(table: str) -> sa.Column[object]:
    target = sa.ForeignKey("scenarios.id", ondelete="CASCADE", name=f"fk_{table}_scenario_id_scenarios")
    return sa.Column("scenario_id", sa.Uuid(), target, nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())
