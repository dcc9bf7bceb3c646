"""Every variable the manifests give is a setting, and with them every service's settings are whole."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from etter_auth.settings import AuthSettings
from etter_common.db.provision import Administrator
from etter_common.events import accounts
from etter_common.events.provision import ProvisionSettings
from etter_common.settings import ServiceSettings
from etter_core.settings import CoreSettings
from etter_extraction.settings import ExtractionSettings
from etter_simulation.settings import SimulationSettings

from .conftest import K8S, OVERLAYS, SERVICES, deployment, variables

SETTINGS: dict[str, type[ServiceSettings]] = {
    "auth": AuthSettings, "core": CoreSettings, "extraction": ExtractionSettings, "simulation": SimulationSettings,
}  # fmt: skip
NAME = re.compile(r"\b(?:AUTH|CORE|EXTRACTION|SIMULATION|POSTGRES_ADMIN|NATS_PROVISION)_[A-Z0-9_]+\b")
COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)
KNOWN = {f"{service}_{field}".upper() for service, kind in SETTINGS.items() for field in kind.model_fields}
KNOWN |= {f"POSTGRES_{field}".upper() for field in Administrator.model_fields}
KNOWN |= {f"NATS_{field}".upper() for field in ProvisionSettings.model_fields}
CONTENT = {
    "database-url": "postgresql+asyncpg://etter:secret@postgres:5432/etter", "redis-url": "redis://valkey:6379",
    "nats-url": "nats://nats:4222",
}  # fmt: skip


def given(overlay: str, service: str) -> dict[str, str]:
    """A service's variables in an overlay, as kustomize merges them."""
    base = variables(K8S / "base" / "config" / f"{service}.env")
    return base | variables(K8S / "overlays" / overlay / "config" / f"{service}.env")


def test_every_name_is_a_setting() -> None:
    texts = [path.read_text(encoding="utf-8") for path in K8S.rglob("*") if path.suffix in (".env", ".yaml")]
    named = {name for text in texts for name in NAME.findall(COMMENT.sub("", text))}
    assert named, "the manifests give no settings"
    assert {name for name in named if name not in KNOWN and name.removesuffix("_FILE") not in KNOWN} == set()


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("service", SERVICES)
def test_nothing_required_is_missing(
    overlay: str, service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given(overlay, service).items():
        if name.endswith("_FILE"):
            secret = tmp_path / Path(value).name
            secret.write_text(CONTENT.get(secret.name, "0" * 32), encoding="utf-8")
            monkeypatch.setenv(name, str(secret))
        else:
            monkeypatch.setenv(name, value)
    read = SETTINGS[service]()
    assert read.environment == ("development" if overlay == "dev" else "production")


@pytest.mark.parametrize("service", SERVICES)
def test_secrets_of_dev_have_every_file_that_is_named(service: str) -> None:
    wanted = {Path(value).name for name, value in given("dev", service).items() if name.endswith("_FILE")}
    for file in (K8S / "overlays" / "dev" / "secrets").glob(f"{service}*.env"):
        assert wanted == set(variables(file)), file.name


def test_each_process_of_dev_is_its_own_user_of_nats_and_valkey() -> None:
    rows = accounts.table()
    for user in (user for row in rows for user in row.users):
        given = variables(K8S / "overlays" / "dev" / "secrets" / f"{user}.env")
        for name in ("nats-url", "redis-url"):
            parts = urlsplit(given[name])
            assert (parts.username, parts.password) == (user, f"development-only-{user}")
        volumes = {volume["name"]: volume for volume in deployment(f"base/{user}.yaml")["volumes"]}
        assert volumes["secrets"]["secret"]["secretName"] == user
