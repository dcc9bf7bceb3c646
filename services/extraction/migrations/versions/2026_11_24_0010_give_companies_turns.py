"""Jobs: turns between companies, and tries counted in the row."""

from __future__ import annotations

from etter_common.jobs.migrations import add_fairness, drop_fairness

revision = "ext_2026_11_24_0010"
down_revision = "e4b7c02f91aa"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_fairness("extraction_jobs")


def downgrade() -> None:
    drop_fairness("extraction_jobs")
