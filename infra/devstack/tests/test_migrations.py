"""Every revision runs while the release before still serves: it adds, and takes nothing away that somebody may use.

A revision that removes what no running release uses any more says so: `contracts = "unused since release 0.3"`.
"""

from __future__ import annotations

import io
import re
from types import ModuleType

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory

from .conftest import ROOT

FORBIDDEN = {
    "drops something": re.compile(r"\bDROP\s+(TABLE|COLUMN|VIEW|TYPE|FUNCTION)\b"),
    "renames something": re.compile(r"\bRENAME\b"),
    "changes a type": re.compile(r"\bALTER\s+COLUMN\s+\S+\s+(SET\s+DATA\s+)?TYPE\b"),
    "makes a column obligatory": re.compile(r"\bSET\s+NOT\s+NULL\b"),
    "adds an obligatory column without a default": re.compile(r"\bADD\s+COLUMN\b(?!.*\bDEFAULT\b).*\bNOT\s+NULL\b"),
    "checks all rows under a lock": re.compile(r"\bADD\s+CONSTRAINT\b(?!.*\b(NOT\s+VALID|USING\s+INDEX)\b)"),
}
CREATED = re.compile(r"\bCREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?\"?(\w+)")
INDEX = re.compile(r"\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+(?P<concurrently>CONCURRENTLY\s+)?\S+\s+ON\s+\"?(?P<table>\w+)")
ALTERED = re.compile(r"\bALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?\"?(\w+)")


def unsafe(sql: str) -> list[str]:
    """What in a revision's statements could break, or stop, a release that runs on the schema before it."""
    found, created = [], set(CREATED.findall(sql))
    for statement in (" ".join(part.split()) for part in sql.split(";")):
        altered = ALTERED.search(statement)
        if altered is None or altered[1] not in created:
            found += [f"{why}: {statement[:80]}" for why, pattern in FORBIDDEN.items() if pattern.search(statement)]
        index = INDEX.search(statement)
        if index and not index["concurrently"] and index["table"] not in created:
            found.append(f"locks a table while it is indexed: {statement[:80]}")
    return found


def sql_of(revision: ModuleType) -> str:
    """What `upgrade` would send."""
    buffer = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": buffer, "literal_binds": True}
    )
    with context.begin_transaction(), Operations.context(context):
        revision.upgrade()
    return buffer.getvalue()


def revisions() -> list[ModuleType]:
    folders = sorted(ROOT.glob("services/*/migrations"))
    return [script.module for folder in folders for script in ScriptDirectory(str(folder)).walk_revisions()]


@pytest.mark.parametrize("revision", revisions(), ids=lambda module: str(module.revision))
def test_a_revision_works_beside_the_release_before(revision: ModuleType) -> None:
    found = unsafe(sql_of(revision))
    if found:
        assert re.search(r"\d+\.\d+", getattr(revision, "contracts", "")), "\n".join(found)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("ALTER TABLE roles DROP COLUMN level", "drops something"),
        ("DROP TABLE roles", "drops something"),
        ("ALTER TABLE roles RENAME COLUMN a TO b", "renames something"),
        ("ALTER TABLE roles ALTER COLUMN a TYPE bigint", "changes a type"),
        ("ALTER TABLE roles ALTER COLUMN a SET NOT NULL", "makes a column obligatory"),
        ("ALTER TABLE roles ADD COLUMN a text NOT NULL", "adds an obligatory column without a default"),
        ("ALTER TABLE roles ADD CONSTRAINT c CHECK (a > 0)", "checks all rows under a lock"),
        ("CREATE INDEX ix ON roles (a)", "locks a table while it is indexed"),
    ],
)
def test_what_is_not_safe_is_found(sql: str, why: str) -> None:
    [found] = unsafe(sql)
    assert found.startswith(why)


@pytest.mark.parametrize(
    "sql",
    [
        "ALTER TABLE roles ADD COLUMN a text",
        "ALTER TABLE roles ADD COLUMN a text DEFAULT '' NOT NULL",
        "ALTER TABLE roles ADD CONSTRAINT c CHECK (a > 0) NOT VALID",
        "CREATE INDEX CONCURRENTLY ix ON roles (a)",
        "CREATE TABLE roles (a text); CREATE INDEX ix ON roles (a); ALTER TABLE roles ADD CONSTRAINT c CHECK (a > '')",
    ],
)
def test_what_is_safe_passes(sql: str) -> None:
    assert unsafe(sql) == []
