"""Make sign-in tries leaky buckets.

The release before counts under keys of its own in the same table, and fills all of its columns itself.
"""

from __future__ import annotations

from alembic import op

revision = "2026_12_01_0400"
down_revision = "2026_11_25_2300"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE sign_in_tries
            ADD COLUMN level double precision NOT NULL DEFAULT 0,
            ADD COLUMN holds timestamptz[] NOT NULL DEFAULT '{}',
            ALTER COLUMN tries SET DEFAULT 0,
            ALTER COLUMN blocked_until SET DEFAULT now(),
            ALTER COLUMN was_refused SET DEFAULT false
        """
    )


def downgrade() -> None:
    op.execute(
        """
        ALTER TABLE sign_in_tries
            DROP COLUMN level,
            DROP COLUMN holds,
            ALTER COLUMN tries DROP DEFAULT,
            ALTER COLUMN blocked_until DROP DEFAULT,
            ALTER COLUMN was_refused DROP DEFAULT
        """
    )
