"""Create things."""

import sqlalchemy as sa
from alembic import op

from etter_common.db.migrations import create_platform_tables, drop_platform_tables, enable_row_security

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_platform_tables()
    op.create_table(
        "things",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_things"),
        sa.UniqueConstraint("company_id", "name", name="uq_things_company_id_name"),
    )
    enable_row_security("things")


def downgrade() -> None:
    op.drop_table("things")
    drop_platform_tables()
