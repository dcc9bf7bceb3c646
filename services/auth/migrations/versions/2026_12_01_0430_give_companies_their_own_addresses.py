"""Give each company addresses and a name of its own: neither is unique across companies any more."""

from __future__ import annotations

from alembic import op

revision = "2026_12_01_0430"
down_revision = "2026_12_01_0410"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The narrower rule is there before the wider one goes. The release before takes rows of either."""
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_users_email ON users (email)")
        op.execute(
            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS uq_users_company_id_email ON users (company_id, email)"
        )
    op.execute(
        "ALTER TABLE users ADD CONSTRAINT uq_users_company_id_email UNIQUE USING INDEX uq_users_company_id_email"
    )
    op.execute("ALTER TABLE users DROP CONSTRAINT uq_users_email")
    op.execute("DROP INDEX uq_companies_name")


def downgrade() -> None:
    op.execute("CREATE UNIQUE INDEX uq_companies_name ON companies (lower(name))")
    op.execute("ALTER TABLE users ADD CONSTRAINT uq_users_email UNIQUE (email)")
    op.execute("ALTER TABLE users DROP CONSTRAINT uq_users_company_id_email")
    op.execute("DROP INDEX ix_users_email")
