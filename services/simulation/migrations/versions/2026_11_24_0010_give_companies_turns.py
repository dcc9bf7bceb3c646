"""Jobs: turns between companies, and tries counted in the row."""

from __future__ import annotations

from etter_common.jobs.migrations import add_fairness, drop_fairness

revision = "sim_2026_11_24_0010"
down_revision = "2026_11_23_1920"
branch_labels = None
depends_on = None


def upgrade() -> None:
    add_fairness("simulations")


def downgrade() -> None:
    drop_fairness("simulations")
