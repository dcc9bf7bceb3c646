"""Create roles and workflows, and the projections of people, companies and simulations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from etter_common.db.migrations import enable_row_security

revision = "c0e1d5a7b840"
down_revision = "b7a1d94c2e35"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _create_roles()
    _create_workflows()
    _create_projections()
    enable_row_security("roles", "workflows", "user_workflow_history", "people", "companies", "role_outlooks")


def _create_roles() -> None:
    op.create_table(
        "roles",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("department", sa.String(), server_default="", nullable=False),
        sa.Column("level", sa.String()),
        sa.Column("location", sa.String()),
        sa.Column("headcount", sa.Integer(), server_default="0", nullable=False),
        sa.Column("salary", sa.Numeric(14, 2)),
        sa.Column("currency", sa.String(), server_default="USD", nullable=False),
        sa.Column("occupation_code", sa.String()),
        sa.Column("occupation_similarity", sa.Float()),
        sa.Column("occupation_chosen", sa.Boolean(), server_default=sa.false(), nullable=False),
        *_stamps(),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_roles"),
        sa.CheckConstraint("headcount >= 0", name="ck_roles_headcount_not_negative"),
        sa.CheckConstraint("salary IS NULL OR salary >= 0", name="ck_roles_salary_not_negative"),
    )
    op.create_index(
        "uq_roles_company_id_title_department",
        "roles",
        ["company_id", sa.text("lower(title)"), sa.text("lower(department)")],
        unique=True,
    )
    for column in ("title", "department", "headcount", "created_at"):
        op.create_index(f"ix_roles_company_id_{column}_id", "roles", ["company_id", column, "id"])
    op.create_index("ix_roles_company_id_occupation_code", "roles", ["company_id", "occupation_code"])


def _create_workflows() -> None:
    op.create_table(
        "workflows",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(), server_default="draft", nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("source_ref", sa.String()),
        sa.Column("skills", JSONB(), nullable=False),
        sa.Column("workloads", JSONB(), nullable=False),
        sa.Column("etter_score", sa.Float()),
        sa.Column("validated_score", sa.Float()),
        sa.Column("automate_share", sa.Float()),
        sa.Column("augment_share", sa.Float()),
        sa.Column("freed_share", sa.Float()),
        sa.Column("scored_at", MOMENT),
        sa.Column("submitted_by", sa.Uuid()),
        sa.Column("submitted_at", MOMENT),
        sa.Column("validated_by", sa.Uuid()),
        sa.Column("validated_at", MOMENT),
        *_stamps(),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workflows"),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], ondelete="CASCADE", name="fk_workflows_role_id_roles"),
        sa.UniqueConstraint("company_id", "role_id", name="uq_workflows_company_id_role_id"),
        sa.CheckConstraint("status IN ('draft', 'scored', 'submitted', 'validated')", name="ck_workflows_status_known"),
        sa.CheckConstraint("source IN ('document', 'occupation', 'person')", name="ck_workflows_source_known"),
    )
    for column in ("status", "etter_score", "updated_at"):
        op.create_index(f"ix_workflows_company_id_{column}_id", "workflows", ["company_id", column, "id"])
    op.create_index("ix_workflows_role_id", "workflows", ["role_id"])
    op.create_table(
        "user_workflow_history",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("workflow_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid()),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("detail", JSONB(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_user_workflow_history"),
        sa.ForeignKeyConstraint(
            ["workflow_id"], ["workflows.id"], ondelete="CASCADE", name="fk_user_workflow_history_workflow_id_workflows"
        ),
    )
    for column in ("workflow_id", "user_id"):
        name = f"ix_user_workflow_history_company_id_{column}_id"
        op.create_index(name, "user_workflow_history", ["company_id", column, "id"])
    op.create_index("ix_user_workflow_history_workflow_id", "user_workflow_history", ["workflow_id"])


def _create_projections() -> None:
    op.create_table(
        "people",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("company_id", "user_id", name="pk_people"),
    )
    op.create_table(
        "companies",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("company_id", name="pk_companies"),
    )
    op.create_table(
        "role_outlooks",
        sa.Column("role_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("simulation_id", sa.Uuid(), nullable=False),
        sa.Column("simulation_name", sa.String()),
        sa.Column("automation_factor", sa.Float(), nullable=False),
        sa.Column("months", JSONB(), nullable=False),
        sa.Column("simulated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("role_id", name="pk_role_outlooks"),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], ondelete="CASCADE", name="fk_role_outlooks_role_id_roles"),
    )
    op.create_index("ix_role_outlooks_company_id", "role_outlooks", ["company_id"])


def _stamps() -> tuple[sa.Column[object], sa.Column[object]]:
    return (
        sa.Column("created_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=sa.func.now(), nullable=False),
    )


def downgrade() -> None:
    for table in ("role_outlooks", "companies", "people", "user_workflow_history", "workflows", "roles"):
        op.drop_table(table)
