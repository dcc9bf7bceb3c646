"""Create the reference taxonomy, and the tables every service has."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from etter_common.db.migrations import create_platform_tables, drop_platform_tables

revision = "b7a1d94c2e35"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    create_platform_tables()
    op.create_table(
        "occupations",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("job_zone", sa.Integer()),
        sa.Column("median_wage", sa.Integer()),
        sa.Column("wage_source", sa.String()),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("code", name="pk_occupations"),
        sa.CheckConstraint("job_zone BETWEEN 1 AND 5", name="ck_occupations_job_zone_range"),
    )
    _create_part(
        "occupation_tasks",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("statement", sa.String(), nullable=False),
        sa.Column("time_share", sa.Float(), nullable=False),
        sa.Column("exposure", sa.String(), nullable=False),
        sa.Column("label_source", sa.String(), nullable=False),
        key="position",
    )
    _create_part(
        "occupation_skills",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("importance", sa.Float(), nullable=False),
        key="name",
    )
    _create_part("occupation_titles", sa.Column("title", sa.String(), nullable=False), key="title")
    op.create_table(
        "taxonomy_releases",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("source", name="pk_taxonomy_releases"),
    )
    for table, column in (
        ("occupations", "title"),
        ("occupation_titles", "title"),
        ("occupation_tasks", "statement"),
        ("occupation_skills", "name"),
    ):
        op.execute(
            f"CREATE INDEX ix_{table}_{column}_trgm ON {table} USING gin (lower({column}) gin_trgm_ops)"
            " WITH (gin_pending_list_limit = 512)"  # kB; after a bulk load a longer list keeps the planner off it
        )


def _create_part(table: str, *columns: sa.Column[object], key: str) -> None:
    op.create_table(
        table,
        sa.Column("occupation_code", sa.String(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("occupation_code", key, name=f"pk_{table}"),
        sa.ForeignKeyConstraint(
            ["occupation_code"],
            ["occupations.code"],
            ondelete="CASCADE",
            name=f"fk_{table}_occupation_code_occupations",
        ),
    )


def downgrade() -> None:
    for table in ("taxonomy_releases", "occupation_titles", "occupation_skills", "occupation_tasks", "occupations"):
        op.drop_table(table)
    drop_platform_tables()
