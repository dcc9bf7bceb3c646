"""The routing table."""

from __future__ import annotations

from pathlib import Path

import pytest

from etter_devstack.routes import table
from etter_devstack.services import PROGRAMS, SERVICES

from ..conftest import ROOT

TABLE = ROOT / "infra" / "ingress" / "routes.toml"


class TestLoad:
    def test_the_table_names_every_service_and_no_inner_path(self) -> None:
        given = table.load(TABLE)
        assert set(given.services) == set(SERVICES)
        reached = [path for route in given.services.values() for path in (*route.prefixes, *route.exact)]
        assert all(path.startswith(("/api/", "/.well-known/")) for path in reached)

    def test_a_service_keeps_idle_connections_longer_than_the_ingress(self) -> None:
        command = PROGRAMS[0].command(1)
        kept = int(command[command.index("--timeout-keep-alive") + 1])
        assert table.load(TABLE).limits.service_idle_timeout_s < kept

    def test_only_methods_without_effect_are_retried(self) -> None:
        assert set(table.load(TABLE).retry.methods) <= {"GET", "HEAD", "OPTIONS"}

    def test_no_service_answers_what_is_taken_for_no_answer(self) -> None:
        """A read is tried again when the ingress itself says 502."""
        for file in (ROOT / "docs" / "openapi").glob("*.json"):
            assert '"502": {' not in file.read_text(encoding="utf-8")

    @pytest.mark.parametrize(
        ("old", "new", "words"),
        [
            ('"/api/core/"', '"/api/core"', "has to end with a slash"),
            ('"/api/core/"', '"api/core/"', "is not a path"),
            ('"/api/core/"', '"/api/`core/"', "is not a path"),
            ("attempts = 3", "", "attempts"),
            ("attempts = 3", "attempts = 3\nstatus = 500", "status"),
        ],
    )
    def test_a_mistake_is_named(self, tmp_path: Path, old: str, new: str, words: str) -> None:
        broken = tmp_path / "routes.toml"
        broken.write_text(TABLE.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        with pytest.raises(ValueError, match=words):
            table.load(broken)
