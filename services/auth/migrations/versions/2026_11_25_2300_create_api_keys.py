"""Create API keys."""

from __future__ import annotations

from alembic import op

from etter_common.db.migrations import enable_row_security

revision = "2026_11_25_2300"
down_revision = "2026_11_23_1830"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE api_keys (
        id uuid CONSTRAINT pk_api_keys PRIMARY KEY,
        company_id uuid NOT NULL CONSTRAINT fk_api_keys_company_id_companies
            REFERENCES companies (id) ON DELETE CASCADE,
        user_id uuid NOT NULL CONSTRAINT fk_api_keys_user_id_users REFERENCES users (id) ON DELETE CASCADE,
        name varchar NOT NULL,
        role varchar NOT NULL,
        hash bytea NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        revoke_reason varchar
    )
    """,
    "CREATE INDEX ix_api_keys_company_id_created_at_id ON api_keys (company_id, created_at, id)",
    "CREATE INDEX ix_api_keys_company_id_name_id ON api_keys (company_id, name, id)",
    "CREATE INDEX ix_api_keys_company_id_expires_at_id ON api_keys (company_id, expires_at, id)",
    "CREATE INDEX ix_api_keys_user_id ON api_keys (user_id)",
    "CREATE INDEX ix_api_keys_expires_at ON api_keys (expires_at)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)
    enable_row_security("api_keys", system=True)  # the services are told of all companies' keys


def downgrade() -> None:
    op.execute("DROP TABLE api_keys")
