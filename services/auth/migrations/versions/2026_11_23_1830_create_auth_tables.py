"""Create auth's tables."""

from __future__ import annotations

from alembic import op

from etter_common.db.migrations import create_platform_tables, drop_platform_tables, enable_row_security

revision = "2026_11_23_1830"
down_revision = None
branch_labels = None
depends_on = None

_OWN = "nullif(current_setting('app.company_id', true), '')::uuid"
_SYSTEM = "current_setting('app.scope', true) = 'system'"

_TABLES = (
    """
    CREATE TABLE signing_keys (
        kid varchar CONSTRAINT pk_signing_keys PRIMARY KEY,
        private_sealed bytea NOT NULL,
        public_jwk jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        active_from timestamptz,
        published_until timestamptz
    )
    """,
    """
    CREATE TABLE master_companies (
        id uuid CONSTRAINT pk_master_companies PRIMARY KEY,
        name varchar NOT NULL,
        industry varchar NOT NULL,
        employees integer,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE UNIQUE INDEX uq_master_companies_name ON master_companies (lower(name))",
    "CREATE INDEX ix_master_companies_name_trgm ON master_companies USING gin (lower(name) gin_trgm_ops)",
    "CREATE INDEX ix_master_companies_name_id ON master_companies (name, id)",
    """
    CREATE TABLE companies (
        id uuid CONSTRAINT pk_companies PRIMARY KEY,
        name varchar NOT NULL,
        currency varchar NOT NULL CONSTRAINT ck_companies_currency CHECK (currency ~ '^[A-Z]{3}$'),
        master_company_id uuid CONSTRAINT fk_companies_master_company_id_master_companies
            REFERENCES master_companies (id) ON DELETE SET NULL,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE UNIQUE INDEX uq_companies_name ON companies (lower(name))",
    "CREATE INDEX ix_companies_master_company_id ON companies (master_company_id)",
    "CREATE INDEX ix_companies_created_at_id ON companies (created_at, id)",
    """
    CREATE TABLE users (
        id uuid CONSTRAINT pk_users PRIMARY KEY,
        company_id uuid NOT NULL CONSTRAINT fk_users_company_id_companies
            REFERENCES companies (id) ON DELETE CASCADE,
        email varchar NOT NULL CONSTRAINT uq_users_email UNIQUE
            CONSTRAINT ck_users_email_lower CHECK (email = lower(email)),
        username varchar NOT NULL CONSTRAINT ck_users_username_lower CHECK (username = lower(username)),
        name varchar NOT NULL,
        roles jsonb NOT NULL,
        is_active boolean NOT NULL,
        deactivated_at timestamptz,
        version integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT uq_users_company_id_username UNIQUE (company_id, username)
    )
    """,
    "CREATE INDEX ix_users_company_id_name_id ON users (company_id, name, id)",
    "CREATE INDEX ix_users_company_id_email_id ON users (company_id, email, id)",
    "CREATE INDEX ix_users_company_id_created_at_id ON users (company_id, created_at, id)",
    "CREATE INDEX ix_users_roles ON users USING gin (roles jsonb_path_ops)",
    """
    CREATE TABLE passwords (
        user_id uuid CONSTRAINT pk_passwords PRIMARY KEY
            CONSTRAINT fk_passwords_user_id_users REFERENCES users (id) ON DELETE CASCADE,
        company_id uuid NOT NULL CONSTRAINT fk_passwords_company_id_companies
            REFERENCES companies (id) ON DELETE CASCADE,
        hash varchar NOT NULL,
        changed_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_passwords_company_id ON passwords (company_id)",
    """
    CREATE TABLE sign_in_tries (
        key bytea CONSTRAINT pk_sign_in_tries PRIMARY KEY,
        tries integer NOT NULL,
        blocked_until timestamptz NOT NULL,
        was_refused boolean NOT NULL,
        succeeded_at timestamptz,
        last_at timestamptz NOT NULL
    )
    """,
    "CREATE INDEX ix_sign_in_tries_last_at ON sign_in_tries (last_at)",
    """
    CREATE TABLE sessions (
        id uuid CONSTRAINT pk_sessions PRIMARY KEY,
        company_id uuid NOT NULL CONSTRAINT fk_sessions_company_id_companies
            REFERENCES companies (id) ON DELETE CASCADE,
        user_id uuid NOT NULL CONSTRAINT fk_sessions_user_id_users REFERENCES users (id) ON DELETE CASCADE,
        roles jsonb NOT NULL,
        amr jsonb NOT NULL,
        refresh_hash bytea NOT NULL,
        previous_hash bytea,
        successor_sealed bytea,
        rotated_at timestamptz,
        rotated_by varchar,
        client_ip varchar,
        user_agent varchar,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz,
        end_reason varchar
    )
    """,
    "CREATE INDEX ix_sessions_company_id_user_id_created_at_id ON sessions (company_id, user_id, created_at, id)",
    "CREATE INDEX ix_sessions_company_id_created_at ON sessions (company_id, created_at)",
    "CREATE INDEX ix_sessions_user_id ON sessions (user_id)",
    "CREATE INDEX ix_sessions_expires_at ON sessions (expires_at)",
    """
    CREATE TABLE audit_events (
        id uuid CONSTRAINT pk_audit_events PRIMARY KEY,
        company_id uuid CONSTRAINT fk_audit_events_company_id_companies
            REFERENCES companies (id) ON DELETE CASCADE,
        created_at timestamptz NOT NULL,
        action varchar NOT NULL,
        outcome varchar NOT NULL,
        actor_id uuid,
        target_id uuid,
        details jsonb NOT NULL,
        client_ip varchar,
        user_agent varchar,
        request_id varchar NOT NULL
    )
    """,
    "CREATE INDEX ix_audit_events_company_id_created_at_id ON audit_events (company_id, created_at, id)",
    "CREATE INDEX ix_audit_events_company_id_action_created_at_id ON audit_events (company_id, action, created_at, id)",
    "CREATE INDEX ix_audit_events_company_id_actor_id_created_at_id"
    " ON audit_events (company_id, actor_id, created_at, id)",
    "CREATE INDEX ix_audit_events_company_id_target_id_created_at_id"
    " ON audit_events (company_id, target_id, created_at, id)",
)


def upgrade() -> None:
    create_platform_tables()
    for statement in _TABLES:
        op.execute(statement)
    enable_row_security("users", "passwords", "sessions", system=True)  # a sign-in knows an address, not a company
    _secure("companies", f"id = {_OWN} OR {_SYSTEM}", commands=("ALL",))
    _secure("audit_events", f"company_id = {_OWN} OR {_SYSTEM}", commands=("SELECT", "INSERT"))


def downgrade() -> None:
    op.execute(
        "DROP TABLE audit_events, sessions, sign_in_tries, passwords, users, companies, master_companies, signing_keys"
    )
    drop_platform_tables()


def _secure(table: str, condition: str, *, commands: tuple[str, ...]) -> None:
    """A policy for each command that is allowed at all: without one for UPDATE and DELETE the log only grows."""
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    for command in commands:
        clause = "WITH CHECK" if command == "INSERT" else "USING"
        op.execute(f"CREATE POLICY rows_{command.lower()} ON {table} FOR {command} {clause} ({condition})")
