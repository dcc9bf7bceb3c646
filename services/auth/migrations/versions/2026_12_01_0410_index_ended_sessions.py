"""Index ended sessions: which of them ended within a token's lifetime is asked every minute."""

from __future__ import annotations

from alembic import op

revision = "2026_12_01_0410"
down_revision = "2026_12_01_0400"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix_sessions_ended_at ON sessions (ended_at)"
            " WHERE ended_at IS NOT NULL"
        )


def downgrade() -> None:
    op.execute("DROP INDEX IF EXISTS ix_sessions_ended_at")
