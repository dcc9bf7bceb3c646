"""How PostgreSQL reaches its files when we are root."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from etter_devstack.servers import postgres
from etter_devstack.servers.identity import (
    Identity,
    forget,
    forget_orphans,
    reachable_folder,
    runnable_tree,
)

from ..processes import ask

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder like root's home: nobody else may enter."""
    with tempfile.TemporaryDirectory(prefix="etter-c-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture
def identity() -> Identity:
    identity = Identity.unprivileged()
    assert identity is not None
    return identity


class TestReachableFolder:
    def test_postgres_runs_below_a_closed_folder_without_opening_it(self, closed: Path) -> None:
        server = postgres.start(closed / "data" / "pg", log=closed / "pg.log", password="x", fast=True)
        assert ask(server.dsn, "SELECT 1") == 1
        server.stop()
        assert closed.stat().st_mode & 0o777 == 0o700
        forget(closed / "data" / "pg")

    def test_the_twin_is_found_again(self, closed: Path, identity: Identity) -> None:
        twin = reachable_folder(closed / "pg", identity)
        assert twin != closed / "pg"
        assert reachable_folder(closed / "pg", identity) == twin
        forget(closed / "pg")
        assert not twin.exists()

    def test_an_open_folder_stays_where_it_is(self, closed: Path, identity: Identity) -> None:
        closed.chmod(0o711)
        assert reachable_folder(closed / "pg", identity) == closed / "pg"

    def test_the_twin_of_a_removed_checkout_is_removed(self, closed: Path, identity: Identity) -> None:
        kept, orphan = (reachable_folder(closed / name, identity) for name in ("kept", "gone"))
        (closed / "gone").unlink()
        forget_orphans()
        assert kept.exists()
        assert not orphan.exists()
        forget(closed / "kept")


class TestRunnableTree:
    def test_an_environment_in_a_closed_folder_is_copied(self, closed: Path, identity: Identity) -> None:
        program = _program(closed / "tree")
        copy = runnable_tree(closed / "tree", program, identity)
        assert identity.can_run(copy / program)
        assert runnable_tree(closed / "tree", program, identity) == copy
        forget_orphans()
        assert copy.exists()
        (closed / "tree").rename(closed / "moved")
        forget_orphans()
        assert not copy.exists()

    def test_files_closed_by_a_umask_are_opened_in_the_copy_alone(self, closed: Path, identity: Identity) -> None:
        closed.chmod(0o711)
        program = _program(closed / "tree")
        (closed / "tree" / program).chmod(0o700)
        copy = runnable_tree(closed / "tree", program, identity)
        assert identity.can_run(copy / program)
        assert (closed / "tree" / program).stat().st_mode & 0o777 == 0o700
        (closed / "tree").rename(closed / "moved")
        forget_orphans()

    def test_a_tree_that_can_be_run_is_used_as_it_is(self, closed: Path, identity: Identity) -> None:
        closed.chmod(0o711)
        program = _program(closed / "tree")
        assert runnable_tree(closed / "tree", program, identity) == closed / "tree"


def _program(tree: Path) -> str:
    tree.mkdir()
    (tree / "program").write_text("#!/bin/sh\necho 1.0\n", encoding="utf-8")
    (tree / "program").chmod(0o755)
    return "program"
