"""What a release adds to every job's table; a service's migration calls it by name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from etter_common.jobs.models import ACTIVE


def add_fairness(table: str, *, concurrently: bool = True) -> None:
    """Release 0.2: turns between companies, and tries counted in the row. Works while 0.1 still runs."""
    op.add_column(table, sa.Column("failures", sa.Integer, nullable=False, server_default="0"))
    for name in ("not_before", "taken_at"):
        op.add_column(table, sa.Column(name, sa.DateTime(timezone=True)))
    for name in ("request_id", "traceparent"):
        op.add_column(table, sa.Column(name, sa.Text))
    if not concurrently:
        _create_indexes(table, concurrently=False)
        return
    with op.get_context().autocommit_block():
        _create_indexes(table, concurrently=True)


def drop_fairness(table: str) -> None:
    op.drop_index(f"ix_{table}_taken_at", table)
    op.drop_index(f"ix_{table}_active", table)
    for name in ("traceparent", "request_id", "taken_at", "not_before", "failures"):
        op.drop_column(table, name)


def _create_indexes(table: str, *, concurrently: bool) -> None:
    active = ["company_id", "status", "queued_at"]
    op.create_index(
        f"ix_{table}_active", table, active, postgresql_where=sa.text(ACTIVE), postgresql_concurrently=concurrently
    )
    op.create_index(f"ix_{table}_taken_at", table, ["company_id", "taken_at"], postgresql_concurrently=concurrently)
