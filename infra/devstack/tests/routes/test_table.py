"""The routing table and what Traefik is told of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from etter_devstack import routes
from etter_devstack.servers import ingress
from etter_devstack.services import SERVICES

from .conftest import ROOT

TABLE = ROOT / "infra" / "ingress" / "routes.toml"


class TestLoad:
    def test_the_table_names_every_service_and_no_inner_path(self) -> None:
        table = routes.load(TABLE)
        assert set(table.services) == set(SERVICES)
        reached = [path for route in table.services.values() for path in (*route.prefixes, *route.exact)]
        assert all(path.startswith(("/api/", "/.well-known/")) for path in reached)

    def test_a_service_keeps_idle_connections_longer_than_the_ingress(self) -> None:
        from etter_devstack.services import PROGRAMS

        command = PROGRAMS[0].command(1)
        kept = int(command[command.index("--timeout-keep-alive") + 1])
        assert routes.load(TABLE).limits.service_idle_timeout_s < kept

    def test_only_methods_without_effect_are_retried(self) -> None:
        assert set(routes.load(TABLE).retry.methods) <= {"GET", "HEAD", "OPTIONS"}

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
            routes.load(broken)


class TestDynamicConfig:
    def test_reads_are_retried_and_writes_are_not(self) -> None:
        backends = {name: ["http://127.0.0.1:1", "http://127.0.0.1:2"] for name in SERVICES}
        config = ingress.dynamic_config(routes.load(TABLE), backends)["http"]
        assert config["routers"]["core-read"]["middlewares"] == ["retry"]
        assert "Method(`POST`)" not in config["routers"]["core-read"]["rule"]
        assert "middlewares" not in config["routers"]["core"]
        assert [server["url"] for server in config["services"]["core"]["loadBalancer"]["servers"]] == backends["core"]

    def test_every_router_has_its_service_and_rule(self) -> None:
        backends = {name: ["http://127.0.0.1:1"] for name in SERVICES}
        config = ingress.dynamic_config(routes.load(TABLE), backends)["http"]
        for name, router in config["routers"].items():
            assert router["rule"], name
            assert router["service"] in {*config["services"], "ping@internal"}
