"""Create documents, extraction jobs and extractions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from etter_common.db.migrations import create_platform_tables, drop_platform_tables, enable_row_security
from etter_common.jobs import job_columns

revision = "e4b7c02f91aa"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
KNOWN = "status IN ('uploaded', 'processing', 'extracted', 'failed', 'accepted', 'rejected')"


def upgrade() -> None:
    create_platform_tables()
    op.create_table(
        "documents",
        *_owned(),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("media_type", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("status", sa.String(), server_default="uploaded", nullable=False),
        sa.Column("error_code", sa.String()),
        sa.Column("error_detail", sa.String()),
        sa.Column("uploaded_by", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_documents"),
        sa.CheckConstraint(KNOWN, name="ck_documents_status_known"),
    )
    for column in ("status", "created_at", "filename"):
        op.create_index(f"ix_documents_company_id_{column}_id", "documents", ["company_id", column, "id"])
    op.create_index("ix_documents_company_id_sha256", "documents", ["company_id", "sha256"])
    op.create_table(
        "extraction_jobs",
        *_owned(),
        *job_columns(),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("document_ids", JSONB(), nullable=False),
        sa.Column("results", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_extraction_jobs"),
    )
    for column in ("status", "created_at"):
        op.create_index(f"ix_extraction_jobs_company_id_{column}_id", "extraction_jobs", ["company_id", column, "id"])
    op.create_table(
        "extractions",
        *_owned(),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid()),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), server_default="ready", nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("pages", JSONB(), nullable=False),
        sa.Column("warnings", JSONB(), nullable=False),
        sa.Column("reviewed_by", sa.Uuid()),
        sa.Column("reviewed_at", MOMENT),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_extractions"),
        sa.ForeignKeyConstraint(
            ["document_id"], ["documents.id"], ondelete="CASCADE", name="fk_extractions_document_id_documents"
        ),
        sa.UniqueConstraint("document_id", name="uq_extractions_document_id"),
        sa.CheckConstraint("status IN ('ready', 'accepted', 'rejected')", name="ck_extractions_status_known"),
    )
    op.create_index("ix_extractions_company_id_status_id", "extractions", ["company_id", "status", "id"])
    enable_row_security("documents", "extractions")
    enable_row_security("extraction_jobs", system=True)


def _owned() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", MOMENT, server_default=sa.func.now(), nullable=False),
        sa.Column("updated_at", MOMENT, server_default=sa.func.now(), nullable=False),
    )


def downgrade() -> None:
    for table in ("extractions", "extraction_jobs", "documents"):
        op.drop_table(table)
    drop_platform_tables()
