"""The users of NATS and Valkey: of one folder's stack, and as files for compose and Kubernetes.

`python -m etter_devstack.accounts` writes those files from the table of accounts (`make accounts`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from etter_common.events import accounts
from etter_devstack.state import Home

ROWS = accounts.table()
PASSWORDS = "../../run/secrets/nats_passwords"
"""Relative to /etc/nats, where the servers in containers have their configuration."""


def test_user(service: str) -> str:
    return f"{service}-test"


test_user.__test__ = False  # type: ignore[attr-defined] # pytest would take the name for a test's


@dataclass(frozen=True)
class Accounts:
    """Passwords by user. Services and workers have one for each server; operators too."""

    nats: Mapping[str, str]
    valkey: Mapping[str, str]

    @classmethod
    def of(cls, home: Home) -> Accounts:
        """Made at the first use and kept in the folder's secrets."""
        names = accounts.users(ROWS)
        return cls(
            nats={name: home.secret(f"nats-{name}") for name in names},
            valkey={name: home.secret(f"valkey-{name}") for name in names},
        )

    @classmethod
    def for_tests(cls) -> Accounts:
        names = accounts.users(ROWS)
        return cls(nats={name: f"nats-{name}" for name in names}, valkey={name: f"valkey-{name}" for name in names})

    def with_test_users(self) -> tuple[Accounts, str]:
        """Another user in each service's account, which is API and worker at once; and the configuration with them."""
        config, passwords = self.nats_config, dict(self.nats)
        for row in ROWS:
            user = test_user(row.service)
            passwords[user] = f"nats-{user}"
            head = f"  {row.name} {{\n    users: [\n"
            config = config.replace(head, f"{head}      {{user: {user}, password: nats-{user}}},\n")
        return Accounts(passwords, self.valkey), config

    @property
    def nats_config(self) -> str:
        return accounts.nats_passwords(self.nats) + accounts.nats_config(ROWS)

    @property
    def valkey_acl(self) -> str:
        return accounts.valkey_acl(ROWS, {user: _sha256(password) for user, password in self.valkey.items()})

    def nats_url(self, user: str, port: int) -> str:
        return f"nats://{user}:{self.nats[user]}@127.0.0.1:{port}"

    def valkey_url(self, user: str, port: int) -> str:
        return f"redis://{user}:{self.valkey[user]}@127.0.0.1:{port}"


def files() -> dict[str, str]:
    """What is rendered, by its path in the repository. `make_secrets.py` of compose reads two of them."""
    names = accounts.users(ROWS)
    config = f"include {PASSWORDS}\n{accounts.nats_config(ROWS)}"
    development = {user: f"development-only-{user}" for user in names}
    hashes = {user: _sha256(password) for user, password in development.items()}
    return {
        "infra/compose/nats/accounts.conf": config,
        "infra/compose/valkey/users.acl": accounts.valkey_acl(ROWS, {user: f"<{user}>" for user in names}),
        "infra/k8s/components/backbone-in-cluster/nats/accounts.conf": config,
        "infra/k8s/overlays/dev/secrets/nats_passwords": accounts.nats_passwords(development),
        "infra/k8s/overlays/dev/secrets/users.acl": accounts.valkey_acl(ROWS, hashes),
    }


def _sha256(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def write(root: Path) -> None:
    for name, text in files().items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Home.of_checkout().root)
