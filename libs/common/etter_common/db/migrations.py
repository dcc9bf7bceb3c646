"""What every service's migrations share: the Alembic environment, and row-level security in one call."""

from __future__ import annotations

import asyncio

from alembic import context, op
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.ext.asyncio import create_async_engine

from etter_common import idempotency  # noqa: F401 - with the next two, all platform tables are known
from etter_common.db.models import PlatformBase
from etter_common.events import inbox, outbox  # noqa: F401
from etter_common.settings import ServiceSettings

_OWN = "company_id = nullif(current_setting('app.company_id', true), '')::uuid"
_SYSTEM = "current_setting('app.scope', true) = 'system'"


def run(settings: type[ServiceSettings], metadata: MetaData) -> None:
    """The body of a service's `migrations/env.py`; connects as the owner role, one transaction a revision."""
    url = context.config.attributes.get("url") or settings().migration_url
    if not url:
        raise SystemExit(f"{settings.service}: MIGRATION_URL (the owner role) is needed to migrate")
    asyncio.run(_migrate(url, metadata))


async def _migrate(url: str, metadata: MetaData) -> None:
    engine = create_async_engine(url, poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SET lock_timeout = '5s'"))
            await connection.execute(text("SET statement_timeout = '15min'"))
            await connection.commit()
            await connection.run_sync(_upgrade, metadata)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, metadata: MetaData) -> None:
    context.configure(
        connection=connection,
        target_metadata=[PlatformBase.metadata, metadata],
        transaction_per_migration=True,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def enable_row_security(*tables: str, system: bool = False) -> None:
    """Let a transaction see only its company's rows; with `system` also the service's own sweeps see all.

    `FORCE` binds the owner too, so that a backfill has to name the company it works for or the system scope.
    """
    condition = f"{_OWN} OR {_SYSTEM}" if system else _OWN
    for table in tables:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY company_rows ON {table} USING ({condition}) WITH CHECK ({condition})")


def create_platform_tables() -> None:
    """Outbox, inbox and idempotency keys, as of release 0.1: the first revision of every service calls it."""
    for statement in _PLATFORM_TABLES:
        op.execute(statement)
    enable_row_security("outbox", "inbox", "idempotency_keys", system=True)


def drop_platform_tables() -> None:
    op.execute("DROP TABLE idempotency_keys, inbox, outbox")
    op.execute("DROP FUNCTION outbox_wake()")


_PLATFORM_TABLES = (
    """
    CREATE TABLE outbox (
        id uuid CONSTRAINT pk_outbox PRIMARY KEY,
        seq bigint GENERATED ALWAYS AS IDENTITY,
        company_id uuid,
        aggregate_id uuid,
        subject varchar,
        headers jsonb NOT NULL DEFAULT '{}',
        payload bytea,
        tags jsonb NOT NULL DEFAULT '[]',
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    "CREATE INDEX ix_outbox_seq ON outbox (seq)",
    """
    CREATE TABLE inbox (
        consumer text NOT NULL,
        event_id uuid NOT NULL,
        company_id uuid,
        handled_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_inbox PRIMARY KEY (consumer, event_id)
    )
    """,
    "CREATE INDEX ix_inbox_handled_at ON inbox (handled_at)",
    """
    CREATE TABLE idempotency_keys (
        company_id uuid NOT NULL,
        user_id uuid NOT NULL,
        key varchar NOT NULL,
        fingerprint bytea NOT NULL,
        status integer,
        headers jsonb,
        body bytea,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_idempotency_keys PRIMARY KEY (company_id, user_id, key)
    )
    """,
    "CREATE INDEX ix_idempotency_keys_created_at ON idempotency_keys (created_at)",
    """
    CREATE FUNCTION outbox_wake() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('outbox', ''); RETURN NULL; END $$
    """,
    "CREATE TRIGGER outbox_wake AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_wake()",
)
