"""A next release: the same code, with one more migration that makes room for what it would bring."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from verify.images import ROOT, SERVICES, Builder
from verify.shell import run
from verify.stack import COMPOSE, Stack
from verify.transcript import expect

COLUMN = "added_by_the_next_release"
_NEEDED = ("requirements.lock", ".dockerignore", "libs/common", "services", "infra/docker", "infra/operations")
_MIGRATION = f'''"""Expand: a column that the release before does not know."""

import sqlalchemy as sa
from alembic import op

revision = "verify000001"
down_revision = "{{before}}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("roles", sa.Column("{COLUMN}", sa.String()))


def downgrade() -> None:
    op.drop_column("roles", "{COLUMN}")
'''


def build(builder: Builder, folder: Path, version: str) -> None:
    context = folder / "next"
    shutil.rmtree(context, ignore_errors=True)
    for name in _NEEDED:
        source, target = ROOT / name, context / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    versions = context / "services/core/migrations/versions"
    before = _head(ROOT / "services/core/migrations/versions")
    (versions / "2099_01_01_0000_expand.py").write_text(_MIGRATION.format(before=before), encoding="utf-8")
    for name in SERVICES:
        builder.service(name, version, context=context)


def _head(versions: Path) -> str:
    from etter_devstack.databases import head

    return head(versions.parents[3], "core")


def upgrade(stack: Stack, version: str) -> str:
    """What the tool told."""
    stack.env["ETTER_VERSION"] = version
    told = run(sys.executable, COMPOSE / "upgrade.py", *stack.files, env=stack.env)
    for service in (*SERVICES, "extraction-worker", "simulation-worker"):
        replicas = stack.containers(service)
        images = {stack.inspect(replica, "{{.Config.Image}}") for replica in replicas}
        expect(images == {f"etter/{service.removesuffix('-worker')}:{version}"}, f"{service} runs {images}")
        expect(len(replicas) == stack.replicas.get(service, 1), f"{service} has {len(replicas)} replicas")
    there = stack.sql(f"SELECT count(*) FROM information_schema.columns WHERE column_name = '{COLUMN}'", "etter_core")
    expect(there == "1", "the next release's migration is not there")
    return told
