"""Simulations tell the scenario they were asked for with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "sim_2026_11_25_1710"
down_revision = "sim_2026_11_25_1650"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("simulations", sa.Column("scenario_id", sa.Uuid()))
    op.add_column("simulations", sa.Column("scenario_version", sa.Integer()))


def downgrade() -> None:
    op.drop_column("simulations", "scenario_version")
    op.drop_column("simulations", "scenario_id")
